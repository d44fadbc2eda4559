"""Random changes of written digits: turned, zoomed, shifted, bent."""

from dataclasses import dataclass

from dl import DataSpec, NotNegative, Positive, Share, TrainOptions, augment
from dl.types import Augment


@dataclass(frozen=True)
class DigitOptions(TrainOptions):
    """Options of training on written digits that change in every epoch."""

    degrees: NotNegative = 12.0
    """Largest rotation to either side, in degrees."""
    zoom: Share = 0.12
    """Largest change of size, as a fraction."""
    shift: NotNegative = 2.0
    """Largest shift along each axis, in pixels."""
    elastic: NotNegative = 0.0
    """Strength of the bending: the standard deviation of a pixel's shift, in pixels; 0 is none."""
    smoothness: Positive = 4.0
    """Width of the Gaussian that smooths the bending, in pixels."""
    plain_share: Share = 0.1
    """Share of the epochs, at the end, that have no augmentation."""


def digit_changes(options: DigitOptions, data_spec: DataSpec) -> Augment:
    """The random changes that `options` ask for; the last epochs have none."""
    amounts = {"degrees": options.degrees, "zoom": options.zoom, "shift": options.shift}
    if options.elastic:
        change = augment.elastic(options.elastic, smoothness=options.smoothness, **amounts)
    else:
        change = augment.affine(**amounts)
    changing = options.epochs - round(options.plain_share * options.epochs)
    return augment.until_step(change, options.steps_in(changing, data_spec))
