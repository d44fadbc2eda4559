"""Convolution as a product with patches, for the CPU.

It is linear in the kernel, so that the kernel's gradient is a product too. `gradients` takes it
where XLA's own form is slower.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from dl.layers.conv.shapes import Pads, Placement, Shape, Size
from dl.types import Array

_PATCHES_AT_ONCE = 500_000
"""Values in the patches of one part of the batch: 2 MB of float32, a core's share of the caches."""


def product_convolution(x: Array, kernel: Array, placement: Placement) -> Array:
    """Cross-correlation [B, H, W, C] * [h, w, C, F] -> [B, P, Q, F] around one product.

    P and Q must not be 0. Half precision is summed in float32. For the gradient of the kernel the
    patches are computed again, for a part of the batch at a time. Source: E3, E4.

    >>> x, kernel = jnp.arange(9.0).reshape(1, 3, 3, 1), jnp.ones((2, 2, 1, 1))
    >>> product_convolution(x, kernel, Placement())[0, :, :, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """
    computed_in = jnp.promote_types(x.dtype, jnp.float32)
    convolve = _shifted_products if placement.strides == (1, 1) else _patch_product
    if kernel.shape[:2] == (1, 1):
        convolve = _pointwise_product
    return convolve(x.astype(computed_in), kernel.astype(computed_in), placement).astype(x.dtype)


def _pointwise_product(x: Array, kernel: Array, placement: Placement) -> Array:
    """A 1×1 kernel: channels times features at every place that the strides reach."""
    down, right = placement.strides
    met = _pad(x, placement.pads)[:, ::down, ::right]
    # Flat, since XLA transposes one side of the gradient of a product over three axes.
    return (met.reshape(-1, met.shape[3]) @ kernel[0, 0]).reshape(*met.shape[:3], kernel.shape[3])


def _shifted_products(x: Array, kernel: Array, placement: Placement) -> Array:
    """Column shifts side by side, one product with all rows of the kernel, then row shifts.

    The transpose is one product of w shifts of the inputs with h shifts of the outputs' gradient.
    """
    height, width, channels, features = kernel.shape
    down, right = placement.dilation
    rows, columns = _output_sides(x.shape, kernel.shape, placement)
    flat = kernel.transpose(1, 2, 0, 3).reshape(width * channels, height * features)

    def convolve(x: Array, flat: Array) -> Array:
        x = _pad(x, placement.pads)
        shifted = jnp.concatenate(
            [x[:, :, j * right : j * right + columns] for j in range(width)], axis=3
        )
        # Without the barriers XLA makes the shifts again inside the product's loops.
        shifted = lax.optimization_barrier(shifted)
        product = (shifted.reshape(-1, width * channels) @ flat).reshape(
            *shifted.shape[:3], height * features
        )
        parts = lax.split(lax.optimization_barrier(product), (features,) * height, axis=3)
        reach = (height - 1) * down
        placed = [
            _pad(part, ((reach - i * down, i * down), (0, 0))) for i, part in enumerate(parts)
        ]
        return sum(placed[1:], placed[0])[:, reach : reach + rows]

    return _in_parts(convolve, x, flat, (rows + (height - 1) * down) * columns * width * channels)


def _patch_product(x: Array, kernel: Array, placement: Placement) -> Array:
    """Patches [P Q, h w C] times kernel [h w C, F]."""
    height, width, channels, features = kernel.shape
    (down, right), (step_down, step_right) = placement.dilation, placement.strides
    rows, columns = _output_sides(x.shape, kernel.shape, placement)
    bottom, end = (rows - 1) * step_down + 1, (columns - 1) * step_right + 1
    corners = [(i * down, j * right) for i in range(height) for j in range(width)]

    def convolve(x: Array, flat: Array) -> Array:
        x = _pad(x, placement.pads)
        shifted = [x[:, i : i + bottom : step_down, j : j + end : step_right] for i, j in corners]
        patches = lax.optimization_barrier(jnp.concatenate(shifted, axis=3))
        return (patches.reshape(-1, flat.shape[0]) @ flat).reshape(*patches.shape[:3], features)

    return _in_parts(
        convolve, x, kernel.reshape(-1, features), rows * columns * height * width * channels
    )


def _output_sides(x_shape: Shape, kernel_shape: Shape, placement: Placement) -> Size:
    rows, columns = (
        (
            x_shape[axis + 1]
            + sum(placement.pads[axis])
            - (kernel_shape[axis] - 1) * placement.dilation[axis]
            - 1
        )
        // placement.strides[axis]
        + 1
        for axis in (0, 1)
    )
    return rows, columns


def _pad(x: Array, pads: Pads) -> Array:
    (top, bottom), (left, right) = pads
    return lax.pad(
        x, jnp.zeros((), x.dtype), ((0, 0, 0), (top, bottom, 0), (left, right, 0), (0, 0, 0))
    )


def _in_parts(
    convolve: Callable[[Array, Array], Array], x: Array, kernel: Array, patches: int
) -> Array:
    """`convolve` over parts of the batch, small enough for their patches to stay in the caches.

    `patches` is the number of values in one example's patches. The checkpoint avoids storing the
    patches of all parts for the gradient.
    """
    batch = x.shape[0]
    fewest = min(batch, -(-patches * batch // _PATCHES_AT_ONCE))
    parts = next(count for count in range(fewest, batch + 1) if batch % count == 0)
    if parts == 1:
        return convolve(x, kernel)
    part = jax.checkpoint(convolve, prevent_cse=False)
    ys = lax.map(lambda x: part(x, kernel), x.reshape(parts, batch // parts, *x.shape[1:]))
    return ys.reshape(batch, *ys.shape[2:])
