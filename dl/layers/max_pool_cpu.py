"""Max-pooling for the CPU, where the gradient of XLA's own is slow.

It is a selection of slices, so it differentiates in both modes, to any order, and batches under `vmap`. Values and
gradients are the native ones.
"""

from functools import reduce

import jax.numpy as jnp
import numpy as np
from jax import lax

from dl.types import Array

Shape = tuple[int, ...]
Size = tuple[int, int]
Pads = tuple[tuple[int, int], tuple[int, int]]


def max_pool(x: Array, *, window: Size, strides: Size, pads: Pads) -> Array:
    """The maximum over shifted slices, one for each place in the window: [B, H, W, C] -> [B, P, Q, C].

    >>> x = jnp.arange(16.0).reshape(1, 4, 4, 1)
    >>> max_pool(x, window=(2, 2), strides=(2, 2), pads=((0, 0), (0, 0)))[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    (top, bottom), (left, right) = pads
    x = lax.pad(x, lowest(x.dtype), ((0, 0, 0), (top, bottom, 0), (left, right, 0), (0, 0, 0)))
    batch, height, width, channels = x.shape
    rows = (height - window[0]) // strides[0] * strides[0] + 1
    columns = (width - window[1]) // strides[1] * strides[1] + 1
    places = [(i, j) for i in range(window[0]) for j in range(window[1])]
    slices = (lax.slice(x, (0, i, j, 0), (batch, i + rows, j + columns, channels), (1, *strides, 1)) for i, j in places)
    return reduce(first_maximum, slices)


def lowest(dtype: jnp.dtype) -> np.ndarray:
    """The neutral element of the maximum: minus infinity, or the smallest integer.

    >>> lowest(jnp.dtype("float32"))
    array(-inf, dtype=float32)
    """
    smallest = -np.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).min
    return np.asarray(smallest, dtype)


def first_maximum(a: Array, b: Array) -> Array:
    """The maximum of two; its gradient goes to `a` on ties, which `jnp.maximum` would halve. NaN wins."""
    return jnp.where((b > a) | jnp.isnan(b), b, a)
