"""ResNet-18 for small pictures on Fashion-MNIST: for a GPU.

Lecture: E13. Paper: He et al. 2016, arXiv:1512.03385; DeVries & Taylor 2017 (cutout).
Expected: not measured.
Time: not measured; it is meant for a GPU.
Command: python -m experiments run resnet18_fashion_mnist
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe, models
from experiments._pictures import PictureOptions, picture_recipe


@dataclass(frozen=True)
class Options(PictureOptions):
    """Options of resnet18_fashion_mnist."""

    epochs: int = 30
    cutout: int = 8
    plain_share: float = 0.1


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """ResNet-18 with a 3×3 stem."""
    model = models.resnet(18, data_spec.classes, small=True)
    return picture_recipe(model, options, data_spec)
