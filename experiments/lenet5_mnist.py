"""LeNet-5 on MNIST, with a softmax head and a fully connected C3, or as published in 1998.

Lecture: E9. Paper: LeCun, Bottou, Bengio & Haffner 1998 (99.05 % without distortions).
Expected: test accuracy 99.27 % ± 0.04; with --variant 1998 --learning-rate 0.005 98.85 % (one
    seed).
Time: 140 s on 2 CPU cores; that of 1998 221 s on one, the other had other work.
Command: python -m experiments run lenet5_mnist
"""

from dataclasses import dataclass
from typing import Literal

from dl import objectives, optimizers
from dl.data.batching import steps_per_epoch
from dl.data.dataset import DataSpec
from dl.models import lenet5
from dl.train.options import TrainOptions, require
from dl.train.recipe import Recipe


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of lenet5_mnist."""

    dataset: str = "mnist"
    variant: Literal["softmax", "1998"] = "softmax"
    """1998 is the paper's, with trained pooling and units that measure distances; it wants a rate
    of 0.005.
    """
    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.1
    validation: float = 0.0
    momentum: float = 0.9
    """Fraction of the velocity that is kept from step to step."""
    weight_decay: float = 1e-4
    """λ of the penalty ½λ‖W‖²."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.momentum < 1, "momentum", self.momentum, "at least 0 and below 1")
        require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "at least 0")


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """LeNet-5 with tanh units; momentum with a one-cycle rate and a little weight decay."""
    model = lenet5(data_spec.classes, variant=options.variant)
    criterion = (
        objectives.maximum_a_posteriori if options.variant == "1998" else objectives.classification
    )
    steps = options.epochs * steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.momentum(
        options.learning_rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
        schedule=optimizers.one_cycle(steps=steps),
    )
    return Recipe(model, criterion(model), optimizer)
