"""ResNet-20 on CIFAR-10: crops of 24×24 first, which cost half, then whole pictures; a one-cycle
rate.

Lecture: E13. Paper: He et al. 2016, arXiv:1512.03385 (91.25 % after 64,000 steps).
Expected: test accuracy 88.2 % with the mirror image as a second view, 87.5 % without (one seed), on
    a JPEG copy of CIFAR-10, whose figures are not those of the original.
Time: 52 minutes on 2 CPU cores.
Command: python -m experiments run resnet20_cifar10 --dataset folder:PATH
"""

from dataclasses import dataclass

from dl.data.augment import Stages, chain, flip, random_crop
from dl.data.batching import steps_per_epoch
from dl.data.dataset import DataSpec
from dl.models import cifar_resnet
from dl.train.options import require
from dl.train.recipe import Recipe
from experiments._pictures import PictureOptions, picture_changes, picture_recipe


@dataclass(frozen=True)
class Options(PictureOptions):
    """Options of resnet20_cifar10."""

    dataset: str = "cifar10"
    epochs: int = 32
    learning_rate: float = 0.2
    label_smoothing: float = 0.1
    crop: int = 4
    plain_share: float = 0.03
    mirror_views: bool = True
    small_share: float = 0.47
    """Share of the epochs, at the beginning, that goes over small crops, mirrored at random."""
    small_side: int = 24
    """Side of these crops, in pixels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        most = 1 - self.plain_share
        require(
            0 <= self.small_share <= most,
            "small_share",
            self.small_share,
            f"at least 0 and at most {most:g}",
        )
        require(
            self.small_side >= 4,
            "small_side",
            self.small_side,
            "at least 4, which leaves one place at the end",
        )


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """The 20-layer net of the paper's section 4.2; it ends in a mean, so it takes pictures of any
    size.
    """
    model = cifar_resnet(20, data_spec.classes)
    recipe = picture_recipe(model, options, data_spec)
    small = chain(random_crop(options.small_side), flip())
    end = round(options.small_share * options.epochs) * steps_per_epoch(
        data_spec.train_size, options.batch_size
    )
    return recipe._replace(augment=Stages((small, picture_changes(options, data_spec)), (end,)))
