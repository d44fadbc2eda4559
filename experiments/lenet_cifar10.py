"""LeNet on CIFAR-10: cropped, mirrored, a one-cycle rate.

Lecture: E8 (architecture). Paper: LeCun et al. 1998; Krizhevsky 2009 (data).
Expected: test accuracy 73.9 % (one seed) on a JPEG copy of CIFAR-10, whose figures are not those of
    the original.
Time: 11 minutes on one CPU core that had other work besides.
Command: python -m experiments run lenet_cifar10 --dataset folder:PATH
"""

from dataclasses import dataclass

from dl.data.dataset import DataSpec
from dl.models import lenet
from dl.train.recipe import Recipe
from experiments._pictures import DropoutOptions, picture_recipe


@dataclass(frozen=True)
class Options(DropoutOptions):
    """Options of lenet_cifar10."""

    dataset: str = "cifar10"
    epochs: int = 20
    dropout: float = 0.3
    plain_share: float = 0.2


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """LeNet with dropout before its dense layers."""
    model = lenet(data_spec.classes, dropout=options.dropout)
    return picture_recipe(model, options, data_spec)
