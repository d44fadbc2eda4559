"""How a run is spread over devices: how each array is laid out, and how functions are compiled."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from dl.errors import InputError
from dl.train import processes
from dl.train.ahead import Ahead
from dl.train.device_errors import device_errors
from dl.train.devices import ask_for_devices
from dl.train.fsdp import split_spec
from dl.train.parallel import AXIS, make_mesh, replicate, shard, unreplicate
from dl.train.quick import jit_quickly
from dl.train.sharded import Sharded
from dl.train.state import TrainState
from dl.types import Array, Device, PyTree

_MODES: dict[str, Literal["jit", "pmap", "fsdp"]] = {
    "auto": "jit",
    "jit": "jit",
    "pmap": "pmap",
    "fsdp": "fsdp",
}


class Resident(NamedTuple):
    """What stays on the devices during a run: arrays of the data, and hyper-parameters."""

    data: Mapping[str, Any]
    hyperparams: dict[str, Array]


@dataclass(frozen=True)
class Layout:
    """The devices of a run, and how its arrays are spread over them; steps do not depend on it.

    A compiled function takes `(trained, resident, indexed)`: the state that is trained (laid out by
    `shardings`, donated), a `Resident` (on every device), and an `IndexedBatch` [k, B]
    (split along B). It returns `(trained, anything)`, or only metrics if nothing is donated.
    """

    mode: Literal["jit", "pmap", "fsdp", "members"]
    devices: tuple[Device, ...]
    members: int = 1

    @property
    def axis_name(self) -> str | None:
        """The `axis_name` that steps must be built with."""
        return AXIS if self.mode == "pmap" else None

    @property
    def device_here(self) -> Device:
        """The first device that belongs to this process."""
        return next(each for each in self.devices if each.process_index == jax.process_index())

    @property
    def mesh(self) -> Mesh | None:
        """The `mesh` that steps must be built with: `fsdp` splits the parameters over it."""
        is_split = self.mode == "fsdp" and len(self.devices) > 1
        return make_mesh(self.devices) if is_split else None

    def rows_of(self, batch_size: int) -> int:
        """How many rows of a batch a device computes."""
        return batch_size // len(self.devices)

    def shardings(self, tree: PyTree) -> PyTree:
        """How each array of `tree` is laid out under `jit` and `fsdp`.

        The rows of a carry are split over the devices; every other array is copied to each. Under
        `fsdp` the large arrays of a state are split too (`dl.train.fsdp`).
        """
        everywhere, by_rows = self.sharding(), self.sharding(AXIS)

        def of_state(leaf: Any) -> Any:
            return self.sharding(*split_spec(leaf.shape, len(self.devices)))

        def of_node(node: Any) -> Any:
            if not is_state(node):
                return everywhere
            whole = jax.tree.map(of_state if self.mode == "fsdp" else lambda _: everywhere, node)
            return replace(whole, carry=jax.tree.map(lambda _: by_rows, node.carry))

        return jax.tree.map(of_node, tree, is_leaf=is_state)

    def compile(self, function: Callable, *, donate: bool = True) -> Callable:
        """`function(trained, resident, indexed)` compiled for this layout.

        On one device and under `pmap` it can be compiled ahead of its first call.
        """
        donated = (0,) if donate else ()
        if self.mode != "pmap" and len(self.devices) == 1:
            return Ahead(jax.jit(function, donate_argnums=donated))
        alone = self.devices[0].platform == "cpu"
        if self.mode == "pmap":
            mapped = jax.pmap(
                function, axis_name=AXIS, donate_argnums=donated, devices=self.devices
            )
            return Ahead(mapped, alone=alone)
        whole, by_rows = self.sharding(), self.sharding(None, AXIS)
        return Sharded(function, whole, by_rows, donated, gathers=bool(self.mesh), alone=alone)

    def make(self, function: Callable, *args: Any) -> PyTree:
        """What the jitted `function` of `args` returns, on the devices as `put` lays it out.

        Under `fsdp` no device ever holds it whole.

        Raises:
            RunError: when the devices have too little memory.
        """
        if self.mode != "fsdp":
            return self.put(function(*args))
        shardings = self.shardings(jax.eval_shape(function, *args))
        with device_errors():
            made = jit_quickly(inspect.unwrap(function), out_shardings=shardings)(*args)
            return jax.block_until_ready(made)

    def put(self, tree: PyTree) -> PyTree:
        """A copy of `tree` on the devices, laid out by `shardings`; it is waited for.

        Raises:
            RunError: when the devices have too little memory.
        """
        with device_errors():
            # A copy of what could not be computed would be waited for in vain.
            return jax.block_until_ready(self._copied(jax.block_until_ready(tree)))

    def _copied(self, tree: PyTree) -> PyTree:
        if self.mode == "pmap":
            carries = [state.carry for state in _states(tree)]
            replicated = replicate(_with_carries(tree, [()] * len(carries)), self.devices)
            return _with_carries(replicated, [self._put_rows(carry) for carry in carries])
        shardings = self.shardings(tree)
        # device_put may return an alias of its argument. What is donated later must be a copy.
        placed = processes.place(tree, shardings)
        copy = jax.jit(lambda leaves: jax.tree.map(jnp.copy, leaves), out_shardings=shardings)
        return copy(placed)

    def shapes(self, tree: PyTree) -> PyTree:
        """The shapes and shardings of what `put` makes of `tree`."""
        if self.mode != "pmap":
            return jax.tree.map(_shape, tree, self.shardings(tree))
        count, sharding = len(self.devices), self._device_rows()

        def stacked(leaf: Any) -> Any:
            return _shape(leaf, sharding, (count, *leaf.shape))

        def split(rows: Any) -> Any:
            return _shape(rows, sharding, (count, rows.shape[0] // count, *rows.shape[1:]))

        carries = [jax.tree.map(split, state.carry) for state in _states(tree)]
        return _with_carries(jax.tree.map(stacked, tree), carries)

    def split(self, indexed: PyTree) -> PyTree:
        """Batches [k, B] in the shape that compiled functions take: under `pmap` a row a device.

        With several processes they are the rows of this one, [k, B / processes].
        """
        if processes.are_several():
            return processes.place_rows(indexed, self.sharding(None, AXIS))
        return shard(indexed, len(self.devices), axis=1) if self.mode == "pmap" else indexed

    def put_batches(self, indexed: PyTree) -> PyTree:
        """Batches [k, B] on the devices, in the form that compiled functions take."""
        if self.mode == "pmap":
            return jax.device_put(self.split(indexed), self._device_rows())
        if processes.are_several():
            return self.split(indexed)
        return jax.device_put(indexed, self.sharding(None, AXIS))

    def fetch(self, tree: PyTree) -> PyTree:
        """`tree` in its shapes before `put`: one copy of each array, a carry with all its rows."""
        if self.mode != "pmap":
            return tree
        carries = [_gathered(state.carry) for state in _states(tree)]
        return _with_carries(unreplicate(_with_carries(tree, [()] * len(carries))), carries)

    def fetch_here(self, tree: PyTree) -> PyTree:
        """As `fetch`, in arrays of this process alone; all processes must call it."""
        return processes.copy_here(self.fetch(tree))

    def _put_rows(self, carry: PyTree) -> PyTree:
        """A carry [B, ...] as [devices, B / devices, ...]; each device holds its own rows."""
        rows = shard(jax.tree.map(np.asarray, carry), len(self.devices))
        copy = jax.jit(
            lambda leaves: jax.tree.map(jnp.copy, leaves), out_shardings=self._device_rows()
        )
        return copy(rows)

    def _device_rows(self) -> NamedSharding:
        """How `pmap` lays out an array [devices, ...]."""
        return NamedSharding(make_mesh(self.devices), PartitionSpec(AXIS))

    def sharding(self, *axes: str | None) -> Any:
        """How an array is laid out whose axes are split as named; without names it is copied."""
        if len(self.devices) == 1:
            return jax.sharding.SingleDeviceSharding(self.devices[0])
        return NamedSharding(make_mesh(self.devices), PartitionSpec(*axes))


def make_layout(parallel: str = "auto", *, devices: int = 0, batch_size: int) -> Layout:
    """The layout for `--parallel auto|jit|pmap|fsdp --devices N`; auto means jit.

    0 devices means the largest number of available devices that divides the batch evenly.

    Raises:
        InputError: when fewer devices are available, or the batch does not divide over them.
    """
    available = ask_for_devices(devices)
    if parallel not in _MODES:
        raise InputError(f"parallel {parallel!r} is not one of {', '.join(_MODES)}")
    if parallel == "pmap" and processes.are_several():
        raise InputError("pmap is for one process: give --parallel jit, or start one process")
    count = devices or processes.largest_even_count(batch_size, available)
    check_divides(batch_size, count)
    return Layout(_MODES[parallel], processes.choose_evenly(available, count))


def check_divides(batch_size: int, devices: int) -> None:
    """Raise an `InputError` with the nearest sizes for a batch that devices cannot share evenly.

    >>> check_divides(30, 8)
    Traceback (most recent call last):
    dl.errors.InputError: batch size 30 does not divide over 8 devices: use 24 or 32
    """
    below = batch_size // devices * devices
    if below == batch_size:
        return
    nearest = f"{below} or {below + devices}" if below else devices
    raise InputError(
        f"batch size {batch_size} does not divide over {devices} devices: use {nearest}"
    )


def _shape(leaf: Any, sharding: Any, shape: tuple[int, ...] | None = None) -> Any:
    """The shape of `leaf`, or another one with its dtype, laid out by `sharding`."""
    return jax.ShapeDtypeStruct(shape or leaf.shape, leaf.dtype, sharding=sharding)


def _states(tree: PyTree) -> list[TrainState]:
    return [leaf for leaf in jax.tree.leaves(tree, is_leaf=is_state) if is_state(leaf)]


def _with_carries(tree: PyTree, carries: Sequence[PyTree]) -> PyTree:
    """`tree` with the carries of its states replaced by `carries`, in order."""
    remaining = iter(carries)

    def with_carry(leaf: Any) -> Any:
        return replace(leaf, carry=next(remaining)) if is_state(leaf) else leaf

    return jax.tree.map(with_carry, tree, is_leaf=is_state)


def is_state(leaf: Any) -> bool:
    """Whether a node of a tree is the state of a training."""
    return isinstance(leaf, TrainState)


def _gathered(carry: PyTree) -> PyTree:
    return jax.tree.map(lambda leaf: np.array(leaf).reshape(-1, *leaf.shape[2:]), carry)
