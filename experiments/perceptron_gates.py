"""Perceptrons learn AND, OR, NAND and NOR with Rosenblatt's rule.

Lecture: A1-A3. Paper: Rosenblatt 1958.
Expected: test accuracy 100 % (all 16 table entries), the same for every seed.
Time: 1 s on 2 CPU cores.
Command: python -m experiments run perceptron_gates
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe, TrainOptions, models, objectives


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of perceptron_gates."""

    dataset: str = "gates"
    epochs: int = 20
    batch_size: int = 1
    learning_rate: float = 1.0
    validation: float = 0.0
    checkpoint_every: int = 20


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One unit per gate; plain descent at rate 1, one example per step.

    On the perceptron loss such a step is w ← w + (y − ŷ) x.
    """
    model = models.perceptron(data_spec.classes)
    return Recipe(model, objectives.perceptron(model), options.make_optimizer(data_spec))
