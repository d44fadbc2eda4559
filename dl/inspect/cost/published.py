"""The nets of the papers by name, each with the picture size that its paper uses."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from dl import models
from dl.models.resnet import IMAGENET as RESNETS
from dl.models.vgg import CONVOLUTIONS as VGGS
from dl.types import Model


class Published(NamedTuple):
    """A net of a paper: `build()` makes its model, for pictures of `input_shape` [H, W, C]."""

    build: Callable[[], Model]
    input_shape: tuple[int, int, int]


_PHOTO, _SMALL = (224, 224, 3), (32, 32, 3)

PUBLISHED: dict[str, Published] = {
    "lenet": Published(models.lenet, (28, 28, 1)),
    "lenet5": Published(models.lenet5, (32, 32, 1)),
    "lenet5_1998": Published(partial(models.lenet5, variant="1998"), (32, 32, 1)),
    "alexnet": Published(models.alexnet, (227, 227, 3)),
    "alexnet_two_towers": Published(partial(models.alexnet, towers=2), (227, 227, 3)),
    **{f"vgg{depth}": Published(partial(models.vgg, depth), _PHOTO) for depth in VGGS},
    **{
        f"vgg{depth}_bn": Published(partial(models.vgg, depth, batch_normalised=True), _PHOTO)
        for depth in VGGS
    },
    "nin": Published(models.nin, _PHOTO),
    "nin_cifar": Published(partial(models.nin, 10, small=True), _SMALL),
    "googlenet": Published(models.googlenet, _PHOTO),
    "googlenet_bn": Published(partial(models.googlenet, batch_normalised=True), _PHOTO),
    "googlenet_auxiliary": Published(partial(models.googlenet, auxiliary=True), _PHOTO),
    **{f"resnet{depth}": Published(partial(models.resnet, depth), _PHOTO) for depth in RESNETS},
    **{
        f"resnet{depth}": Published(partial(models.cifar_resnet, depth), _SMALL)
        for depth in (20, 32, 44, 56, 110)
    },
}
