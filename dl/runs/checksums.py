"""Checksums of the arrays in a checkpoint, shard by shard."""

import zlib
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from dl.types import PyTree


def checksum(tree: PyTree) -> int:
    """CRC-32 of the names, types, shapes and bytes of all arrays.

    >>> checksum({"w": np.zeros(2)}) == checksum({"w": np.zeros(3)})
    False
    """
    return _checksum(flatten(tree))


def shard_checksums(flat: dict[str, Any]) -> dict[str, dict[str, int]]:
    """The CRC-32 of each shard of each array, by the part of the array that the shard holds.

    A part is written as its range along each axis; of shards that hold the same part, one counts.
    A process thus reads only the shards that it holds, and an array may be restored in others.

    >>> shard_checksums({"w": np.zeros((2, 3), np.float32)})
    {'w': {'0:2,0:3': 2747386400}}
    """
    return {name: dict(_shard_checksums(array)) for name, array in flat.items()}


def _shard_checksums(array: Any) -> Iterator[tuple[str, int]]:
    if not isinstance(array, jax.Array):
        yield part_name((), array.shape), _crc(np.asarray(array))
        return
    for shard in array.addressable_shards:
        if shard.replica_id == 0:
            yield part_name(shard.index, array.shape), _crc(np.asarray(shard.data))


def part_name(index: tuple[slice, ...], shape: tuple[int, ...]) -> str:
    slices = index or tuple(slice(None) for _ in shape)
    ends = [part.indices(size)[:2] for part, size in zip(slices, shape, strict=True)]
    return ",".join(f"{start}:{stop}" for start, stop in ends)


def damaged_arrays(flat: dict[str, Any], notes: dict[str, Any]) -> list[str]:
    """The names of the arrays whose checksums differ from those in the notes.

    Checkpoints of version 0.1.0 have one checksum for all arrays.
    """
    if "checksums" not in notes:
        return [] if _checksum(flat) == notes["checksum"] else ["all arrays"]
    return [
        name
        for name, array in flat.items()
        if not notes["checksums"].get(name)
        or any(
            crc_of_part(array, ends_of_part(part)) != crc
            for part, crc in notes["checksums"][name].items()
        )
    ]


def ends_of_part(name: str) -> tuple[tuple[int, int], ...]:
    """Where the part called `name` begins and ends along each axis.

    >>> ends_of_part("0:2,0:3")
    ((0, 2), (0, 3))
    """
    ends = [part.split(":") for part in name.split(",") if part]
    return tuple((int(start), int(stop)) for start, stop in ends)


def crc_of_part(array: Any, ends: tuple[tuple[int, int], ...]) -> int:
    """The CRC-32 of the part of an array between these `ends`."""
    return _crc(np.asarray(array)[tuple(slice(start, stop) for start, stop in ends)])


def _crc(array: np.ndarray) -> int:
    # The bytes where they lie, not a copy; a bfloat16 array has no buffer interface of its own.
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


def _checksum(flat: dict[str, Any]) -> int:
    total = 0
    for name in sorted(flat):
        array = np.asarray(flat[name])
        total = zlib.crc32(
            array.tobytes(), zlib.crc32(f"{name}{array.dtype}{array.shape}".encode(), total)
        )
    return total


def flatten(tree: PyTree) -> dict[str, Any]:
    """Path to array; typed keys as their raw data."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): raw(leaf) for path, leaf in leaves
    }


def raw(leaf: Any) -> Any:
    """The leaf, or the raw data of a typed key; either may be a shape."""
    if not is_key(leaf):
        return leaf
    if isinstance(leaf, jax.ShapeDtypeStruct):
        return jax.eval_shape(jax.random.key_data, leaf)
    return jax.random.key_data(leaf)


def is_key(leaf: Any) -> bool:
    """Whether the leaf is a typed random key."""
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
