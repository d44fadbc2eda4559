"""Auto-encoders, dense and convolutional: an encoder to a code, and a decoder back from it.

The models only compute. The objective (`dl.objectives.autoencoding`) keeps the code from being a
copy of the inputs: by few units, sparsity, noise or contraction. Source: F1-F3.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.linen.dtypes import promote_dtype

from dl.errors import InputError
from dl.layers import Conv
from dl.models.functional import from_linen
from dl.types import Array, Autoencoder, Key, Params

Activation = Callable[[Array], Array]
_LECUN_NORMAL = nn.initializers.lecun_normal()


def identity(x: Array) -> Array:
    """x: the activation of a linear layer."""
    return x


class TiedDense(nn.Module):
    """Wᵀ x + b with the weights W of another layer: [B, F], kernel [N, F] -> [B, N].

    Only the biases are its own. `dtype` is the type of the computation.
    """

    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array, kernel: Array) -> Array:
        bias = self.param("bias", nn.initializers.zeros, (kernel.shape[0],))
        inputs, kernel, bias = promote_dtype(inputs, kernel, bias, dtype=self.dtype)
        return inputs @ kernel.T + bias[None]


class DenseAutoencoder(nn.Module):
    """Dense layers down to `code_size`, and back up: [B, ...] -> [B, F] -> [B, ...]."""

    input_shape: tuple[int, ...]
    code_size: int
    hidden_sizes: tuple[int, ...] = ()
    activation: Activation = nn.relu
    code_activation: Activation = identity
    tied: bool = False
    kernel_init: Callable[..., Array] = _LECUN_NORMAL

    def setup(self) -> None:
        """Makes the layers of both halves."""
        up = (*self.hidden_sizes[::-1], math.prod(self.input_shape))
        self.encoder = [
            nn.Dense(size, kernel_init=self.kernel_init)
            for size in (*self.hidden_sizes, self.code_size)
        ]
        self.decoder: list[Any] = [
            TiedDense() if self.tied else nn.Dense(size, kernel_init=self.kernel_init)
            for size in up
        ]

    def encode(self, inputs: Array) -> Array:
        """The code: [B, ...] -> [B, F]."""
        hidden = _checked(inputs, self.input_shape).reshape(inputs.shape[0], -1)
        for layer in self.encoder[:-1]:
            hidden = self.activation(layer(hidden))
        return self.code_activation(self.encoder[-1](hidden))

    def decode(self, code: Array) -> Array:
        """The reconstruction from a code: [B, F] -> [B, ...]."""
        hidden, layers = code, list[Any](self.decoder)
        for number, (layer, mirrored) in enumerate(zip(layers, self.encoder[::-1], strict=True)):
            hidden = self.activation(hidden) if number else hidden
            hidden = (
                layer(hidden, mirrored.variables["params"]["kernel"])
                if self.tied
                else layer(hidden)
            )
        return hidden.reshape(-1, *self.input_shape)

    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        return self.decode(self.encode(inputs))


class ConvAutoencoder(nn.Module):
    """3×3 convolutions of stride 2 to a dense code, and back: [B, H, W, C] -> [B, F] -> the same.

    On the way back the maps are enlarged by repeating each value before the convolution, which
    avoids the checkerboard of transposed convolutions (Odena et al. 2016).
    """

    input_shape: tuple[int, ...]
    code_size: int
    features: tuple[int, ...] = (16, 32)
    activation: Activation = nn.relu
    implementation: str = "auto"

    def setup(self) -> None:
        """Makes the layers of both halves."""
        height, width, channels = self.input_shape
        self.sides = [
            (-(-height // 2**n), -(-width // 2**n)) for n in range(len(self.features) + 1)
        ]
        options: dict[str, Any] = {"kernel_size": 3, "implementation": self.implementation}
        self.encoder = [Conv(features, strides=2, **options) for features in self.features]
        self.decoder = [
            Conv(features, **options) for features in (*self.features[-2::-1], channels)
        ]
        self.code = nn.Dense(self.code_size)
        self.spread = nn.Dense(math.prod(self.sides[-1]) * self.features[-1])

    def encode(self, inputs: Array) -> Array:
        """The code: [B, ...] -> [B, F]."""
        maps = _checked(inputs, self.input_shape)
        for layer in self.encoder:
            maps = self.activation(layer(maps))
        return self.code(maps.reshape(maps.shape[0], -1))

    def decode(self, code: Array) -> Array:
        """The reconstruction from a code: [B, F] -> [B, ...]."""
        maps = self.spread(code).reshape(-1, *self.sides[-1], self.features[-1])
        for layer, (height, width) in zip(self.decoder, self.sides[-2::-1], strict=True):
            doubled = self.activation(maps).repeat(2, axis=1).repeat(2, axis=2)
            maps = layer(doubled[:, :height, :width])
        return maps

    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        return self.decode(self.encode(inputs))


def autoencoder(
    input_shape: Sequence[int],
    *,
    code_size: int,
    hidden_sizes: Sequence[int] = (),
    activation: Activation = nn.relu,
    code_activation: Activation = identity,
    tied: bool = False,
    kernel_init: Callable[..., Array] = _LECUN_NORMAL,
) -> Autoencoder:
    """A dense auto-encoder: code h = g(W x + b), reconstruction y = V h + c.

    `hidden_sizes` are the layers from the inputs to the code, and back in the opposite order;
    without any it is linear, and its best code spans the subspace of PCA (F2). `activation` is that
    of the hidden layers, `code_activation` is g, none by default. `tied` weights are V = Wᵀ in
    every layer. Source: F1-F3.

    Raises:
        InputError: for sizes below 1.

    >>> model = autoencoder((28, 28, 1), code_size=32)
    >>> sum(row.parameters for row in model.layers(jax.ShapeDtypeStruct((1, 28, 28, 1), "float32")))
    50992
    """
    _require_sizes(code_size=(code_size,), hidden_sizes=hidden_sizes)
    module = DenseAutoencoder(
        tuple(input_shape),
        code_size,
        tuple(hidden_sizes),
        activation=activation,
        code_activation=code_activation,
        tied=tied,
        kernel_init=kernel_init,
    )
    norm = None if hidden_sizes else _one_layer_norm(code_activation)
    return _autoencoder(module, "autoencoder", norm)


def conv_autoencoder(
    input_shape: Sequence[int],
    *,
    code_size: int,
    features: Sequence[int] = (16, 32),
    activation: Activation = nn.relu,
    implementation: str = "auto",
) -> Autoencoder:
    """A convolutional auto-encoder for pictures [H, W, C].

    `features` are the maps after each halving of the sides. `activation` follows every convolution
    but the last; `implementation` of the convolutions is "auto" or "native". Source: F1, E4.

    Raises:
        InputError: for sizes below 1, inputs that are no pictures, no convolution.

    >>> model = conv_autoencoder((28, 28, 1), code_size=32)
    >>> model.layers(jax.ShapeDtypeStruct((1, 28, 28, 1), "float32"))[-1].output_shape
    (28, 28, 1)
    """
    _require_sizes(code_size=(code_size,), features=features)
    if len(input_shape) != 3 or not features:
        raise InputError(
            f"pictures are H×W×C and need at least one convolution, "
            f"not {input_shape} and {features}"
        )
    module = ConvAutoencoder(
        tuple(input_shape),
        code_size,
        tuple(features),
        activation=activation,
        implementation=implementation,
    )
    return _autoencoder(module, "conv_autoencoder", None)


def _autoencoder(
    module: nn.Module, name: str, jacobian_norm: Callable[[Params, Array, Key], Array] | None
) -> Autoencoder:
    """The model of a module with the methods `encode` and `decode`."""
    model = from_linen(module, name=name)

    def encode(params: Params, inputs: Array) -> Array:
        return module.apply({"params": params}, inputs, method="encode")  # type: ignore[return-value]

    def decode(params: Params, code: Array) -> Array:
        return module.apply({"params": params}, code, method="decode")  # type: ignore[return-value]

    pair = {
        "encode": encode,
        "decode": decode,
        "jacobian_norm": jacobian_norm or estimated_norm(encode),
    }
    return Autoencoder(model.name, model.init, model.apply, model.trace, model.activations, **pair)


def estimated_norm(
    encode: Callable[[Params, Array], Array],
) -> Callable[[Params, Array, Key], Array]:
    """‖uᵀJ‖² with random signs u, whose mean is ‖J‖² (Hutchinson 1990): one backward pass."""

    def norm(params: Params, inputs: Array, key: Key) -> Array:
        code, pull_back = jax.vjp(lambda inputs: encode(params, inputs), inputs)
        (slope,) = pull_back(jax.random.rademacher(key, code.shape, code.dtype))
        return jnp.sum(slope**2, axis=range(1, slope.ndim))

    return norm


def _one_layer_norm(activation: Activation) -> Callable[[Params, Array, Key], Array]:
    """‖∂h/∂x‖² = Σ_j g'(a_j)² Σ_i W_ij² of a code h = g(a), a = W x + b (Rifai et al. 2011)."""

    def norm(params: Params, inputs: Array, key: Key) -> Array:
        del key
        kernel, bias = params["encoder_0"]["kernel"], params["encoder_0"]["bias"]
        before = inputs.reshape(inputs.shape[0], -1) @ kernel + bias[None]
        _, slope = jax.jvp(activation, (before,), (jnp.ones_like(before),))
        return slope**2 @ jnp.sum(kernel**2, axis=0)

    return norm


def _checked(inputs: Array, input_shape: tuple[int, ...]) -> Array:
    if inputs.shape[1:] != input_shape:
        raise InputError(
            f"the auto-encoder was built for inputs of {input_shape}, these are {inputs.shape[1:]}"
        )
    return inputs


def _require_sizes(**sizes: Sequence[int]) -> None:
    for name, values in sizes.items():
        if any(value < 1 for value in values):
            raise InputError(f"{name} is {values}; every layer needs at least 1 unit")
