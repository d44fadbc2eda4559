"""Checkpoints that several processes write and read together: each sees its own shards."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import jax

from dl.runs.checkpoint_notes import DamagedCheckpoint
from dl.runs.checksums import (
    crc_of_part,
    damaged_arrays,
    ends_of_part,
    part_name,
    shard_checksums,
)
from dl.runs.group import Group
from dl.train.processes import are_several, copy_here

_Made = TypeVar("_Made")


def taking_part(group: Group) -> Any:
    """Which processes Orbax waits for: all of the group, or this one alone."""
    from orbax.checkpoint.options import MultiprocessingOptions

    if group.count > 1 or not are_several():
        return MultiprocessingOptions()
    own = jax.process_index()
    return MultiprocessingOptions(own, {own}, f"process-{own}")


def read_by_all(group: Group, read: Callable[[], _Made]) -> _Made:
    """What `read` gives here, if every process can read its shards; all must call it.

    Raises:
        DamagedCheckpoint: in all processes, for what one of them cannot read.
    """
    if group.count == 1:
        return read()
    made: Any = None
    problem = ""
    try:
        made = read()
    except DamagedCheckpoint as error:
        problem = str(error)
    problems = [each for each in group.gather(problem) if each]
    if problems:
        raise DamagedCheckpoint(problems[0])
    return made


def checksums_of_all(group: Group, flat: dict[str, Any]) -> dict[str, dict[str, int]]:
    """The checksums of the shards of all processes; all must call it.

    An array that lies in every process as a whole is looked at by process 0.
    """
    own = shard_checksums(flat)
    if group.count == 1:
        return own
    all_sums: dict[str, dict[str, int]] = {name: {} for name in flat}
    for text in group.gather(json.dumps(own)):
        for name, parts in json.loads(text).items():
            all_sums[name] |= parts
    return all_sums


def damaged_for_all(group: Group, flat: dict[str, Any], notes: dict[str, Any]) -> list[str]:
    """The arrays that are damaged for any of the processes; all must call it.

    The shards of an array may be others than those that were saved. Where a saved part lies in no
    single shard, the array is gathered.
    """
    if group.count == 1:
        return damaged_arrays(flat, notes)
    if "checksums" not in notes:
        return damaged_arrays(copy_here(flat), notes)
    own = [name for name, array in flat.items() if _is_damaged(array, notes["checksums"].get(name))]
    return sorted({name for text in group.gather(json.dumps(own)) for name in json.loads(text)})


def _is_damaged(array: jax.Array, sums: dict[str, int] | None) -> bool:
    if not sums:
        return True
    inside = [_place_inside(array, part) for part in sums]
    if array.is_fully_replicated or None in inside:
        return bool(damaged_arrays({"": copy_here(array)}, {"checksums": {"": sums}}))
    held = {_ends(shard.index, array.shape): shard.data for shard in array.addressable_shards}
    return any(
        crc_of_part(held[shard], _relative(part, shard)) != crc
        for shard, (part, crc) in zip(inside, sums.items(), strict=True)
        if shard in held
    )


_Ends = tuple[tuple[int, int], ...]
"""Where a part of an array begins and ends along each axis."""


def _place_inside(array: jax.Array, part: str) -> _Ends | None:
    """The shard, of any process, that holds a saved part as a whole; None if there is none."""
    wanted = ends_of_part(part)
    for index in array.sharding.devices_indices_map(array.shape).values():
        shard = _ends(index, array.shape)
        if all(low <= a and b <= high for (a, b), (low, high) in zip(wanted, shard, strict=True)):
            return shard
    return None


def _ends(index: tuple[slice, ...] | None, shape: tuple[int, ...]) -> _Ends:
    return ends_of_part(part_name(index or (), shape))


def _relative(part: str, shard: _Ends) -> _Ends:
    """The ends of a part counted from the beginning of the shard that holds it."""
    pairs = zip(ends_of_part(part), shard, strict=True)
    return tuple((start - low, stop - low) for (start, stop), (low, _) in pairs)
