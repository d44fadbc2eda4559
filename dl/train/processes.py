"""Several processes as one training: which rows of a batch are whose, and arrays that they share.

Each process has devices of its own and runs the same program. Process p of P holds rows
p·B/P to (p + 1)·B/P of each batch of B.
"""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from dl.errors import InputError
from dl.types import Device, PyTree

ALL_ROWS = slice(None)
"""The rows of a process that is alone."""


def are_several() -> bool:
    """Whether this process is one of several that train together."""
    # `process_count` makes JAX look for devices, which a lone process does later.
    return jax.distributed.is_initialized() and jax.process_count() > 1


def are_first() -> bool:
    """Whether this process is the one that writes: number 0, or alone."""
    return not are_several() or jax.process_index() == 0


def rows_here(batch_size: int) -> slice:
    """The rows of a batch that this process reads.

    >>> rows_here(6)
    slice(None, None, None)
    """
    if not are_several():
        return ALL_ROWS
    return share_of_rows(batch_size, jax.process_index(), jax.process_count())


def share_of_rows(batch_size: int, number: int, processes: int) -> slice:
    """The rows of process `number`; the shares of all are equal and in order.

    >>> share_of_rows(6, 1, 2)
    slice(3, 6, None)
    """
    share = batch_size // processes
    return slice(number * share, (number + 1) * share)


def choose_evenly(devices: Sequence[Device], count: int) -> tuple[Device, ...]:
    """`count` of the `devices`, as many of each process, in the order of the processes.

    Raises:
        InputError: when they do not divide over the processes.
    """
    numbers = sorted({device.process_index for device in devices})
    if count % len(numbers):
        raise InputError(
            f"{count} device{'s' * (count > 1)} do not divide over {len(numbers)} processes: use a "
            f"multiple of {len(numbers)}"
        )
    each = count // len(numbers)
    owned = [[device for device in devices if device.process_index == n] for n in numbers]
    if min(map(len, owned)) < each:
        raise InputError(
            f"{count} devices are {each} for each of {len(numbers)} processes, and one has "
            f"{min(map(len, owned))}: give each as many, or take fewer"
        )
    return tuple(device for own in owned for device in own[:each])


def place(tree: PyTree, shardings: PyTree) -> PyTree:
    """`tree`, which every process has as a whole, with each array laid out over all devices."""
    return (
        jax.device_put(tree, shardings)
        if not are_several()
        else jax.tree.map(_placed, tree, shardings)
    )


def _placed(leaf: Any, sharding: NamedSharding) -> Any:
    if isinstance(leaf, jax.Array) and not leaf.is_fully_addressable:
        return leaf  # such as one from a checkpoint, which lies on all devices already
    if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(_placed(jax.random.key_data(leaf), sharding))
    whole = np.asarray(leaf)
    return jax.make_array_from_callback(whole.shape, sharding, lambda index: whole[index])


def place_rows(rows: PyTree, sharding: NamedSharding) -> PyTree:
    """Batches [k, b, ...] of this process, which are rows of batches [k, B, ...] of all."""

    def whole(leaf: np.ndarray) -> jax.Array:
        return jax.make_array_from_process_local_data(sharding, leaf)

    return jax.tree.map(whole, rows)


def copy_here(tree: PyTree) -> PyTree:
    """`tree` in arrays of this process alone; all processes must call it.

    Only arrays that are split over processes are gathered; of others a copy is here already.
    """
    if not are_several():
        return tree
    return jax.tree.map(_copied_here, tree)


def _copied_here(leaf: Any) -> Any:
    if not isinstance(leaf, jax.Array) or leaf.is_fully_addressable:
        return leaf
    if not leaf.is_fully_replicated:
        everywhere = NamedSharding(leaf.sharding.mesh, PartitionSpec())  # type: ignore[attr-defined]
        gather = jax.jit(lambda array: array, out_shardings=everywhere)
        leaf = jax.block_until_ready(gather(leaf))
    return leaf.addressable_data(0)


def as_first_has(tree: PyTree) -> PyTree:
    """The NumPy arrays that process 0 has in `tree`; all processes must call it.

    What decides how training goes on must be the same everywhere, such as a duration or a loss
    that each process has computed for itself.
    """
    if not are_several():
        return tree
    from jax.experimental.multihost_utils import broadcast_one_to_all

    return broadcast_one_to_all(tree)


def largest_even_count(batch_size: int, available: Sequence[Device]) -> int:
    """The most devices that divide a batch evenly, and divide over the processes.

    Raises:
        InputError: when there is no such number.
    """
    processes = len({device.process_index for device in available})
    for count in range(len(available), 0, -1):
        if batch_size % count == 0 and count % processes == 0:
            return count
    below = batch_size // processes * processes
    sizes = " or ".join(str(size) for size in (below, below + processes) if size)
    raise InputError(
        f"batch size {batch_size} does not divide over {processes} processes: use {sizes}"
    )
