"""VGG-11, half as wide, with batch norm on Fashion-MNIST.

Lecture: E13. Paper: Simonyan & Zisserman 2015, arXiv:1409.1556.
Expected: test accuracy 93.9 % (one seed).
Time: 25 minutes on 2 CPU cores, shared with other work.
Command: python -m experiments run vgg_fashion_mnist
"""

from dataclasses import dataclass

from dl import DataSpec, Positive, Recipe, models
from experiments._pictures import DropoutOptions, picture_recipe


@dataclass(frozen=True)
class Options(DropoutOptions):
    """Options of vgg_fashion_mnist."""

    epochs: int = 14
    crop: int = 1
    plain_share: float = 0.2
    width: Positive = 0.5
    """Factor on the number of channels of every layer."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """The first four stages of VGG-11, for small pictures."""
    model = models.vgg(
        11,
        data_spec.classes,
        small=True,
        width=options.width,
        batch_normalised=True,
        dropout=options.dropout,
    )
    return picture_recipe(model, options, data_spec)
