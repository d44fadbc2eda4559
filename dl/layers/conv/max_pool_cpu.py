"""Max-pooling for the CPU, where the gradient of XLA's own is slow.

Both forms select among slices. They therefore differentiate in both modes, to any order, and batch
under `vmap`. Values and gradients are the native ones.
"""

from functools import reduce

import jax.numpy as jnp
import numpy as np
from jax import lax

from dl.layers.conv.shapes import Pads, Size
from dl.types import Array


def max_pool_by_slices(x: Array, *, window: Size, strides: Size, pads: Pads) -> Array:
    """The maximum over shifted slices, one for each place in the window.

    [B, H, W, C] -> [B, P, Q, C].

    >>> x = jnp.arange(16.0).reshape(1, 4, 4, 1)
    >>> y = max_pool_by_slices(x, window=(2, 2), strides=(2, 2), pads=((0, 0), (0, 0)))
    >>> y[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    x = _padded(x, pads)
    batch, height, width, channels = x.shape
    rows = (height - window[0]) // strides[0] * strides[0] + 1
    columns = (width - window[1]) // strides[1] * strides[1] + 1
    places = [(i, j) for i in range(window[0]) for j in range(window[1])]
    slices = (
        lax.slice(x, (0, i, j, 0), (batch, i + rows, j + columns, channels), (1, *strides, 1))
        for i, j in places
    )
    return reduce(first_maximum, slices)


def max_pool_by_axes(x: Array, *, window: Size, pads: Pads) -> Array:
    """The maximum of every window at stride 1, along each row and then down the columns.

    It takes w + h slices instead of w h. The first maximum of the first row that contains one is
    the first of the window in row-major order, so the gradient of equal maxima goes where it goes
    natively.

    >>> x = jnp.arange(16.0).reshape(1, 4, 4, 1)
    >>> max_pool_by_axes(x, window=(3, 3), pads=((0, 0), (0, 0)))[0, :, :, 0].tolist()
    [[10.0, 11.0], [14.0, 15.0]]
    """
    x = _padded(x, pads)
    for axis, side in ((2, window[1]), (1, window[0])):
        places = x.shape[axis] - side + 1
        x = reduce(
            first_maximum, (lax.slice_in_dim(x, i, i + places, axis=axis) for i in range(side))
        )
    return x


def _padded(x: Array, pads: Pads) -> Array:
    (top, bottom), (left, right) = pads
    return lax.pad(x, lowest(x.dtype), ((0, 0, 0), (top, bottom, 0), (left, right, 0), (0, 0, 0)))


def lowest(dtype: jnp.dtype) -> np.ndarray:
    """The neutral element of the maximum: minus infinity, or the smallest integer.

    >>> lowest(jnp.dtype("float32"))
    array(-inf, dtype=float32)
    """
    smallest = -np.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).min
    return np.asarray(smallest, dtype)


def first_maximum(a: Array, b: Array) -> Array:
    """The maximum of two; for equal ones the gradient goes to `a`. NaN wins."""
    return jnp.where((b > a) | jnp.isnan(b), b, a)
