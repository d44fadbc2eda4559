"""Pooling over windows of pictures [B, H, W, C], as pure functions."""

from collections.abc import Callable
from functools import partial

import numpy as np
from jax import lax

from dl.layers.conv.max_pool_cpu import lowest, max_pool_by_axes, max_pool_by_slices
from dl.layers.conv.shapes import (
    Padding,
    Pads,
    Sides,
    Size,
    check_implementation,
    check_pictures,
    padding_pairs,
    pair,
)
from dl.types import Array

_MOST_SLICES = 9
"""The CPU pools by slices up to so many places in a window; the gradient's cost grows with them."""
_LEAST_SIDE = 3
"""At stride 1 the CPU pools one axis after the other from windows of this side on."""


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
    "auto" takes an equal one on the CPU that is faster. Source: E5, C5.

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
    `flax.linen.avg_pool`; without `count_include_pad` the mean is over the places inside the
    picture. `strides` are the window's sides if None. Source: E5, C5.

    >>> avg_pool(jnp.arange(16.0).reshape(1, 4, 4, 1), (2, 2))[0, :, :, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    >>> pads = ((0, 1), (0, 1))
    >>> y = avg_pool(jnp.ones((1, 3, 3, 1)), 2, padding=pads, count_include_pad=False)
    >>> y[0, :, :, 0].tolist()
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
    return sums / np.asarray(rows[None, :, None, None] * columns[:, None], x.dtype)


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
    """The form that is faster on the CPU than XLA's own, or None (docs/performance.md)."""
    if strides == (1, 1) and min(window) >= _LEAST_SIDE:
        return partial(max_pool_by_axes, window=window, pads=pads)
    if window[0] * window[1] <= _MOST_SLICES:
        return partial(max_pool_by_slices, window=window, strides=strides, pads=pads)
    return None


def _native_max_pool(x: Array, *, window: Size, strides: Size, pads: Pads) -> Array:
    return _reduce_window(x, lowest(x.dtype), lax.max, window=window, strides=strides, pads=pads)


def _reduce_window(
    x: Array, initial: np.ndarray, reduce: Callable, *, window: Size, strides: Size, pads: Pads
) -> Array:
    padding = ((0, 0), *pads, (0, 0))
    return lax.reduce_window(x, initial, reduce, (1, *window, 1), (1, *strides, 1), padding)
