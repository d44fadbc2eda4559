"""ResNet-20 on Fashion-MNIST: cropped, mirrored, a one-cycle rate.

Lecture: E13. Paper: He et al. 2016, arXiv:1512.03385.
Expected: test accuracy 94.7 % with the mirror image as a second view (one seed).
Time: 68 minutes on one CPU core; other work ran on the second.
Command: python -m experiments run resnet20_fashion_mnist
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe, models
from experiments._pictures import PictureOptions, picture_recipe


@dataclass(frozen=True)
class Options(PictureOptions):
    """Options of resnet20_fashion_mnist."""

    epochs: int = 20
    learning_rate: float = 0.2
    label_smoothing: float = 0.1
    plain_share: float = 0.1
    mirror_views: bool = True


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """The 20-layer net of the paper's section 4.2."""
    model = models.cifar_resnet(20, data_spec.classes)
    return picture_recipe(model, options, data_spec)
