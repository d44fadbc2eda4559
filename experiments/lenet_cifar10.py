"""LeNet on CIFAR-10: cropped, mirrored, a one-cycle rate.

Lecture: E8 (architecture). Paper: LeCun et al. 1998; Krizhevsky 2009 (data).
Expected: test accuracy 73.9 % (one seed) on a JPEG copy of CIFAR-10, whose figures are not those of
    the original.
Time: 11 minutes on one CPU core, shared with other work.
Command: python -m experiments run lenet_cifar10 --dataset folder:PATH
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe, models
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
    model = models.lenet(data_spec.classes, dropout=options.dropout)
    return picture_recipe(model, options, data_spec)
