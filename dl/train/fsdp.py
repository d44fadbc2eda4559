"""Which arrays of a training are split over the devices, by a rule on their shapes.

Fully sharded data parallelism: each device holds 1/N of every large array and computes its rows of
the batch, for which the compiled program gathers a layer's parameters when they are used.
Source: Rajbhandari et al. 2020, "ZeRO", stage 3; Zhao et al. 2023, "PyTorch FSDP".
"""

import math
from typing import Any

import jax
from jax.sharding import PartitionSpec

from dl.train.parallel import AXIS
from dl.types import PyTree

SMALLEST = 4096
"""Arrays with fewer numbers are copied to each device: to gather them would cost more than that."""


def split_axis(shape: tuple[int, ...], devices: int) -> int | None:
    """The axis of an array that is split over so many devices; None if it is copied to each.

    It is the largest that `devices` divides, of equals the first.

    >>> split_axis((784, 10_000), 8), split_axis((10_000, 10), 8), split_axis((8, 8), 8)
    (1, 0, None)
    >>> split_axis((1001, 999), 8) is None
    True
    """
    if devices == 1 or math.prod(shape) < SMALLEST:
        return None
    divided = [axis for axis, size in enumerate(shape) if size % devices == 0]
    return max(divided, key=lambda axis: shape[axis], default=None)


def split_spec(shape: tuple[int, ...], devices: int) -> PartitionSpec:
    """The axis that `split_axis` chooses, as a `PartitionSpec` of JAX.

    >>> tuple(split_spec((784, 10_000), 8))
    (None, 'batch')
    """
    axis = split_axis(shape, devices)
    return PartitionSpec() if axis is None else PartitionSpec(*[None] * axis, AXIS)


def bytes_on_device(tree: PyTree, devices: int) -> int:
    """The bytes of the arrays of `tree`, which may be shapes, that lie on one of so many devices.

    >>> bytes_on_device({"w": jax.ShapeDtypeStruct((1024, 8), "float32")}, 8)
    4096
    """
    return sum(_bytes_on_device(leaf, devices) for leaf in jax.tree.leaves(tree))


def _bytes_on_device(leaf: Any, devices: int) -> int:
    size = math.prod(leaf.shape) * getattr(leaf.dtype, "itemsize", 0)  # typed keys tell no size
    return size if split_axis(leaf.shape, devices) is None else size // devices
