"""Formulations for the CPU, where XLA's weight-gradient convolution and max-pool gradient are slow.

They are sums, products and selections of slices, so they differentiate in both modes, to any order, and batch
under `vmap`. Values and gradients are the native ones to float tolerance.
"""

from collections.abc import Callable
from functools import reduce

import jax.numpy as jnp
import numpy as np
from jax import lax

from dl.types import Array

Size = tuple[int, int]
Shape = tuple[int, ...]
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
    return reduce(_first_maximum, slices)


def lowest(dtype: jnp.dtype) -> np.ndarray:
    """The neutral element of the maximum: minus infinity, or the smallest integer.

    >>> lowest(jnp.dtype("float32"))
    array(-inf, dtype=float32)
    """
    smallest = -np.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).min
    return np.asarray(smallest, dtype)


def conv_pool(
    x: Array,
    kernel: Array,
    bias: Array | None,
    *,
    window: Size,
    pads: Pads,
    activation: Callable[[Array], Array],
) -> Array:
    """Convolution, non-overlapping max-pooling, bias and activation around one product.

    [B, H, W, C] * [h, w, C, F] + [F] -> [B, P, Q, F]. Output place (a, b) of a pool window is a convolution
    whose kernel is shifted by (a, b). Over the input folded into blocks of the window's size all of them have
    stride 1 and the same patches: product = kernels · patches, then a maximum over the window's places.
    Inside, the batch is the last axis, so that every copy is contiguous; bias and activation are cheaper
    before that is undone.

    >>> x, kernel = jnp.arange(16.0).reshape(1, 4, 4, 1), jnp.ones((1, 1, 1, 1))
    >>> y = conv_pool(x, kernel, None, window=(2, 2), pads=((0, 0), (0, 0)), activation=jnp.tanh)
    >>> jnp.arctanh(y[0, :, :, 0]).round(1).tolist()[0]
    [5.0, 7.0]
    """
    batch, features = x.shape[0], kernel.shape[-1]
    rows, columns = _pooled_sides(x.shape, kernel.shape, window=window, pads=pads)
    reach = _reach(kernel.shape, window)
    blocks = _fold(x, (rows + reach[0] - 1, columns + reach[1] - 1), window=window, pads=pads)
    kernels = _shifted_kernels(kernel, reach, window=window)
    # Without the barriers XLA computes patches and product again inside each of their readers.
    patches = lax.optimization_barrier(_patches(blocks, (rows, columns), reach))
    product = lax.optimization_barrier(kernels @ patches)
    pooled = reduce(_first_maximum, lax.split(product, (features,) * (window[0] * window[1])))
    biased = pooled if bias is None else pooled + bias[:, None]
    return activation(biased.reshape(features, rows, columns, batch)).transpose(3, 1, 2, 0)


def fuses(x_shape: Shape, kernel_shape: Shape, *, window: Size, pads: Pads) -> bool:
    """Whether `conv_pool` is faster than convolution and pooling apart, forward plus backward, as measured.

    It multiplies with the zeros around the shifted kernels, which pays for few input channels or a kernel
    that is large against the window; and the patches must not leave the caches by far.

    >>> fuses((128, 28, 28, 1), (5, 5, 1, 20), window=(2, 2), pads=((0, 0), (0, 0)))
    True
    >>> fuses((64, 32, 32, 64), (3, 3, 64, 64), window=(2, 2), pads=((1, 1), (1, 1)))
    False
    """
    rows, columns = _pooled_sides(x_shape, kernel_shape, window=window, pads=pads)
    reach, channels = _reach(kernel_shape, window), kernel_shape[2]
    padded_area = reach[0] * reach[1] * window[0] * window[1]
    patches = padded_area * channels * rows * columns * x_shape[0]
    few_zeros = channels <= 4 or 2 * padded_area <= 3 * kernel_shape[0] * kernel_shape[1]
    return min(rows, columns) > 0 and few_zeros and patches <= 5_000_000


def _pooled_sides(x_shape: Shape, kernel_shape: Shape, *, window: Size, pads: Pads) -> Size:
    """Height and width after the convolution and the pooling, both at full windows only."""
    height = x_shape[1] + sum(pads[0]) - kernel_shape[0] + 1
    width = x_shape[2] + sum(pads[1]) - kernel_shape[1] + 1
    return height // window[0], width // window[1]


def _reach(kernel_shape: Shape, window: Size) -> Size:
    """How many blocks of the window's size a kernel spans at most, wherever in a block it starts."""
    return (kernel_shape[0] - 2) // window[0] + 2, (kernel_shape[1] - 2) // window[1] + 2


def _first_maximum(a: Array, b: Array) -> Array:
    """The maximum of two; its gradient goes to `a` on ties, which `jnp.maximum` would halve. NaN wins."""
    return jnp.where((b > a) | jnp.isnan(b), b, a)


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
    """The kernel at every place of the window, folded: [h, w, C, F] -> [places · F, reach · C · places]."""
    height, width, channels, features = kernel.shape
    (rows, columns), (h, w) = reach, window
    spare = (rows * h - height, columns * w - width)
    shifted = [
        jnp.pad(kernel, ((a, spare[0] - a), (b, spare[1] - b), (0, 0), (0, 0))) for a in range(h) for b in range(w)
    ]
    folded = jnp.stack(shifted).reshape(h * w, rows, h, columns, w, channels, features)
    return folded.transpose(0, 6, 1, 3, 5, 2, 4).reshape(h * w * features, -1)
