"""LeNet on MNIST in ten epochs: random rotation, scaling and shift, a one-cycle rate.

Lecture: E8 (architecture), D6, D7. Paper: Smith & Topin 2018 (one-cycle).
Expected: test accuracy 99.53 % ± 0.05.
Time: 67 s on 2 CPU cores.
Command: python -m experiments run lenet_mnist_fast
"""

from dataclasses import dataclass

from dl import objectives, optimizers
from dl.data.augment import affine, until_step
from dl.data.batching import steps_per_epoch
from dl.data.dataset import DataSpec
from dl.models import lenet
from dl.train.options import TrainOptions, require
from dl.train.recipe import Recipe


@dataclass(frozen=True)
class Options(TrainOptions):
    """Options of lenet_mnist_fast."""

    dataset: str = "mnist"
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.1
    validation: float = 0.0
    momentum: float = 0.9
    """Fraction of the velocity that is kept from step to step."""
    weight_decay: float = 0.0
    """λ of the penalty ½λ‖W‖²."""
    dropout: float = 0.3
    """Fraction of units switched off before each dense layer."""
    degrees: float = 12.0
    """Largest rotation, to either side."""
    zoom: float = 0.12
    """Largest change of size, as a fraction."""
    shift: float = 2.0
    """Largest shift along each axis, in pixels."""
    plain_share: float = 0.1
    """Share of the epochs, at the end, that goes without augmentation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.momentum < 1, "momentum", self.momentum, "at least 0 and below 1")
        require(0 <= self.dropout < 1, "dropout", self.dropout, "at least 0 and below 1")
        require(0 <= self.zoom < 1, "zoom", self.zoom, "at least 0 and below 1")
        require(
            0 <= self.plain_share < 1, "plain_share", self.plain_share, "at least 0 and below 1"
        )
        for name in ("weight_decay", "degrees", "shift"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """LeNet with dropout; momentum with a one-cycle rate; pictures turned, zoomed and shifted on
    the device.
    """
    model = lenet(data_spec.classes, dropout=options.dropout)
    in_epoch = steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.momentum(
        options.learning_rate,
        momentum=options.momentum,
        nesterov=True,
        weight_decay=options.weight_decay,
        schedule=optimizers.one_cycle(steps=options.epochs * in_epoch),
    )
    change = affine(degrees=options.degrees, zoom=options.zoom, shift=options.shift)
    changing = options.epochs - round(options.plain_share * options.epochs)
    augment = until_step(change, changing * in_epoch)
    return Recipe(model, objectives.classification(model), optimizer, augment)
