"""ResNet-20 on CIFAR-10 in twenty epochs: cropped, mirrored, a one-cycle rate.

Lecture: E13. Paper: He et al. 2016, arXiv:1512.03385 (91.25 % after 64,000 steps).
Expected: test accuracy 86.6 % (one seed) on a JPEG copy of CIFAR-10, whose figures are not those of the original.
Time: 56 minutes on 2 CPU cores that had other work besides.
Command: python -m experiments run resnet20_cifar10 --dataset folder:PATH
"""

from dataclasses import dataclass

from dl.data.dataset import DataSpec
from dl.models import cifar_resnet
from dl.train.compiled import Parts
from experiments._pictures import PictureOptions, picture_parts


@dataclass(frozen=True)
class Options(PictureOptions):
    """Options of resnet20_cifar10."""

    dataset: str = "cifar10"
    epochs: int = 20
    learning_rate: float = 0.2
    crop: int = 4


def build(options: Options, data_spec: DataSpec, *, axis_name: str | None = None) -> Parts:
    """The 20-layer net of the paper's section 4.2."""
    model = cifar_resnet(20, data_spec.classes, axis_name=axis_name)
    return picture_parts(model, options, data_spec)
