"""Sizes, paddings and placements of windows and kernels, and the checks of these arguments."""

from collections.abc import Sequence
from typing import NamedTuple

from jax import lax

from dl.errors import InputError, did_you_mean
from dl.types import Array

Shape = tuple[int, ...]
Size = tuple[int, int]
Pads = tuple[tuple[int, int], tuple[int, int]]
Sides = int | Sequence[int]
"""One number for height and width, or both."""
Padding = str | int | Sequence[int | tuple[int, int]]
""""SAME", "VALID", one number, or for height and width each a number or a (low, high) pair."""


class Placement(NamedTuple):
    """How a kernel is laid on the pictures: its steps, the padding, the spread of its taps."""

    strides: Size = (1, 1)
    pads: Pads = ((0, 0), (0, 0))
    dilation: Size = (1, 1)


def pair(size: Sides, name: str) -> Size:
    """Height and width from one positive number or two; `name` is the argument's, for the error.

    Raises:
        InputError: for other sizes.

    >>> pair(3, "window")
    (3, 3)
    """
    sizes = (size, size) if isinstance(size, int) else tuple(size)
    if len(sizes) != 2 or min(sizes) < 1:
        raise InputError(f"{name} is one positive number or two, (height, width), not {size!r}")
    return sizes


def padding_pairs(padding: Padding, sides: Size, window: Size, strides: Size = (1, 1)) -> Pads:
    """Padding as explicit ((top, bottom), (left, right)).

    `sides` are those of the picture, `window` is the extent of the window, dilation included.

    Raises:
        InputError: for another word or another number of entries.

    >>> padding_pairs("SAME", (28, 28), (5, 5))
    ((2, 2), (2, 2))
    """
    if isinstance(padding, str):
        if padding not in ("SAME", "VALID"):
            raise InputError(
                f"unknown padding {padding!r}: {did_you_mean(padding, ('SAME', 'VALID'))}"
            )
        rows, columns = lax.padtype_to_pads(sides, window, strides, padding)
        return (int(rows[0]), int(rows[1])), (int(columns[0]), int(columns[1]))
    per_side = (padding, padding) if isinstance(padding, int) else tuple(padding)
    if len(per_side) != 2:
        raise InputError(
            f"padding needs an entry for the height and one for the width, not {padding!r}"
        )
    rows, columns = ((p, p) if isinstance(p, int) else (p[0], p[1]) for p in per_side)
    return rows, columns


def per_channel(values: Array, maps: Array) -> Array:
    """`values` [C] with the axes of `maps` [..., C], to be broadcast to them.

    >>> per_channel(jnp.ones(3), jnp.ones((2, 4, 4, 3))).shape
    (1, 1, 1, 3)
    """
    return lax.expand_dims(values, tuple(range(maps.ndim - values.ndim)))


def check_pictures(x: Array) -> None:
    """Raises InputError unless `x` has the axes [B, H, W, C]."""
    if x.ndim != 4:
        raise InputError(
            f"pictures are [B, H, W, C], not of shape {x.shape}: add a batch axis or use jax.vmap"
        )


def check_implementation(implementation: str) -> None:
    """Raises InputError unless `implementation` is "auto" or "native"."""
    if implementation not in ("auto", "native"):
        hint = did_you_mean(implementation, ("auto", "native"))
        raise InputError(f"unknown implementation {implementation!r}: {hint}")
