"""A multilayer perceptron on MNIST: two hidden layers of 512 with dropout.

Lecture: C1, D6.
Expected: test accuracy 98.5 % ± 0.1.
Time: 34 s on 2 CPU cores.
Command: python -m experiments run mlp_mnist
"""

from dataclasses import dataclass

from dl import objectives, optimizers
from dl.data.batching import steps_per_epoch
from dl.data.dataset import DataSpec
from dl.models import mlp
from dl.train.options import TrainOptions, require
from dl.train.recipe import Recipe


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of mlp_mnist."""

    dataset: str = "mnist"
    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.001
    validation: float = 0.1
    hidden_size: int = 512
    """Units in each of the two hidden layers."""
    dropout: float = 0.3
    """Fraction of hidden units switched off."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.hidden_size >= 1, "hidden_size", self.hidden_size, "at least 1")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "at least 0 and below 1")


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Two hidden ReLU layers, Adam with a one-cycle rate."""
    model = mlp(data_spec.classes, hidden_sizes=(options.hidden_size,) * 2, dropout=options.dropout)
    steps = options.epochs * steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.adam(options.learning_rate, schedule=optimizers.one_cycle(steps=steps))
    return Recipe(model, objectives.classification(model), optimizer)
