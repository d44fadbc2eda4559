"""AlexNet on ImageNet's 1,000 classes, read from disk while it trains, in bfloat16.

Lecture: E10-E14. Paper: Krizhevsky et al. 2012 (one net: 40.7 % top-1 error, 18.2 % top-5, over ten
crops), whose rate falls in steps and whose labels are not smoothed; its changes of colour are left
out.
Expected: not measured.
Time: not measured; it is meant for an accelerator.
Command: python -m experiments run alexnet_imagenet
"""

from dataclasses import dataclass
from typing import Literal

from dl import DataSpec, OptimizerName, Rate, Recipe, models
from experiments._imagenet import ImageNetOptions, imagenet_recipe


@dataclass(frozen=True)
class Options(ImageNetOptions):
    """Options of alexnet_imagenet."""

    batch_size: int = 128
    learning_rate: float = 0.01
    optimizer: OptimizerName = "momentum"
    image_size: int = 227
    weight_decay: float = 5e-4
    dropout: Rate = 0.5
    """Fraction of the hidden units of each dense layer that is switched off."""
    towers: Literal[1, 2] = 1
    """2 is the grouped original, for two devices with little memory."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """AlexNet of one tower or two."""
    model = models.alexnet(
        data_spec.classes,
        towers=options.towers,
        width=options.width,
        dropout=options.dropout,
    )
    return imagenet_recipe(model, options, data_spec)
