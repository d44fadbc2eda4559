"""LeNet on MNIST with the lecture's recipe: 75 epochs at a constant rate of 0.01, no augmentation.

Lecture: E8 (99.38 %; it does not give batch size, momentum and regularisation, which were chosen
    on validation).
Expected: test accuracy 99.43 % (one seed).
Time: 9 min on 2 CPU cores.
Command: python -m experiments run lenet_mnist
"""

from dataclasses import dataclass

from dl import DataSpec, OptimizerName, Rate, Recipe, TrainOptions, models, objectives


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of lenet_mnist."""

    dataset: str = "mnist"
    epochs: int = 75
    batch_size: int = 128
    learning_rate: float = 0.01
    optimizer: OptimizerName = "momentum"
    validation: float = 0.0
    dropout: Rate = 0.25
    """Fraction of the units that are switched off before each dense layer."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """LeNet with dropout, momentum at a constant rate."""
    model = models.lenet(data_spec.classes, dropout=options.dropout)
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, options.make_optimizer(data_spec))
