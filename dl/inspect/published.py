"""The nets of the papers by name, each with the size of the pictures that it was published for."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from dl import models
from dl.models import resnet, vgg
from dl.types import Model


class Published(NamedTuple):
    """A net of a paper: `build()` is its model, for pictures of `input_shape` [H, W, C]."""

    build: Callable[[], Model]
    input_shape: tuple[int, int, int]


IMAGENET, CIFAR = (224, 224, 3), (32, 32, 3)

PUBLISHED: dict[str, Published] = {
    "lenet": Published(models.lenet, (28, 28, 1)),
    "lenet5": Published(models.lenet5, (32, 32, 1)),
    "alexnet": Published(models.alexnet, (227, 227, 3)),
    "alexnet_two_towers": Published(partial(models.alexnet, towers=2), (227, 227, 3)),
}
