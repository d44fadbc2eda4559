"""Does a training fit into memory? Estimated from shapes, before anything is allocated."""

import math
import os
from pathlib import Path

import jax

from dl.errors import InputError
from dl.train.fsdp import bytes_on_device
from dl.types import Device, Params, PyTree

_CGROUP = Path("/sys/fs/cgroup/memory.max")


def check_fits_memory(
    params: Params,
    others: PyTree,
    *,
    name: str,
    device: Device,
    members: int = 1,
    split_over: int = 1,
) -> None:
    """Raise an `InputError` for a training that cannot fit into the memory of a device.

    The estimate is a lower bound: the parameters and their gradients, and the `others` beside them,
    model state and optimizer state, all given as shapes. It leaves out activations and data. Of a
    population it counts the `members` that share the device's memory; of arrays that are
    `split_over` several devices (`dl.train.fsdp`), what one of these holds.

    >>> shape = jax.ShapeDtypeStruct((10**8, 10**6), "float32")
    >>> check_fits_memory({"w": shape}, {}, name="mlp", device=jax.devices()[0])
    Traceback (most recent call last):
    dl.errors.InputError: mlp has 100,000,000,000,000 parameters, whose training needs more than ...
    """
    held = [bytes_on_device(tree, split_over) for tree in (params, others)]
    needed = members * (2 * held[0] + held[1])
    available = memory_of(device)
    if available is None or needed <= available:
        return
    count = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))
    raise InputError(
        f"{name} has {count:,} parameters, whose training needs more than {in_gib(needed)}"
        f"{f' for {members} members' if members > 1 else ''}, and the memory here is "
        f"{in_gib(available)}: make the model smaller{', or take fewer' if members > 1 else ''}"
    )


def size_in_bytes(tree: PyTree) -> int:
    """The bytes of all arrays, which may be shapes only.

    >>> size_in_bytes({"w": jax.ShapeDtypeStruct((3, 4), "float32")})
    48
    """
    # Keys have a type of their own, which takes no space worth counting.
    sized = (leaf for leaf in jax.tree.leaves(tree) if hasattr(leaf.dtype, "itemsize"))
    return sum(math.prod(leaf.shape) * leaf.dtype.itemsize for leaf in sized)


def memory_of(device: Device) -> int | None:
    """The bytes that `device` may use, on a CPU within the process's limits; None if unknown.

    >>> memory_of(jax.devices("cpu")[0]) > 2**20
    True
    """
    if device.platform != "cpu":
        return (device.memory_stats() or {}).get("bytes_limit")
    limits = [limit for limit in (_of_machine(), _of_group(), _of_process()) if limit]
    return min(limits, default=None)


def in_gib(size: int) -> str:
    """A number of bytes for people.

    >>> in_gib(3 * 2**30 // 2), in_gib(5 * 2**40)
    ('1.5 GiB', '5,120.0 GiB')
    """
    return f"{size / 2**30:,.1f} GiB"


def _of_machine() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # no such call, as on Windows
        return None


def _of_group() -> int | None:
    """The limit of a container."""
    try:
        words = _CGROUP.read_text().strip()
    except OSError:
        return None
    return int(words) if words.isdigit() else None


def _of_process() -> int | None:
    """The limit on addresses, as `ulimit -v` sets it."""
    try:
        import resource
    except ImportError:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft in (resource.RLIM_INFINITY, -1) else soft
