"""Convolution, alone and with max-pooling, as pure functions."""

from collections.abc import Callable
from functools import partial

from flax import linen as nn
from jax import lax

from dl.errors import InputError
from dl.layers.conv.fused_cpu import fused_conv_pool, fuses
from dl.layers.conv.gradients import fast_convolution, native_convolution
from dl.layers.conv.pool import max_pool
from dl.layers.conv.shapes import (
    Padding,
    Pads,
    Placement,
    Sides,
    Size,
    check_implementation,
    check_pictures,
    padding_pairs,
    pair,
    per_channel,
)
from dl.types import Array


def convolution(
    x: Array,
    kernel: Array,
    *,
    strides: Sides = 1,
    padding: Padding = "SAME",
    dilation: Sides = 1,
    groups: int = 1,
    implementation: str = "auto",
) -> Array:
    """Cross-correlation: y[b, p, q, f] = Σ_ijc x[b, s p + d i, s q + d j, c] k[i, j, c, f].

    [B, H, W, C] * [h, w, C / groups, F] -> [B, P, Q, F] with P = ⌊(H + padding − d (h − 1) − 1) /
    s⌋ + 1. The step s is `strides`, the spread d is `dilation`. With `groups`, each group of C /
    groups input channels has its own F / groups kernels. `implementation` "native" is XLA's
    convolution with its own gradients on every backend. "auto" has other gradients on the CPU: as
    fast outside of compiled loops (`lax.scan`, `while`), and many times faster inside them and
    under `vmap` over kernels. Source: E3, E4.

    Raises:
        InputError: for shapes that do not fit each other, unknown paddings and implementations.

    >>> x, kernel = jnp.arange(9.0).reshape(1, 3, 3, 1), jnp.ones((2, 2, 1, 1))
    >>> convolution(x, kernel, padding="VALID")[0, :, :, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """
    _check_shapes(x, kernel, groups)
    check_implementation(implementation)
    step, spread = pair(strides, "strides"), pair(dilation, "dilation")
    extent = ((kernel.shape[0] - 1) * spread[0] + 1, (kernel.shape[1] - 1) * spread[1] + 1)
    pads = padding_pairs(padding, (x.shape[1], x.shape[2]), extent, step)
    convolve = native_convolution if implementation == "native" else fast_convolution
    return convolve(x, kernel, Placement(step, pads, spread), groups)


def conv_pool(
    x: Array,
    kernel: Array,
    bias: Array | None = None,
    *,
    window: Sides = (2, 2),
    strides: Sides | None = None,
    padding: Padding = "VALID",
    activation: Callable[[Array], Array] = nn.relu,
    implementation: str = "auto",
) -> Array:
    """Convolution of stride 1, then max-pooling: y = f(b + max over the window of (x * k)).

    [B, H, W, C] * [h, w, C, F] + [F] -> [B, P, Q, F]. The `activation` f must be elementwise and
    nowhere decrease (ReLU, tanh, logistic): then it commutes with the maximum, as the bias does,
    and both cost less after it. `strides` are those of the pooling, the window's sides if None;
    `padding` is that of the convolution; the pooling drops incomplete windows. `implementation`
    "native" calls the two XLA operations on every backend; "auto" takes one fused operation on the
    CPU where that is faster. Source: E4, E5, C5.

    Raises:
        InputError: for shapes that do not fit each other, unknown paddings and implementations.

    >>> conv_pool(jnp.ones((1, 28, 28, 1)), jnp.ones((5, 5, 1, 20)), jnp.zeros(20)).shape
    (1, 12, 12, 20)
    """
    _check_shapes(x, kernel, groups=1)
    check_implementation(implementation)
    size, extent = pair(window, "window"), (kernel.shape[0], kernel.shape[1])
    pads = padding_pairs(padding, (x.shape[1], x.shape[2]), extent)
    step = size if strides is None else pair(strides, "strides")
    place = {"window": size, "strides": step, "pads": pads}
    options = {**place, "activation": activation}
    separate = partial(_conv_pool, **options)
    if implementation == "native" or not fuses(x, kernel, **place):
        return separate(x, kernel, bias, implementation=implementation)
    fused, native = (
        partial(fused_conv_pool, **options),
        partial(separate, implementation="native"),
    )
    return lax.platform_dependent(x, kernel, bias, cpu=fused, default=native)


def _check_shapes(x: Array, kernel: Array, groups: int) -> None:
    check_pictures(x)
    if kernel.ndim != 4 or kernel.shape[2] * groups != x.shape[3] or kernel.shape[3] % groups:
        expected = f"[h, w, {x.shape[3]} / {groups}, F], F a multiple of {groups}"
        raise InputError(
            f"kernel must be {expected} for inputs {x.shape} in {groups} group(s), "
            f"not {kernel.shape}"
        )


def _conv_pool(
    x: Array,
    kernel: Array,
    bias: Array | None,
    *,
    window: Size,
    strides: Size,
    pads: Pads,
    activation: Callable[[Array], Array],
    implementation: str,
) -> Array:
    maps = convolution(x, kernel, padding=pads, implementation=implementation)
    pooled = max_pool(maps, window, strides=strides, implementation=implementation)
    return activation(pooled if bias is None else pooled + per_channel(bias, pooled))
