"""What the experiments on small photographs share: momentum, a one-cycle rate, pictures changed at
random.
"""

from dataclasses import dataclass

from dl import objectives, optimizers
from dl.data.augment import chain, crop, cutout, flip, until_step
from dl.data.dataset import DataSpec
from dl.data.sources.batching import steps_per_epoch
from dl.models import averaged
from dl.models.views import mirrored
from dl.train.options import TrainOptions, require
from dl.train.recipe import Recipe
from dl.types import Augment, Model


@dataclass(frozen=True)
class PictureOptions(TrainOptions):
    """Options of training a convolutional net on small photographs."""

    dataset: str = "fashion_mnist"
    batch_size: int = 128
    learning_rate: float = 0.1
    validation: float = 0.0
    momentum: float = 0.9
    """Fraction of the velocity that is kept from step to step."""
    weight_decay: float = 5e-4
    """λ of the penalty ½λ‖W‖²."""
    label_smoothing: float = 0.0
    """Share of the target that is spread evenly over all classes."""
    crop: int = 2
    """Pixels of padding, out of which each picture is cut anew."""
    flip: bool = True
    """Mirror each picture with probability ½."""
    cutout: int = 0
    """Side of the square that is wiped out, in pixels."""
    plain_share: float = 0.05
    """Share of the epochs, at the end, that goes without these changes."""
    mirror_views: bool = False
    """Answer with the mean of the probabilities for a picture and for its mirror image."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.momentum < 1, "momentum", self.momentum, "at least 0 and below 1")
        require(
            0 <= self.label_smoothing < 1,
            "label_smoothing",
            self.label_smoothing,
            "at least 0 and below 1",
        )
        require(
            0 <= self.plain_share < 1, "plain_share", self.plain_share, "at least 0 and below 1"
        )
        for name in ("weight_decay", "crop", "cutout"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")


@dataclass(frozen=True)
class DropoutOptions(PictureOptions):
    """The same for nets that drop units."""

    dropout: float = 0.5
    """Fraction of units switched off, where the paper does it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.dropout < 1, "dropout", self.dropout, "at least 0 and below 1")


def picture_recipe(model: Model, options: PictureOptions, data_spec: DataSpec) -> Recipe:
    """`model` with the recipe around it."""
    model = averaged(model, lambda pictures: pictures, mirrored) if options.mirror_views else model
    in_epoch = steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.momentum(
        options.learning_rate,
        momentum=options.momentum,
        nesterov=True,
        weight_decay=options.weight_decay,
        schedule=optimizers.one_cycle(steps=options.epochs * in_epoch),
    )
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, optimizer, picture_changes(options, data_spec))


def picture_changes(options: PictureOptions, data_spec: DataSpec) -> Augment:
    """The random changes that `options` ask for, in all epochs but the plain ones."""
    changing = options.epochs - round(options.plain_share * options.epochs)
    return until_step(
        _changes(options), changing * steps_per_epoch(data_spec.train_size, options.batch_size)
    )


def _changes(options: PictureOptions) -> Augment:
    asked = [
        (options.crop, crop(options.crop)),
        (options.flip, flip()),
        (options.cutout, cutout(options.cutout)),
    ]
    return chain(*(change for wanted, change in asked if wanted))
