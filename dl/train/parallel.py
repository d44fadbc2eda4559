"""Where pure steps are compiled: `jit` on one device, `jit` over a mesh, `pmap`, and k steps in one
call.

Donation lives here too: the state that goes in is given up, the state that comes out takes its
memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from dl import metrics
from dl.errors import InputError
from dl.train.state import TrainState
from dl.types import Array, Batch, Device, Metrics, PyTree

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
    """`step` compiled for one device, or for a `mesh` with the batch sharded over it. Donates the
    state.

    With a mesh every leaf of the batch is split along its first axis; parameters are replicated.
    """
    if mesh is None:
        return jax.jit(step, donate_argnums=0)
    replicated, sharded = (
        NamedSharding(mesh, PartitionSpec()),
        NamedSharding(mesh, PartitionSpec(AXIS)),
    )
    whole: Any = replicated
    state: Any = TrainState(whole, whole, whole, whole, whole, carry=sharded)
    return jax.jit(
        step, in_shardings=(state, sharded), out_shardings=(state, replicated), donate_argnums=0
    )


def pmap_step(step: Step, devices: Sequence[Device] | None = None) -> Step:
    """`step`, built with `axis_name=AXIS`, compiled per device with gradients summed across.
    Donates the state.

    Takes a replicated state (`replicate`) and a batch whose leaves are [devices, B / devices, ...]
    (`shard`).
    """
    return jax.pmap(step, axis_name=AXIS, donate_argnums=0, devices=devices)


def scan_steps(
    step: Callable[[Any, Any], tuple[Any, Metrics]],
) -> Callable[..., tuple[Any, Metrics]]:
    """Several steps in one compiled call: batches with a leading axis [k, ...], metrics merged over
    the k steps.

    The function takes `(state, batches, count=None)`; with a traced `count` only that many of the k
    steps are made, so that one compilation serves runs of all lengths. However a run of steps is
    cut into calls, the bits of the state are the same.
    """

    def steps(state: Any, batches: PyTree, count: Array | None = None) -> tuple[Any, Metrics]:
        first = jax.tree.map(lambda leaf: leaf[0], batches)
        zeros = metrics.zeros_like(jax.eval_shape(step, state, first)[1])

        def body(number: Array, before: tuple[Any, Metrics]) -> tuple[Any, Metrics]:
            state, totals = before
            batch = jax.tree.map(
                lambda leaf: jax.lax.dynamic_index_in_dim(leaf, number, keepdims=False), batches
            )
            state, sums = step(state, batch)
            return state, metrics.merge(totals, sums)

        # XLA unrolls a loop that it knows to have one step, and rounds it otherwise than a longer
        # one.
        hidden = jax.lax.optimization_barrier(jnp.int32(len(jax.tree.leaves(batches)[0])))
        return jax.lax.fori_loop(0, hidden if count is None else count, body, (state, zeros))

    return steps


def replicate(tree: PyTree, devices: Sequence[Device]) -> PyTree:
    """One copy a device, stacked along a new first axis [devices, ...], as `pmap_step` takes it."""
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
    """The first device's copy of a replicated tree; only that device is asked."""
    return jax.tree.map(lambda leaf: leaf.addressable_shards[0].data[0], tree)


def shard(batch: PyTree, devices: int, *, axis: int = 0) -> PyTree:
    """Split `axis` (of size B) of every leaf over devices: the result's leaves are [devices, ...,
    B/devices, ...].

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


@dataclass(frozen=True)
class Layout:
    """How a run is spread over devices. The loop only speaks to this; the step never knows.

    A loop function takes `(training, arrays, indexed)`: what is trained (replicated, donated), a
    resident part of the data (replicated), and an `IndexedBatch` [k, B] (split along B). It returns
    what is trained, or metrics.
    """

    mode: Literal["jit", "pmap"]
    devices: tuple[Device, ...]

    @property
    def axis_name(self) -> str | None:
        """The `axis_name` that steps must be built with."""
        return AXIS if self.mode == "pmap" else None

    def compile(self, function: Callable, *, donate: bool = True) -> Callable:
        """`function(training, arrays, indexed)` compiled for this layout."""
        donated = (0,) if donate else ()
        if self.mode == "pmap":
            compiled = jax.pmap(
                function, axis_name=AXIS, donate_argnums=donated, devices=self.devices
            )
        elif len(self.devices) == 1:
            return jax.jit(function, donate_argnums=donated)
        else:
            everywhere, split = self._sharding(), self._sharding(None, AXIS)
            compiled = jax.jit(
                function,
                in_shardings=(everywhere, everywhere, split),
                out_shardings=everywhere,
                donate_argnums=donated,
            )
        return _one_at_a_time(compiled) if self.devices[0].platform == "cpu" else compiled

    def put(self, tree: PyTree) -> PyTree:
        """Copy something that every device needs whole; of a `TrainState` in it the carry is handed
        out by rows.
        """
        if self.mode == "pmap":
            carries = [state.carry for state in _states(tree)]
            here = replicate(_with_carries(tree, [()] * len(carries)), self.devices)
            return _with_carries(here, [self._put_rows(carry) for carry in carries])
        # device_put brings it here from any device but may alias it; what is donated later must be
        # a copy of its own.
        here = jax.device_put(tree, self._sharding())
        return jax.jit(
            lambda leaves: jax.tree.map(jnp.copy, leaves), out_shardings=self._sharding()
        )(here)

    def split(self, indexed: PyTree) -> PyTree:
        """Hand out batches [k, B]."""
        return shard(indexed, len(self.devices), axis=1) if self.mode == "pmap" else indexed

    def fetch(self, tree: PyTree) -> PyTree:
        """One copy of what `put` replicated, and all rows of a carry."""
        if self.mode != "pmap":
            return tree
        carries = [_gathered(state.carry) for state in _states(tree)]
        return _with_carries(unreplicate(_with_carries(tree, [()] * len(carries))), carries)

    def _put_rows(self, carry: PyTree) -> PyTree:
        """A carry [B, ...] as [devices, B / devices, ...], each device's rows on it."""
        rows = shard(jax.tree.map(np.asarray, carry), len(self.devices))
        sharding = NamedSharding(make_mesh(self.devices), PartitionSpec(AXIS))
        return jax.jit(lambda leaves: jax.tree.map(jnp.copy, leaves), out_shardings=sharding)(rows)

    def _sharding(self, *axes: str | None) -> Any:
        if len(self.devices) == 1:
            return jax.sharding.SingleDeviceSharding(self.devices[0])
        return NamedSharding(make_mesh(self.devices), PartitionSpec(*axes))


def _states(tree: PyTree) -> list[TrainState]:
    return [leaf for leaf in jax.tree.leaves(tree, is_leaf=_is_state) if _is_state(leaf)]


def _with_carries(tree: PyTree, carries: Sequence[PyTree]) -> PyTree:
    """`tree` with these in the place of the carries of its states, in order."""
    left = iter(carries)

    def with_carry(leaf: Any) -> Any:
        return replace(leaf, carry=next(left)) if _is_state(leaf) else leaf

    return jax.tree.map(with_carry, tree, is_leaf=_is_state)


def _is_state(leaf: Any) -> bool:
    return isinstance(leaf, TrainState)


def _gathered(carry: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: np.array(leaf).reshape(-1, *leaf.shape[2:]), carry)


def _one_at_a_time(compiled: Callable) -> Callable:
    """`compiled`, waited for: a CPU has too few threads for the collectives of two programs, which
    then deadlock.
    """

    def call(*args: PyTree) -> PyTree:
        return jax.block_until_ready(compiled(*args))

    return call


def make_layout(parallel: str = "auto", *, devices: int = 0, batch_size: int) -> Layout:
    """The layout for `--parallel auto|jit|pmap --devices N`; auto means jit.

    0 devices means as many as there are and share the batch evenly.

    Raises:
        InputError: when there are fewer devices, or the batch does not divide over them.
    """
    available = jax.local_devices()
    if parallel not in ("auto", "jit", "pmap"):
        raise InputError(f"parallel {parallel!r} is not one of auto, jit, pmap")
    if not 0 <= devices <= len(available):
        raise InputError(
            f"{devices} devices asked for, {len(available)} {available[0].platform} device(s) here"
        )
    count = devices or max(n for n in range(1, len(available) + 1) if batch_size % n == 0)
    if batch_size % count:
        raise InputError(
            f"batch size {batch_size} does not divide over {count} devices: use a multiple of {count}"
        )
    return Layout("pmap" if parallel == "pmap" else "jit", tuple(available[:count]))
