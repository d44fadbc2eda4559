"""Compile a pure step by hand: `jit` on one device, `jit` over a mesh, or `pmap`.

Each donates the state: the new state takes the memory of the old one. The runner compiles with a
`Layout` instead (`dl.train.layout`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from dl.train.state import TrainState
from dl.types import Batch, Device, Metrics, PyTree

AXIS = "batch"
"""The axis that batches are split along; the `axis_name` of steps that run under `pmap`."""

Step = Callable[[TrainState, Batch], tuple[TrainState, Metrics]]


def make_mesh(devices: Sequence[Device] | None = None) -> Mesh:
    """A one-dimensional mesh over `devices` (default: all), its axis called "batch"."""
    devices = jax.devices() if devices is None else devices
    # Auto, not the default Explicit: Flax's RNN fails under explicit axes.
    return jax.make_mesh(
        (len(devices),), (AXIS,), axis_types=(AxisType.Auto,), devices=tuple(devices)
    )


def jit_step(step: Step, mesh: Mesh | None = None) -> Step:
    """`step` compiled for one device, or for a mesh that the batch is split over.

    The state is donated. With a mesh every leaf of the batch is split along its first axis;
    parameters are replicated.
    """
    if mesh is None:
        return jax.jit(step, donate_argnums=0)
    replicated, sharded = (
        NamedSharding(mesh, PartitionSpec()),
        NamedSharding(mesh, PartitionSpec(AXIS)),
    )
    whole: Any = replicated
    state: Any = TrainState(
        step=whole,
        key=whole,
        params=whole,
        model_state=whole,
        opt_state=whole,
        carry=sharded,
        average=whole,
        average_state=whole,
        skipped=whole,
    )
    return jax.jit(
        step, in_shardings=(state, sharded), out_shardings=(state, replicated), donate_argnums=0
    )


def pmap_step(step: Step, devices: Sequence[Device] | None = None) -> Step:
    """`step`, built with `axis_name=AXIS`, compiled for each device; gradients are summed.

    The state is donated. Takes a replicated state (`replicate`) and a batch whose leaves are
    [devices, B / devices, ...] (`shard`).
    """
    return jax.pmap(step, axis_name=AXIS, donate_argnums=0, devices=devices)


def replicate(tree: PyTree, devices: Sequence[Device]) -> PyTree:
    """A copy for each device along a new first axis [devices, ...], as `pmap_step` takes it."""
    mesh = make_mesh(devices)
    sharding = NamedSharding(mesh, PartitionSpec(AXIS))
    # Made inside jit: device_put may alias its argument, and donating the alias would delete the
    # original.
    copy = jax.jit(
        lambda leaves: jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (len(devices), *leaf.shape)), leaves
        ),
        out_shardings=sharding,
    )
    return copy(jax.device_put(tree, NamedSharding(mesh, PartitionSpec())))


def unreplicate(tree: PyTree) -> PyTree:
    """The first device's copy of a replicated tree; the other devices are not read."""
    return jax.tree.map(lambda leaf: leaf.addressable_shards[0].data[0], tree)


def shard(batch: PyTree, devices: int, *, axis: int = 0) -> PyTree:
    """Split `axis` (of size B) of every leaf: leaves become [devices, ..., B/devices, ...].

    >>> shard({"mask": np.ones(6)}, 2)["mask"].shape
    (2, 3)
    """

    def split(leaf: np.ndarray) -> np.ndarray:
        shape = leaf.shape
        parts = np.reshape(
            leaf, (*shape[:axis], devices, shape[axis] // devices, *shape[axis + 1 :])
        )
        return np.moveaxis(parts, axis, 0)

    return jax.tree.map(split, batch)
