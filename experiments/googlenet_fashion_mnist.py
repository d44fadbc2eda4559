"""GoogLeNet for small pictures, narrow, with batch norm on Fashion-MNIST.

Lecture: E13. Paper: Szegedy et al. 2015, arXiv:1409.4842.
Expected: test accuracy 93.3 % in 4 epochs (one seed).
Time: 51 minutes on one CPU core, shared with other work.
Command: python -m experiments run googlenet_fashion_mnist
"""

from dataclasses import dataclass

from dl import DataSpec, Positive, Recipe, models
from experiments._pictures import DropoutOptions, picture_recipe


@dataclass(frozen=True)
class Options(DropoutOptions):
    """Options of googlenet_fashion_mnist."""

    epochs: int = 4
    dropout: float = 0.2
    crop: int = 1
    plain_share: float = 0.15
    width: Positive = 0.5
    """Factor on the number of channels of every layer."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Inception blocks in two stages."""
    model = models.googlenet(
        data_spec.classes,
        small=True,
        width=options.width,
        batch_normalised=True,
        dropout=options.dropout,
    )
    return picture_recipe(model, options, data_spec)
