"""LeNet on Fashion-MNIST: cropped, mirrored, a one-cycle rate.

Lecture: E8 (architecture), D6, D7. Paper: LeCun et al. 1998; Xiao et al. 2017 (data).
Expected: test accuracy 92.1 % (one seed).
Time: 218 s on 2 CPU cores, shared with other work.
Command: python -m experiments run lenet_fashion_mnist
"""

from dataclasses import dataclass

from dl import DataSpec, Recipe, models
from experiments._pictures import DropoutOptions, picture_recipe


@dataclass(frozen=True)
class Options(DropoutOptions):
    """Options of lenet_fashion_mnist."""

    epochs: int = 20
    dropout: float = 0.3
    crop: int = 1
    plain_share: float = 0.2


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """LeNet with dropout before its dense layers."""
    model = models.lenet(data_spec.classes, dropout=options.dropout)
    return picture_recipe(model, options, data_spec)
