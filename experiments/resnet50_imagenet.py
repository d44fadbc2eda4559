"""ResNet-50 on ImageNet's 1,000 classes, read from disk while it trains, in bfloat16.

Lecture: E13, E14. Paper: He et al. 2016; warm-up and rate of Goyal et al. 2017 (76.4 % top-1),
which then falls in steps; smoothed labels of Szegedy et al. 2016.
Expected: not measured.
Time: not measured; it is meant for an accelerator.
Command: python -m experiments run resnet50_imagenet
"""

from dataclasses import dataclass
from typing import Literal

from dl import DataSpec, OptimizerName, Recipe, models
from experiments._imagenet import ImageNetOptions, imagenet_recipe


@dataclass(frozen=True)
class Options(ImageNetOptions):
    """Options of resnet50_imagenet."""

    batch_size: int = 256
    learning_rate: float = 0.1
    optimizer: OptimizerName = "nesterov"
    image_size: int = 224
    depth: Literal[18, 34, 50, 101, 152] = 50
    """Layers of the net."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """ResNet with synchronised batch norm."""
    model = models.resnet(
        options.depth,
        data_spec.classes,
        width=options.width,
    )
    return imagenet_recipe(model, options, data_spec)
