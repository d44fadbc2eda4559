"""Network in Network, half as wide, with batch norm on CIFAR-10.

Lecture: E13, E6. Paper: Lin et al. 2014, arXiv:1312.4400 (91.2 % with augmentation).
Expected: test accuracy 80.5 % in 6 epochs (one seed) on a JPEG copy of CIFAR-10, whose figures are
    not those of the original.
Time: 43 minutes on one CPU core, shared with other work.
Command: python -m experiments run nin_cifar10 --dataset folder:PATH
"""

from dataclasses import dataclass

from dl import DataSpec, Positive, Recipe, models
from experiments._pictures import DropoutOptions, picture_recipe


@dataclass(frozen=True)
class Options(DropoutOptions):
    """Options of nin_cifar10."""

    dataset: str = "cifar10"
    epochs: int = 6
    dropout: float = 0.2
    plain_share: float = 0.15
    width: Positive = 0.5
    """Factor on the number of channels of every layer."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """NiN for small pictures."""
    model = models.nin(
        data_spec.classes,
        small=True,
        width=options.width,
        batch_normalised=True,
        dropout=options.dropout,
    )
    return picture_recipe(model, options, data_spec)
