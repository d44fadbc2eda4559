"""Convolution with gradients that are fast on a CPU, also in compiled loops and under `vmap`.

XLA's forward convolution is fast there unless it is narrow or 1×1. Its two gradients are very slow
inside a loop, and so is everything once `vmap` over pictures and kernels turns it into groups.
Narrow and 1×1 convolutions are therefore products in all directions. For the others both tangents
are written as operations whose transposes are the wanted gradients, so that all of automatic
differentiation works: either mode, any order, `vmap`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap
from jax.custom_derivatives import SymbolicZero

from dl.layers.conv.products import product_convolution
from dl.layers.conv.shapes import Pads, Placement, Shape
from dl.types import Array

Function = Callable[..., Array]

_NARROW = 16
"""Up to so many channels and features XLA's convolution for the CPU runs at half speed or less."""
_DEEP = 8
"""From so many channels on the product of a 1×1 kernel is faster than XLA's convolution."""


def fast_convolution(x: Array, kernel: Array, placement: Placement, groups: int = 1) -> Array:
    """`native_convolution` with other gradients on a CPU; other backends get the native program.

    [B, H, W, C] * [h, w, C / groups, F] -> [B, P, Q, F], values and gradients equal to float
    tolerance. On a CPU the kernel's gradient is a product with patches of the pictures, and the
    pictures' gradient a forward convolution with the turned kernel. Where `vmap` maps the kernel,
    the latter is a product too; where it maps both, so is the forward pass. Always products are
    narrow convolutions, from at most 16 channels to at most 16 features, and 1×1 convolutions of at
    least 8 channels. More than one group, integers and arrays of size 0 keep the native gradients.
    Forward mode along the pictures, and derivatives of second and higher order, are right, but some
    of them are slow in a loop. Source: E3, E4.

    >>> x, kernel = jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 2, 5))
    >>> fast_convolution(x, kernel, Placement(pads=((1, 1), (1, 1)))).shape
    (1, 4, 4, 5)
    """
    native = partial(native_convolution, placement=placement, groups=groups)
    sizes = x.size, kernel.size, jax.eval_shape(native, x, kernel).size
    if groups > 1 or 0 in sizes or not jnp.issubdtype(x.dtype, jnp.inexact):
        return native(x, kernel)
    if _is_product(kernel, placement):
        product = _recomputed(partial(product_convolution, placement=placement))
        return lax.platform_dependent(x, kernel, cpu=product, default=native)
    return _convolution(placement, x, kernel)


def _is_product(kernel: Array, placement: Placement) -> bool:
    """Whether a product is faster forward too: for narrow and 1×1 ones (docs/performance.md)."""
    height, width, channels, features = kernel.shape
    if height * width == 1:
        return channels >= _DEEP
    return max(channels, features) <= _NARROW and placement.strides == (1, 1)


def native_convolution(x: Array, kernel: Array, placement: Placement, groups: int = 1) -> Array:
    """XLA's convolution and its own gradients.

    [B, H, W, C] * [h, w, C / groups, F] -> [B, P, Q, F]. Source: E3, E4.

    >>> x, kernel = jnp.ones((1, 4, 4, 2)), jnp.ones((3, 3, 2, 5))
    >>> native_convolution(x, kernel, Placement(strides=(2, 2))).shape
    (1, 1, 1, 5)
    """
    return lax.conv_general_dilated(
        x,
        kernel,
        placement.strides,
        placement.pads,
        rhs_dilation=placement.dilation,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _convolution(placement: Placement, x: Array, kernel: Array) -> Array:
    product, native = (
        partial(f, placement=placement) for f in (product_convolution, native_convolution)
    )

    def on_cpu(x: Array, kernel: Array) -> Array:
        return lax.cond(_is_mapped(x) & _is_mapped(kernel), product, native, x, kernel)

    return lax.platform_dependent(x, kernel, cpu=on_cpu, default=native)


@partial(_convolution.defjvp, symbolic_zeros=True)
def _convolution_jvp(placement: Placement, primals: tuple, tangents: tuple) -> tuple[Array, Any]:
    (x, kernel), (dx, dkernel) = primals, tangents
    y = _convolution(placement, x, kernel)
    parts = []
    if not isinstance(dx, SymbolicZero):
        parts.append(_recomputed(partial(_along_inputs, placement))(dx, kernel))
    if not isinstance(dkernel, SymbolicZero):
        parts.append(_recomputed(partial(_along_kernel, placement))(x, dkernel))
    return y, sum(parts) if parts else jnp.zeros_like(y)


def _along_inputs(placement: Placement, dx: Array, kernel: Array) -> Array:
    """dx * kernel; on a CPU written as the transpose of the wanted gradient."""
    native = partial(native_convolution, placement=placement)
    of_product, of_native = (
        partial(_transposed, f, placement) for f in (product_convolution, native_convolution)
    )

    def on_cpu(dx: Array, kernel: Array) -> Array:
        return lax.cond(_is_mapped(kernel), of_product, of_native, dx, kernel)

    return lax.platform_dependent(dx, kernel, cpu=_recomputed(on_cpu), default=native)


def _along_kernel(placement: Placement, x: Array, dkernel: Array) -> Array:
    """x * dkernel; on a CPU a product, whose transpose is one too."""
    product, native = (
        partial(f, placement=placement) for f in (product_convolution, native_convolution)
    )
    return lax.platform_dependent(x, dkernel, cpu=_recomputed(product), default=native)


def _recomputed(linear: Function) -> Function:
    """`linear`, for whose transpose only its other argument is kept.

    Around the choice of a platform this keeps a loop's memory small; around the CPU's branch it
    keeps the patches that the branch would save out of the other platforms' programs.
    """
    return jax.checkpoint(linear, prevent_cse=False)


def _transposed(convolve: Function, placement: Placement, dx: Array, kernel: Array) -> Array:
    """dx * kernel as the transpose of the pictures' gradient, in which `convolve` convolves."""
    y = jax.eval_shape(partial(native_convolution, placement=placement), dx, kernel)

    def gradient(dy: Array) -> Array:
        if placement.strides != (1, 1) and placement.dilation == (1, 1):
            return _interleaved(convolve, dy, kernel, placement, dx.shape)
        spread, turned_placement = _spread(dy, placement, dx.shape, kernel.shape)
        return convolve(spread, _turned(kernel), turned_placement)

    return jax.linear_transpose(gradient, y)(dx)[0]


def _turned(kernel: Array) -> Array:
    """By 180° and from outputs to inputs: [h, w, C, F] -> [h, w, F, C]."""
    return kernel[::-1, ::-1].swapaxes(2, 3)


def _interleaved(
    convolve: Function, dy: Array, kernel: Array, placement: Placement, x_shape: Shape
) -> Array:
    """The pictures' gradient for strides s, t.

    Every s-th row and t-th column of it depends on every s-th and t-th tap of the kernel only.
    """
    (down, right), ((top, bottom), (left, end)) = placement.strides, placement.pads
    batch, height, width, channels = x_shape
    rows, columns = -(-(height + top + bottom) // down), -(-(width + left + end) // right)

    def part(row: int, column: int) -> Array:
        taps = kernel[row::down, column::right]
        if taps.size == 0:
            return jnp.zeros((batch, rows, columns, channels), dy.dtype)
        pads = (taps.shape[0] - 1, rows - dy.shape[1]), (taps.shape[1] - 1, columns - dy.shape[2])
        return convolve(dy, _turned(taps), Placement(pads=pads))

    parts = jnp.stack(
        [jnp.stack([part(row, column) for column in range(right)], 3) for row in range(down)], 2
    )
    whole = parts.reshape(batch, rows * down, columns * right, channels)
    crop = (-top, top + height - rows * down, 0), (-left, left + width - columns * right, 0)
    return lax.pad(whole, jnp.zeros((), dy.dtype), ((0, 0, 0), *crop, (0, 0, 0)))


def _spread(
    dy: Array, placement: Placement, x_shape: Shape, kernel_shape: Shape
) -> tuple[Array, Placement]:
    """`dy` with a stride's zeros between its places, and the placement of the turned kernel on it.

    Convolved so, they give `x_shape`.
    """
    pads = _turned_pads(dy.shape, placement, x_shape, kernel_shape)
    if placement.strides == (1, 1) and min(*pads[0], *pads[1]) >= 0:
        return dy, Placement(pads=pads, dilation=placement.dilation)
    (rows, columns), (down, right) = pads, placement.strides
    spread = lax.pad(
        dy,
        jnp.zeros((), dy.dtype),
        ((0, 0, 0), (*rows, down - 1), (*columns, right - 1), (0, 0, 0)),
    )
    # Without the barrier XLA would make its slow transposed convolution of this again.
    return lax.optimization_barrier(spread), Placement(dilation=placement.dilation)


def _turned_pads(
    dy_shape: Shape, placement: Placement, x_shape: Shape, kernel_shape: Shape
) -> Pads:
    def around(axis: int) -> tuple[int, int]:
        reach = (kernel_shape[axis] - 1) * placement.dilation[axis]
        last = (dy_shape[axis + 1] - 1) * placement.strides[axis]
        before = reach - placement.pads[axis][0]
        return before, x_shape[axis + 1] - 1 + reach - last - before

    return around(0), around(1)


def _is_mapped(x: Array) -> Array:
    """Whether `vmap` maps x, as a constant of the compiled program.

    A tracer inside a loop would not tell.
    """
    return _mapped(lax.stop_gradient(x))


@custom_vmap
def _mapped(x: Array) -> Array:
    return jnp.asarray(False)


@_mapped.def_vmap
def _mapped_under_vmap(size: int, mapped: list, x: Array) -> tuple[Array, bool]:
    return jnp.asarray(True), False
