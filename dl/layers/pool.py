"""Pooling over windows of pictures [B, H, W, C]: pure functions, and modules around them."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from flax import linen as nn
from jax import lax

from dl.errors import InputError, did_you_mean
from dl.layers import max_pool_cpu
from dl.layers.max_pool_cpu import Pads, Size
from dl.types import Array

Sides = int | Sequence[int]
"""One number for height and width, or both."""
Padding = str | int | Sequence[int | tuple[int, int]]
""""SAME", "VALID", a number for every side, or for height and width each a number or a (low, high)
pair.
"""

_MOST_SLICES = 9
"""Places in a window up to which the CPU pools by slices; the gradient's cost grows with their
number.
"""
_LEAST_SIDE = 3
"""Sides of a window from which, at stride 1, the CPU pools one axis after the other."""


def max_pool(
    x: Array,
    window: Sides,
    *,
    strides: Sides | None = None,
    padding: Padding = "VALID",
    implementation: str = "auto",
) -> Array:
    """The maximum of every window: y[b, p, q, c] = max_ij x[b, s p + i, s q + j, c].

    [B, H, W, C] -> [B, P, Q, C]. The gradient goes to the first maximum of a window in row-major
    order. Padding counts as minus infinity. `strides` are the window's sides if None, so that
    windows do not overlap. `implementation` "native" is XLA's `reduce_window` on every backend;
    "auto" takes a faster equal
    one on the CPU. Source: E5, C5.

    >>> max_pool(jnp.arange(16.0).reshape(1, 4, 4, 1), (2, 2))[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    check_pictures(x)
    check_implementation(implementation)
    window, strides, pads = _resolve(x, window, strides, padding)
    native = partial(_native_max_pool, window=window, strides=strides, pads=pads)
    fits = all(n + sum(pad) >= w for n, pad, w in zip(x.shape[1:3], pads, window, strict=True))
    sliced = _sliced_max_pool(window=window, strides=strides, pads=pads)
    if implementation == "native" or not fits or sliced is None:
        return native(x)
    return lax.platform_dependent(x, cpu=sliced, default=native)


def avg_pool(
    x: Array,
    window: Sides,
    *,
    strides: Sides | None = None,
    padding: Padding = "VALID",
    count_include_pad: bool = True,
) -> Array:
    """The mean of every window: y[b, p, q, c] = 1/(h w) Σ_ij x[b, s p + i, s q + j, c].

    [B, H, W, C] -> [B, P, Q, C]. Padding counts as zeros that belong to the window, as in
    `flax.linen.avg_pool`; without `count_include_pad` the mean is that of the places inside the
    picture. `strides` are the window's sides if
    None. Source: E5, C5.

    >>> avg_pool(jnp.arange(16.0).reshape(1, 4, 4, 1), (2, 2))[0, :, :, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    >>> avg_pool(jnp.ones((1, 3, 3, 1)), 2, padding=((0, 1), (0, 1)), count_include_pad=False)[0, :, :, 0].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    check_pictures(x)
    window, strides, pads = _resolve(x, window, strides, padding)
    sums = _reduce_window(
        x, np.zeros((), x.dtype), lax.add, window=window, strides=strides, pads=pads
    )
    if count_include_pad:
        return sums / (window[0] * window[1])
    rows, columns = (
        _places_inside(*axis) for axis in zip(x.shape[1:3], window, strides, pads, strict=True)
    )
    return sums / np.asarray(rows[:, None, None] * columns[:, None], x.dtype)


class MaxPool(nn.Module):
    """`max_pool` as a module, so that whoever traces a model's modules sees its output.

    >>> MaxPool((2, 2)).apply({}, jnp.ones((1, 4, 4, 3))).shape
    (1, 2, 2, 3)
    """

    window: Sides
    strides: Sides | None = None
    padding: Padding = "VALID"
    implementation: str = "auto"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        return max_pool(
            x,
            self.window,
            strides=self.strides,
            padding=self.padding,
            implementation=self.implementation,
        )


class AvgPool(nn.Module):
    """`avg_pool` as a module, so that whoever traces a model's modules sees its output.

    >>> AvgPool((2, 2)).apply({}, jnp.ones((1, 4, 4, 3))).shape
    (1, 2, 2, 3)
    """

    window: Sides
    strides: Sides | None = None
    padding: Padding = "VALID"
    count_include_pad: bool = True

    @nn.compact
    def __call__(self, x: Array) -> Array:
        return avg_pool(
            x,
            self.window,
            strides=self.strides,
            padding=self.padding,
            count_include_pad=self.count_include_pad,
        )


def pair(size: Sides, name: str) -> Size:
    """Height and width from one positive number or two.

    >>> pair(3, "window")
    (3, 3)
    """
    sizes = (size, size) if isinstance(size, int) else tuple(size)
    if len(sizes) != 2 or min(sizes) < 1:
        raise InputError(f"{name} is one positive number or two, (height, width), not {size!r}")
    return sizes


def padding_pairs(padding: Padding, sides: Size, window: Size, strides: Size = (1, 1)) -> Pads:
    """Padding as explicit ((top, bottom), (left, right)); `window` is its extent, dilation
    included.

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


def _resolve(
    x: Array, window: Sides, strides: Sides | None, padding: Padding
) -> tuple[Size, Size, Pads]:
    size = pair(window, "window")
    step = size if strides is None else pair(strides, "strides")
    return size, step, padding_pairs(padding, (x.shape[1], x.shape[2]), size, step)


def _places_inside(length: int, window: int, stride: int, pads: tuple[int, int]) -> np.ndarray:
    """How many of the places of each window along an axis lie in the picture."""
    starts = np.arange(-pads[0], length + pads[1] - window + 1, stride)
    return np.minimum(starts + window, length) - np.maximum(starts, 0)


def _sliced_max_pool(*, window: Size, strides: Size, pads: Pads) -> Callable[[Array], Array] | None:
    """What is faster on the CPU than XLA's own; None if nothing is (docs/performance.md)."""
    if strides == (1, 1) and min(window) >= _LEAST_SIDE:
        return partial(max_pool_cpu.max_pool_by_axes, window=window, pads=pads)
    if window[0] * window[1] <= _MOST_SLICES:
        return partial(max_pool_cpu.max_pool, window=window, strides=strides, pads=pads)
    return None


def _native_max_pool(x: Array, *, window: Size, strides: Size, pads: Pads) -> Array:
    return _reduce_window(
        x, max_pool_cpu.lowest(x.dtype), lax.max, window=window, strides=strides, pads=pads
    )


def _reduce_window(
    x: Array, initial: np.ndarray, reduce: Callable, *, window: Size, strides: Size, pads: Pads
) -> Array:
    padding = ((0, 0), *pads, (0, 0))
    return lax.reduce_window(x, initial, reduce, (1, *window, 1), (1, *strides, 1), padding)
