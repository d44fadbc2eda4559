"""Formulations for XLA's CPU backend, where its weight-gradient convolution and its max-pool gradient are slow.

They are sums, products and selections of slices, so they differentiate in both modes, to any order, and batch under
`vmap`. Values and gradients are the native ones to float tolerance.
"""

from functools import reduce

import jax.numpy as jnp
import numpy as np
from jax import lax

from dl.types import Array

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
    slices = (
        lax.slice(x, (0, i, j, 0), (batch, i + rows, j + columns, channels), (1, *strides, 1)) for i, j in places
    )
    return reduce(_first_maximum, slices)


def lowest(dtype: jnp.dtype) -> np.ndarray:
    """The neutral element of the maximum: minus infinity, or the smallest integer.

    >>> lowest(jnp.dtype("float32"))
    array(-inf, dtype=float32)
    """
    smallest = -np.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).min
    return np.asarray(smallest, dtype)


def conv_max_pool(x: Array, kernel: Array, *, window: Size, pads: Pads) -> Array:
    """Convolution and non-overlapping max-pooling as one product: [B, H, W, C] * [h, w, C, F] -> [B, P, Q, F].

    Output place (a, b) of a pool window is a convolution whose kernel is shifted by (a, b). Over the input folded into
    blocks of the window's size all of them have stride 1 and the same patches: product = kernels · patches, then a
    maximum over the window's places. Inside, the batch is the last axis, so that every copy is contiguous.

    >>> x, kernel = jnp.arange(16.0).reshape(1, 4, 4, 1), jnp.ones((1, 1, 1, 1))
    >>> conv_max_pool(x, kernel, window=(2, 2), pads=((0, 0), (0, 0)))[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    batch, features = x.shape[0], kernel.shape[-1]
    pooled = pooled_sides((x.shape[1], x.shape[2]), (kernel.shape[0], kernel.shape[1]), window=window, pads=pads)
    reach = tuple((k + w - 2) // w + 1 for k, w in zip(kernel.shape, window, strict=False))
    blocks = _fold(x, (pooled[0] + reach[0] - 1, pooled[1] + reach[1] - 1), window=window, pads=pads)
    # Without the barriers XLA computes patches again inside each of their readers.
    patches = lax.optimization_barrier(_patches(blocks, pooled, (reach[0], reach[1])))
    places = window[0] * window[1]
    product = lax.optimization_barrier(_shifted_kernels(kernel, (reach[0], reach[1]), window=window) @ patches)
    maximum = reduce(_first_maximum, lax.split(product, (features,) * places))
    return maximum.reshape(features, *pooled, batch).transpose(3, 1, 2, 0)


def pooled_sides(sides: Size, kernel_size: Size, *, window: Size, pads: Pads) -> Size:
    """Height and width after the convolution and the pooling, both at full windows only.

    >>> pooled_sides((28, 28), (5, 5), window=(2, 2), pads=((0, 0), (0, 0)))
    (12, 12)
    """
    height, width = (
        (n + sum(pad) - k + 1) // w for n, k, w, pad in zip(sides, kernel_size, window, pads, strict=True)
    )
    return height, width


def _first_maximum(a: Array, b: Array) -> Array:
    """The maximum of two; its gradient goes to `a` on ties, which `jnp.maximum` would halve. NaN wins."""
    return jnp.where((b > a) | (b != b), b, a)


def _fold(x: Array, blocks: Size, *, window: Size, pads: Pads) -> Array:
    """Pads or crops to whole blocks and folds them: [B, H, W, C] -> [C · places, rows, columns, B]."""
    batch, height, width, channels = x.shape
    (top, _), (left, _) = pads
    bottom = blocks[0] * window[0] - height - top
    right = blocks[1] * window[1] - width - left
    x = lax.pad(x, jnp.zeros((), x.dtype), ((0, 0, 0), (top, bottom, 0), (left, right, 0), (0, 0, 0)))
    x = x.reshape(batch, blocks[0], window[0], blocks[1], window[1], channels)
    return x.transpose(5, 2, 4, 1, 3, 0).reshape(-1, *blocks, batch)


def _patches(blocks: Array, pooled: Size, reach: Size) -> Array:
    """[C · places, rows, columns, B] -> [reach · C · places, P · Q · B]."""
    rows, columns = pooled
    shifts = [(i, j) for i in range(reach[0]) for j in range(reach[1])]
    shifted = [blocks[:, i : i + rows, j : j + columns] for i, j in shifts]
    return jnp.concatenate(shifted).reshape(len(shifts) * blocks.shape[0], -1)


def _shifted_kernels(kernel: Array, reach: Size, *, window: Size) -> Array:
    """The kernel at every place of the window, folded like the input: [h, w, C, F] -> [places · F, reach · C · places]."""
    height, width, channels, features = kernel.shape
    (rows, columns), (h, w) = reach, window
    spare = (rows * h - height, columns * w - width)
    shifted = [
        jnp.pad(kernel, ((a, spare[0] - a), (b, spare[1] - b), (0, 0), (0, 0))) for a in range(h) for b in range(w)
    ]
    folded = jnp.stack(shifted).reshape(h * w, rows, h, columns, w, channels, features)
    return folded.transpose(0, 6, 1, 3, 5, 2, 4).reshape(h * w * features, -1)
