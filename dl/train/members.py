"""The layout of a population: many trainings of one recipe beside each other in one program."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
from jax.sharding import NamedSharding, PartitionSpec

from dl.errors import InputError
from dl.train.ahead import Ahead
from dl.train.devices import ask_for_devices
from dl.train.layout import Layout, Resident, is_state
from dl.train.parallel import AXIS, make_mesh
from dl.types import PyTree

_SPLIT, _WHOLE = PartitionSpec(AXIS), PartitionSpec()


@dataclass(frozen=True)
class MembersLayout(Layout):
    """Arrays of the state and hyper-parameters have a first axis of members, split over devices.

    All members see the same batches, in the order of the run's seed. They do not communicate, so no
    device waits for another. On each device they are computed side by side (`jax.vmap`), or
    `one_by_one`. Members of `one_seed` have the same random numbers, which are then drawn once for
    all.
    """

    one_by_one: bool = False
    one_seed: bool = False

    def rows_of(self, batch_size: int) -> int:
        """All rows of a batch, for each member."""
        return batch_size

    def shardings(self, tree: PyTree) -> PyTree:
        """Split along the members; the arrays of the data are on every device."""
        split, whole = self.sharding(AXIS), self.sharding()
        if isinstance(tree, Resident):
            return Resident(
                jax.tree.map(lambda _: whole, tree.data),
                jax.tree.map(lambda _: split, tree.hyperparams),
            )
        return jax.tree.map(lambda _: split, tree)

    def compile(self, function: Callable, *, donate: bool = True) -> Callable:
        """`function(trained, resident, indexed)` of one member, compiled for all of them."""
        mapped = jax.shard_map(
            self._on_device(function),
            mesh=make_mesh(self.devices),
            in_specs=(_SPLIT, Resident(_WHOLE, _SPLIT), _WHOLE),  # type: ignore[arg-type]
            out_specs=_SPLIT,
            check_vma=False,  # with the check on, JAX refuses loops that start with constants
        )
        return Ahead(jax.jit(mapped, donate_argnums=(0,) if donate else ()))

    def sharding(self, *axes: str | None) -> Any:
        """On a mesh also for one device, as `shard_map` needs it."""
        return NamedSharding(make_mesh(self.devices), PartitionSpec(*axes))

    def put_batches(self, indexed: PyTree) -> PyTree:
        """Batches [k, B] on every device."""
        return jax.device_put(indexed, self.sharding())

    def _on_device(self, function: Callable) -> Callable:
        """The same for the members of one device."""

        def all_members(trained: PyTree, resident: Resident, indexed: PyTree) -> Any:
            def one(member: tuple[PyTree, PyTree]) -> Any:
                own = with_randomness_of(trained, member[0]) if self.one_seed else member[0]
                return function(own, Resident(resident.data, member[1]), indexed)

            each = jax.lax.map if self.one_by_one else lambda f, xs: jax.vmap(f)(xs)
            return each(one, (trained, resident.hyperparams))

        return all_members


def with_randomness_of(population: PyTree, member: PyTree) -> PyTree:
    """`member` with the key and the step of the first of its population.

    They are equal, but now the compiler knows that: they have no axis of members.
    """

    def shared(state: Any, own: Any) -> Any:
        return replace(own, key=state.key[0], step=state.step[0]) if is_state(own) else own

    return jax.tree.map(shared, population, member, is_leaf=is_state)


def make_members_layout(
    members: int, *, devices: int = 0, one_by_one: bool, one_seed: bool = False
) -> MembersLayout:
    """The layout of a population on this many `devices`; 0 takes the most that share it evenly.

    Raises:
        InputError: when fewer devices are available, or the members do not divide over them.
    """
    available = ask_for_devices(devices)
    count = devices or max(n for n in range(1, len(available) + 1) if members % n == 0)
    if members % count:
        raise InputError(
            f"{members} members do not divide over {count} devices: use a multiple of {count}"
        )
    return MembersLayout("members", tuple(available[:count]), members, one_by_one, one_seed)
