"""AlexNet for small pictures, half as wide, on Fashion-MNIST.

Lecture: E10. Paper: Krizhevsky et al. 2012.
Expected: test accuracy 92.0 % (one seed).
Time: 20 minutes on one CPU core, shared with other work.
Command: python -m experiments run alexnet_fashion_mnist
"""

from dataclasses import dataclass

from dl import DataSpec, Positive, Recipe, models
from experiments._pictures import DropoutOptions, picture_recipe


@dataclass(frozen=True)
class Options(DropoutOptions):
    """Options of alexnet_fashion_mnist."""

    epochs: int = 10
    learning_rate: float = 0.03
    crop: int = 1
    plain_share: float = 0.2
    width: Positive = 0.5
    """Factor on the number of channels of every layer."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """AlexNet of 5×5 and 3×3 kernels."""
    model = models.alexnet(
        data_spec.classes, small=True, width=options.width, dropout=options.dropout
    )
    return picture_recipe(model, options, data_spec)
