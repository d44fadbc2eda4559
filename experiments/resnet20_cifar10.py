"""ResNet-20 on CIFAR-10: first crops of 24×24, which cost half, then whole pictures.

Lecture: E13. Paper: He et al. 2016, arXiv:1512.03385 (91.25 % after 64,000 steps).
Expected: test accuracy 88.2 % with the mirror image as a second view, 87.5 % without (one seed), on
    a JPEG copy of CIFAR-10, whose figures are not those of the original.
Time: 52 minutes on 2 CPU cores.
Command: python -m experiments run resnet20_cifar10 --dataset folder:PATH
"""

from dataclasses import dataclass
from typing import Annotated

from dl import DataSpec, InputError, NotNegative, Range, Recipe, augment, models
from experiments._pictures import PictureOptions, erased_and_mixed, picture_changes, picture_recipe


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
    small_share: NotNegative = 0.47
    """Share of the epochs, at the beginning, that use small crops, mirrored at random."""
    small_side: Annotated[int, Range(at_least=4)] = 24
    """Side of these crops, in pixels; fewer than 4 leave no place at the end of the net."""

    def __post_init__(self) -> None:
        super().__post_init__()
        most = 1 - self.plain_share
        if self.small_share > most:
            raise InputError(f"small_share is {self.small_share}; it must be at most {most:g}")


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """The 20-layer net of the paper's section 4.2, with a one-cycle rate.

    The net ends in a mean over its maps and so takes pictures of any size.
    """
    model = models.cifar_resnet(20, data_spec.classes)
    recipe = picture_recipe(model, options, data_spec)
    small = augment.chain(
        augment.random_crop(options.small_side),
        augment.flip(),
        *erased_and_mixed(options, data_spec),
    )
    end = options.steps_in(round(options.small_share * options.epochs), data_spec)
    stages = augment.Stages((small, picture_changes(options, data_spec)), ends=(end,))
    return recipe._replace(augment=stages)
