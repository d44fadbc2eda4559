"""The recipe for small photographs: momentum, a one-cycle rate, random changes of the pictures."""

from dataclasses import dataclass

from dl import (
    CountOrZero,
    DataSpec,
    NotNegative,
    OptimizerName,
    Rate,
    Recipe,
    ScheduleName,
    Share,
    TrainOptions,
    augment,
    models,
    objectives,
)
from dl.models.views import mirrored
from dl.types import Augment, Model


@dataclass(frozen=True)
class PictureOptions(TrainOptions):
    """Options of training a convolutional net on small photographs."""

    dataset: str = "fashion_mnist"
    batch_size: int = 128
    learning_rate: float = 0.1
    optimizer: OptimizerName = "nesterov"
    schedule: ScheduleName = "one-cycle"
    validation: float = 0.0
    weight_decay: float = 5e-4
    crop: CountOrZero = 2
    """Pixels of padding on each side, before a picture of the old size is cut out at random."""
    flip: bool = True
    """Mirror each picture with probability ½."""
    cutout: CountOrZero = 0
    """Side of the square that is erased from each picture, in pixels; 0 erases nothing."""
    erase: Share = 0.0
    """Probability that a rectangle of a picture becomes noise; 0 erases nothing."""
    mixup: NotNegative = 0.0
    """α of the shares, from Beta(α, α), by which pictures and classes are mixed; 0 mixes none."""
    plain_share: Share = 0.05
    """Share of the epochs, at the end, in which pictures are not changed."""
    mirror_views: bool = False
    """Predict the mean of the probabilities for a picture and for its mirror image."""


@dataclass(frozen=True)
class DropoutOptions(PictureOptions):
    """The same for nets with dropout."""

    dropout: Rate = 0.5
    """Fraction of the units that are switched off, in the layers where the paper does so."""


def picture_recipe(model: Model, options: PictureOptions, data_spec: DataSpec) -> Recipe:
    """The recipe for `model`."""
    if options.mirror_views:
        model = models.averaged(model, lambda pictures: pictures, mirrored)
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    return Recipe(
        model, objective, options.make_optimizer(data_spec), picture_changes(options, data_spec)
    )


def picture_changes(options: PictureOptions, data_spec: DataSpec) -> Augment:
    """The random changes that `options` ask for; the last epochs have none."""
    changing = options.epochs - round(options.plain_share * options.epochs)
    change = augment.chain(*_changes(options), *erased_and_mixed(options, data_spec))
    return augment.until_step(change, options.steps_in(changing, data_spec))


def erased_and_mixed(options: PictureOptions, data_spec: DataSpec) -> list[Augment]:
    """Random erasing and mixup, as far as `options` ask for them."""
    changes = [
        (options.erase, augment.erase(options.erase)),
        (options.mixup, augment.mixup(options.mixup, classes=data_spec.classes)),
    ]
    return [change for wanted, change in changes if wanted]


def _changes(options: PictureOptions) -> list[Augment]:
    changes = [
        (options.crop, augment.crop(options.crop)),
        (options.flip, augment.flip()),
        (options.cutout, augment.cutout(options.cutout)),
    ]
    return [change for wanted, change in changes if wanted]
