"""The gradient with respect to parameters of which each device holds a part."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
from jax.sharding import Mesh, PartitionSpec

from dl.train.fsdp import split_axis, split_spec
from dl.train.gradients import Gradients
from dl.train.parallel import AXIS
from dl.train.state import TrainState
from dl.types import Batch, Objective, Params, PyTree

Find = Callable[[Objective, TrainState, Batch], Gradients]
"""The gradient that one device finds from its rows of the batch, with metrics over all devices."""

_CHEAP = {"all_gather", "convert_element_type", "reshape", "transpose", "squeeze"}
"""What is computed again in the backward pass, so that no whole parameter is kept for it."""


def over_shards(
    find: Find, objective: Objective, mesh: Mesh
) -> Callable[[TrainState, Batch], Gradients]:
    """`find` on each device of the mesh, for parameters that are split by `dl.train.fsdp`.

    A device gathers the parameters from all others, each where it is used, in the forward pass and
    once more in the backward pass. Its own part of the gradient is the sum over the devices: what
    is the gather in one direction is a reduce-scatter in the other. The rows of the batch and of
    the carry are split over the devices.
    """

    def gradients(state: TrainState, batch: Batch) -> Gradients:
        count, params = mesh.size, state.params
        specs = jax.tree.map(lambda leaf: split_spec(leaf.shape, count), params)
        axes = jax.tree.map(lambda leaf: split_axis(leaf.shape, count), params)

        def on_device(state: TrainState, batch: Batch) -> Gradients:
            found = find(_of_parts(objective, axes), state, batch)
            return found._replace(params=_map(_summed, found.params, axes))

        whole: Any = PartitionSpec()
        rows: Any = PartitionSpec(AXIS)
        return jax.shard_map(
            on_device,
            mesh=mesh,
            in_specs=(TrainState(whole, whole, specs, whole, (), carry=rows), rows),
            out_specs=Gradients(specs, whole, whole, rows),
            check_vma=False,  # with the check on, JAX refuses loops that start with constants
        )(replace(state, opt_state=(), average=(), average_state=(), skipped=()), batch)

    return gradients


def _of_parts(objective: Objective, axes: PyTree) -> Objective:
    """`objective` as a function of a device's part of the parameters."""

    def of_parts(params: Params, *args: Any, **options: Any) -> Any:
        def whole(params: Params) -> Any:
            return objective(_map(_gathered, params, axes), *args, **options)

        return jax.checkpoint(whole, policy=_is_kept)(params)

    return of_parts


def _is_kept(primitive: Any, *args: Any, **options: Any) -> bool:
    """Whether the backward pass takes a result from the forward pass."""
    return primitive.name not in _CHEAP


def _gathered(part: Any, axis: int | None) -> Any:
    return part if axis is None else jax.lax.all_gather(part, AXIS, axis=axis, tiled=True)


def _summed(gradient: Any, axis: int | None) -> Any:
    """The sum over the devices; that of a part has been taken by the transposed gather."""
    return jax.lax.psum(gradient, AXIS) if axis is None else gradient


def _map(function: Callable, params: Params, axes: PyTree) -> Params:
    """`function` of each leaf and its axis, which may be None."""
    leaves, structure = jax.tree.flatten(params)
    own = jax.tree.leaves(axes, is_leaf=lambda axis: axis is None)
    return jax.tree.unflatten(structure, map(function, leaves, own))
