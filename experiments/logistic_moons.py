"""Logistic regression on two interleaved half circles: the best that a straight boundary can do.

Lecture: A4.
Expected: test accuracy 89.6 % ± 0.0 over three seeds; the classes are not linearly separable.
Time: 1 s on 2 CPU cores.
Command: python -m experiments run logistic_moons
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe, TrainOptions, models, objectives


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of logistic_moons."""

    dataset: str = "moons"
    epochs: int = 50
    batch_size: int = 50
    learning_rate: float = 0.5
    checkpoint_every: int = 25


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One logistic unit on the two coordinates, plain gradient descent."""
    model = models.logistic_regression(data_spec.classes)
    objective = objectives.binary(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, options.make_optimizer(data_spec))
