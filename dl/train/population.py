"""Many trainings in one compiled program."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from dl.errors import InputError
from dl.types import Device, PyTree

AXIS = "members"
"""The axis that a population is split along."""


def map_population(
    function: Callable[..., Any], members: int, devices: Sequence[Device] | None = None
) -> Callable:
    """`function` of one member, mapped over a population that is split over the devices.

    The first argument and all results get a leading axis [members, ...]; all members share the
    other arguments. The first argument is donated. The members are split over the largest number of
    `devices` (default: all) that divides `members` evenly. They do not communicate, so on a CPU
    with a device for each core no core waits for another.

    Raises:
        InputError: for fewer than 1 member, or a first argument with another leading axis.

    >>> step = lambda weights, rate: jax.tree.map(lambda w: w - rate * 2 * w, weights)
    >>> map_population(step, 3)({"w": jnp.asarray([1.0, 2.0, 3.0])}, 0.25)["w"].tolist()
    [0.5, 1.0, 1.5]
    """
    if members < 1:
        raise InputError(f"a population has at least 1 member, not {members}")
    chosen = _even_share(members, jax.devices() if devices is None else devices)
    mesh = jax.make_mesh(
        (len(chosen),), (AXIS,), axis_types=(AxisType.Auto,), devices=tuple(chosen)
    )
    split, whole = PartitionSpec(AXIS), PartitionSpec()

    def each(population: PyTree, shared: tuple) -> Any:
        return jax.vmap(lambda member: function(member, *shared))(population)

    # With the check on, JAX refuses loops that start with constants, such as `scan_steps`.
    mapped = jax.shard_map(
        each, mesh=mesh, in_specs=(split, whole), out_specs=split, check_vma=False
    )
    shardings = NamedSharding(mesh, split), NamedSharding(mesh, whole)
    compiled = jax.jit(mapped, in_shardings=shardings, out_shardings=shardings[0], donate_argnums=0)

    def call(population: PyTree, *shared: Any) -> Any:
        _check_members(population, members)
        return compiled(population, shared)

    return call


def _even_share(members: int, devices: Sequence[Device]) -> Sequence[Device]:
    """The largest number of the devices that divides the members evenly."""
    return devices[: max(count for count in range(1, len(devices) + 1) if members % count == 0)]


def _check_members(population: PyTree, members: int) -> None:
    for path, leaf in jax.tree_util.tree_leaves_with_path(population):
        if jax.numpy.shape(leaf)[:1] != (members,):
            name = jax.tree_util.keystr(path, simple=True, separator=".") or "the argument"
            shape = jax.numpy.shape(leaf)
            raise InputError(
                f"a population of {members} needs leaves [{members}, ...], but {name} has shape "
                f"{shape}"
            )
