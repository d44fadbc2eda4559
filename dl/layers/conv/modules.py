"""Convolution and pooling as Flax modules, with the parameters of `flax.linen.Conv`."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from flax.linen.dtypes import promote_dtype

from dl.layers.conv.convolution import conv_pool, convolution
from dl.layers.conv.pool import avg_pool, max_pool
from dl.layers.conv.shapes import Padding, Sides, check_pictures, pair, per_channel
from dl.types import Array

Initializer = Callable[..., Any]


class Conv(nn.Module):
    """`convolution` and a bias, with the parameters and initialisers of `flax.linen.Conv`.

    Parameters: `kernel` [h, w, C / groups, features], `bias` [features]. `dtype` is the type of the
    computation, `param_dtype` that of the parameters; `implementation` is that of `convolution`.

    >>> layer = Conv(6, (5, 5), padding="VALID")
    >>> layer.init_with_output(jax.random.key(0), jnp.ones((1, 32, 32, 1)))[0].shape
    (1, 28, 28, 6)
    """

    features: int
    kernel_size: Sides
    strides: Sides = 1
    padding: Padding = "SAME"
    dilation: Sides = 1
    groups: int = 1
    use_bias: bool = True
    dtype: Any = None
    param_dtype: Any = jnp.float32
    kernel_init: Initializer = nn.initializers.lecun_normal()
    bias_init: Initializer = nn.initializers.zeros_init()
    implementation: str = "auto"

    @nn.compact
    def __call__(self, x: Array) -> Array:
        check_pictures(x)
        shape = (*pair(self.kernel_size, "kernel_size"), x.shape[-1] // self.groups, self.features)
        kernel = self.param("kernel", self.kernel_init, shape, self.param_dtype)
        bias = (
            self.param("bias", self.bias_init, (self.features,), self.param_dtype)
            if self.use_bias
            else None
        )
        x, kernel, bias = promote_dtype(x, kernel, bias, dtype=self.dtype)
        y = convolution(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            implementation=self.implementation,
        )
        return y if bias is None else y + per_channel(bias, y)


class ConvPool(nn.Module):
    """`conv_pool` with the parameters of `flax.linen.Conv`: `kernel` [h, w, C, features], `bias`.

    With `implementation` "native" it calls `convolve` and then `pool`, so that a trace of the
    model's modules shows the output before the pooling too. `activation` must be elementwise and
    nowhere decrease.

    >>> layer = ConvPool(20, (5, 5))
    >>> layer.init_with_output(jax.random.key(0), jnp.ones((1, 28, 28, 1)))[0].shape
    (1, 12, 12, 20)
    """

    features: int
    kernel_size: Sides
    window: Sides = (2, 2)
    strides: Sides | None = None
    padding: Padding = "VALID"
    activation: Callable[[Array], Array] = nn.relu
    implementation: str = "auto"
    use_bias: bool = True
    dtype: Any = None
    param_dtype: Any = jnp.float32
    kernel_init: Initializer = nn.initializers.lecun_normal()
    bias_init: Initializer = nn.initializers.zeros_init()

    @nn.compact
    def __call__(self, x: Array) -> Array:
        check_pictures(x)
        shape = (*pair(self.kernel_size, "kernel_size"), x.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape, self.param_dtype)
        bias = (
            self.param("bias", self.bias_init, (self.features,), self.param_dtype)
            if self.use_bias
            else None
        )
        x, kernel, bias = promote_dtype(x, kernel, bias, dtype=self.dtype)
        if self.implementation == "native":
            return self.pool(self.convolve(x, kernel, bias))
        return conv_pool(
            x,
            kernel,
            bias,
            window=self.window,
            strides=self.strides,
            padding=self.padding,
            activation=self.activation,
            implementation=self.implementation,
        )

    def convolve(self, x: Array, kernel: Array, bias: Array | None) -> Array:
        """Convolution, bias and activation, before the pooling."""
        y = convolution(x, kernel, padding=self.padding, implementation=self.implementation)
        return self.activation(y if bias is None else y + per_channel(bias, y))

    def pool(self, y: Array) -> Array:
        """The maxima of what `convolve` returns."""
        return max_pool(y, self.window, strides=self.strides, implementation=self.implementation)


class MaxPool(nn.Module):
    """`max_pool` as a module, so that a trace of the model's modules shows its output.

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
    """`avg_pool` as a module, so that a trace of the model's modules shows its output.

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
