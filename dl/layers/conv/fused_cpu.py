"""Convolution and max-pooling as one operation for the CPU, where XLA's gradients are slow.

Both forms are sums, products and selections of slices. They therefore differentiate in both modes,
to any order, and batch under `vmap`. Values and gradients are the native ones to float tolerance.
Inside, the batch is the last axis, so that every copy is contiguous. Without the barriers XLA would
compute patches and products again in each operation that reads them.
"""

from collections.abc import Callable, Iterator
from functools import partial, reduce

import jax
import jax.numpy as jnp
from jax import lax

from dl.layers.conv.max_pool_cpu import first_maximum
from dl.layers.conv.minimal_cpu import is_minimal, minimal_products
from dl.layers.conv.shapes import Pads, Shape, Size
from dl.types import Array

_MOST_PATCHES = 4_000_000
_MOST_PATCHES_5_WIDE = 20_000_000
"""Copying patches of up to so many values costs less than it saves; more for kernels 5 wide."""


def fused_conv_pool(
    x: Array,
    kernel: Array,
    bias: Array | None,
    *,
    window: Size,
    strides: Size,
    pads: Pads,
    activation: Callable[[Array], Array],
) -> Array:
    """Convolution, max-pooling, bias and activation, for strides of at most the window's sides.

    [B, H, W, C] * [h, w, C, F] + [F] -> [B, P, Q, F]: a maximum over the places of the window. The
    outputs of the convolution at place (a, b) of every block of the strides' size are computed
    separately, by shifted kernels or, where that is less work, by minimal filtering. Bias and
    activation are cheaper before the batch is the first axis again.

    >>> x, kernel = jnp.arange(16.0).reshape(1, 4, 4, 1), jnp.ones((1, 1, 1, 1))
    >>> options = {"window": (2, 2), "strides": (2, 2), "pads": ((0, 0), (0, 0))}
    >>> y = fused_conv_pool(x, kernel, None, activation=jnp.sqrt, **options)
    >>> (y[0, :, :, 0] ** 2).round(1).tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    rows, columns = _pooled_sides(x.shape, kernel.shape, window=window, strides=strides, pads=pads)
    outputs = rows + (window[0] - 1) // strides[0], columns + (window[1] - 1) // strides[1]
    blocks = _whole_blocks(x, kernel.shape, outputs, strides=strides, pads=pads)
    minimal = not _has_few_channels(kernel.shape) and is_minimal(x.dtype, kernel.shape, strides)
    products = minimal_products if minimal else partial(shifted_products, strides=strides)
    places = [
        place.reshape(-1, *outputs, x.shape[0]) for place in products(blocks, kernel, outputs)
    ]
    highest = reduce(
        first_maximum, _windows(places, (rows, columns), window=window, strides=strides)
    )
    activated = activation(highest if bias is None else highest + bias[:, None])
    return activated.reshape(-1, rows, columns, x.shape[0]).transpose(3, 1, 2, 0)


def fuses(
    x: jax.ShapeDtypeStruct | Array,
    kernel: jax.ShapeDtypeStruct | Array,
    *,
    window: Size,
    strides: Size,
    pads: Pads,
) -> bool:
    """Whether `fused_conv_pool` applies and is faster, forward plus backward, than two operations.

    As measured: with few input channels, where XLA's own convolution is far from its best, and
    where minimal filtering saves multiplications; in both cases while the patches do not exceed the
    caches by far.

    >>> options = {"window": (2, 2), "strides": (2, 2), "pads": ((1, 1), (1, 1))}
    >>> kernel = jax.ShapeDtypeStruct((3, 3, 64, 64), "float32")
    >>> few, many = (jax.ShapeDtypeStruct((batch, 32, 32, 64), "float32") for batch in (8, 64))
    >>> fuses(few, kernel, **options), fuses(many, kernel, **options)
    (True, False)
    """
    rows, columns = _pooled_sides(x.shape, kernel.shape, window=window, strides=strides, pads=pads)
    overlaps = all(step <= side for step, side in zip(strides, window, strict=True))
    pays = _has_few_channels(kernel.shape) or is_minimal(x.dtype, kernel.shape, strides)
    patches = _patch_size(kernel.shape, strides) * rows * columns * x.shape[0]
    most = _MOST_PATCHES_5_WIDE if kernel.shape[1] == 5 else _MOST_PATCHES
    return min(rows, columns) > 0 and overlaps and pays and patches <= most


def shifted_products(blocks: Array, kernel: Array, outputs: Size, strides: Size) -> list[Array]:
    """The convolution's outputs at each place of P Q blocks: [C, H, W, B] -> s t of [F, P Q B].

    Place (a, b) is a convolution whose kernel is shifted by (a, b). Over the input folded into
    blocks of the strides' size all of them have stride 1 and the same patches, so that they are one
    product.
    """
    reach, count = _reach(kernel.shape, strides), strides[0] * strides[1]
    kernels = _shifted_kernels(kernel, reach, strides=strides)
    patches = lax.optimization_barrier(_patches(_fold(blocks, strides), outputs, reach))
    product = lax.optimization_barrier(kernels @ patches)
    return list(lax.split(product, (kernel.shape[-1],) * count))


def _pooled_sides(
    x_shape: Shape, kernel_shape: Shape, *, window: Size, strides: Size, pads: Pads
) -> Size:
    """Height and width after the convolution and the pooling, both at full windows only."""
    height = x_shape[1] + sum(pads[0]) - kernel_shape[0] + 1
    width = x_shape[2] + sum(pads[1]) - kernel_shape[1] + 1
    return (height - window[0]) // strides[0] + 1, (width - window[1]) // strides[1] + 1


def _has_few_channels(kernel_shape: Shape) -> bool:
    """Whether the zeros of shifted kernels cost less than what avoids them."""
    return kernel_shape[2] <= 4


def _patch_size(kernel_shape: Shape, strides: Size) -> int:
    """The number of values in the patches of one output after the pooling."""
    height, width, channels, _ = kernel_shape
    if not _has_few_channels(kernel_shape):
        return 2 * height * (width + 1) * channels
    reach = _reach(kernel_shape, strides)
    return reach[0] * strides[0] * reach[1] * strides[1] * channels


def _windows(places: list[Array], pooled: Size, *, window: Size, strides: Size) -> Iterator[Array]:
    """The outputs at each place of all windows, in row-major order.

    [F, rows, columns, B] -> [F, P Q B].
    """
    for i in range(window[0]):
        for j in range(window[1]):
            place = places[i % strides[0] * strides[1] + j % strides[1]]
            row, column = i // strides[0], j // strides[1]
            window_place = place[:, row : row + pooled[0], column : column + pooled[1]]
            yield window_place.reshape(place.shape[0], -1)


def _reach(kernel_shape: Shape, strides: Size) -> Size:
    """How many blocks a kernel spans at most, wherever in a block it starts."""
    return (kernel_shape[0] - 2) // strides[0] + 2, (kernel_shape[1] - 2) // strides[1] + 2


def _whole_blocks(
    x: Array, kernel_shape: Shape, outputs: Size, *, strides: Size, pads: Pads
) -> Array:
    """[B, H, W, C] -> [C, H, W, B], padded or cropped to the blocks that the kernel reaches."""
    reach = _reach(kernel_shape, strides)
    sides = [(o + r - 1) * s for o, r, s in zip(outputs, reach, strides, strict=True)]
    (top, _), (left, _) = pads
    bottom, right = sides[0] - x.shape[1] - top, sides[1] - x.shape[2] - left
    x = lax.optimization_barrier(x.transpose(3, 1, 2, 0))
    return lax.pad(
        x, jnp.zeros((), x.dtype), ((0, 0, 0), (top, bottom, 0), (left, right, 0), (0, 0, 0))
    )


def _fold(x: Array, strides: Size) -> Array:
    """[C, H, W, B] -> [C · places, rows, columns, B]."""
    channels, height, width, batch = x.shape
    rows, columns = height // strides[0], width // strides[1]
    x = x.reshape(channels, rows, strides[0], columns, strides[1], batch)
    return x.transpose(0, 2, 4, 1, 3, 5).reshape(-1, rows, columns, batch)


def _patches(blocks: Array, outputs: Size, reach: Size) -> Array:
    """[C · places, rows, columns, B] -> [reach · C · places, P · Q · B]."""
    rows, columns = outputs
    shifts = [(i, j) for i in range(reach[0]) for j in range(reach[1])]
    shifted = [blocks[:, i : i + rows, j : j + columns] for i, j in shifts]
    return jnp.concatenate(shifted).reshape(len(shifts) * blocks.shape[0], -1)


def _shifted_kernels(kernel: Array, reach: Size, *, strides: Size) -> Array:
    """The kernel at every place of a block, folded.

    [h, w, C, F] -> [places · F, reach · C · places].
    """
    height, width, channels, features = kernel.shape
    (rows, columns), (h, w) = reach, strides
    spare = (rows * h - height, columns * w - width)
    shifted = [
        jnp.pad(kernel, ((a, spare[0] - a), (b, spare[1] - b), (0, 0), (0, 0)))
        for a in range(h)
        for b in range(w)
    ]
    folded = jnp.stack(shifted).reshape(h * w, rows, h, columns, w, channels, features)
    return folded.transpose(0, 6, 1, 3, 5, 2, 4).reshape(h * w * features, -1)
