"""The building blocks of convolutional models.

A convolution with its normalisation and activation as one block, local response normalisation, and
the step from the last maps to the dense layers.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from flax import linen as nn
from jax import lax

from dl.errors import InputError, did_you_mean
from dl.layers.conv.modules import Conv, ConvPool, MaxPool
from dl.layers.conv.shapes import Sides, check_implementation, check_pictures, pair
from dl.types import Array, PyTree

Norm = Callable[..., nn.Module]
"""`norm(train=..., name=...)` is a module from [B, H, W, C] to the same."""
Activation = Callable[[Array], Array]
ConvModule = Callable[..., nn.Module]
"""Makes a convolution from the arguments of `Conv`."""

_RISING = (
    nn.relu,
    nn.relu6,
    nn.leaky_relu,
    nn.elu,
    nn.celu,
    nn.selu,
    nn.softplus,
    nn.sigmoid,
    nn.tanh,
)
"""Elementwise activations that nowhere decrease: they commute with a maximum."""

he_normal = nn.initializers.he_normal()
"""Weights of variance 2 / fan-in, for ReLU. Source: He et al. 2015, arXiv:1502.01852."""


def batch_norm(*, momentum: float = 0.9, epsilon: float = 1e-5, dtype: Any = None) -> Norm:
    """Batch normalisation: by the batch's mean and variance in training, by running ones otherwise.

    y = γ (x − μ) / √(σ² + ε) + β for each channel, μ and σ² over the batch and all places; running
    ← momentum · running + (1 − momentum) · batch. In a train step μ and σ² leave out padded rows
    (`over_real_rows`), and under `pmap` they are those of the batch over all devices
    (`synchronised`). Source: Ioffe and Szegedy 2015, arXiv:1502.03167.

    >>> norm = batch_norm()(train=False, name="norm")
    >>> norm.init_with_output(jax.random.key(0), jnp.ones((2, 3, 3, 4)))[0].shape
    (2, 3, 3, 4)
    """

    def norm(*, train: bool, name: str) -> nn.Module:
        return nn.BatchNorm(
            use_running_average=not train,
            momentum=momentum,
            epsilon=epsilon,
            dtype=dtype,
            name=name,
        )

    return norm


def chosen_norm(norm: Norm | None, *, batch_normalised: bool, dtype: Any = None) -> Norm | None:
    """`norm` if it is given, else batch norm if the model is `batch_normalised`, else None.

    >>> chosen_norm(None, batch_normalised=False) is None
    True
    """
    return batch_norm(dtype=dtype) if norm is None and batch_normalised else norm


class ConvBlock(nn.Module):
    """f(norm(x * k)), or f(x * k + b) without `norm`: [B, H, W, C] -> [B, P, Q, features].

    `padding` None is (side − 1) / 2 on every side, which keeps height and width at stride 1. `act`
    None leaves the activation out; `use_bias` None means a bias where there is no norm. With
    `pool`, the sides and strides of windows, the block ends in their maxima; with `implementation`
    "auto" these are computed in one operation with the convolution where that is possible, with the
    same parameters.

    >>> block = ConvBlock(8, 3, strides=2, norm=batch_norm())
    >>> block.init_with_output(jax.random.key(0), jnp.ones((1, 8, 8, 3)))[0].shape
    (1, 4, 4, 8)
    """

    features: int
    kernel_size: Sides
    strides: Sides = 1
    padding: Any = None
    groups: int = 1
    norm: Norm | None = None
    act: Activation | None = nn.relu
    conv: ConvModule = Conv
    use_bias: bool | None = None
    dtype: Any = None
    pool: tuple[Sides, Sides] | None = None
    implementation: str = "auto"

    @nn.compact
    def __call__(self, x: Array, *, train: bool = False) -> Array:
        check_implementation(self.implementation)
        height, width = pair(self.kernel_size, "kernel_size")
        options = {
            "padding": ((height - 1) // 2, (width - 1) // 2)
            if self.padding is None
            else self.padding,
            "use_bias": self.norm is None if self.use_bias is None else self.use_bias,
            "kernel_init": he_normal,
            "dtype": self.dtype,
            "name": "conv",
        }
        if self.pool and self._fuses():
            window, strides = self.pool
            pooled = {"window": window, "strides": strides, "activation": self.act}
            return ConvPool(self.features, (height, width), **pooled, **options)(x)
        # The modules of others may not have this option.
        options |= {"implementation": self.implementation} if self.conv is Conv else {}
        x = self.conv(
            self.features, (height, width), strides=self.strides, groups=self.groups, **options
        )(x)
        x = x if self.norm is None else self.norm(train=train, name="norm")(x)
        x = x if self.act is None else self.act(x)
        return (
            x
            if self.pool is None
            else MaxPool(*self.pool, implementation=self.implementation, name="pool")(x)
        )

    @nn.nowrap
    def _fuses(self) -> bool:
        """Whether everything between the convolution and the maximum commutes with the maximum."""
        plain = self.norm is None and self.conv is Conv and self.act in _RISING
        return (
            plain
            and self.implementation == "auto"
            and self.groups == 1
            and pair(self.strides, "strides") == (1, 1)
        )


def local_response_norm(
    x: Array, *, size: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Array:
    """y_c = x_c / (k + α Σ x_j²)^β, the sum over the `size` channels around c.

    [B, H, W, C] -> the same. Source: Krizhevsky et al. 2012, section 3.3, whose constants are the
    defaults.

    >>> y = local_response_norm(jnp.ones((1, 1, 1, 6)), alpha=1.0, beta=1.0)
    >>> (1 / y[0, 0, 0]).round().tolist()
    [5.0, 6.0, 7.0, 7.0, 6.0, 5.0]
    """
    check_pictures(x)
    before, after = size // 2, (size - 1) // 2
    pads = ((0, 0), (0, 0), (0, 0), (before, after))
    sums = lax.reduce_window(
        x * x, np.zeros((), x.dtype), lax.add, (1, 1, 1, size), (1, 1, 1, 1), pads
    )
    return x / (k + alpha * sums) ** beta


def global_avg_pool(x: Array) -> Array:
    """The mean of each map: [B, H, W, C] -> [B, C]. Source: E6; Lin et al. 2014, arXiv:1312.4400.

    >>> global_avg_pool(jnp.arange(4.0).reshape(1, 2, 2, 1)).tolist()
    [[1.5]]
    """
    check_pictures(x)
    return x.mean((1, 2))


def vectors(maps: Array, head: str) -> Array:
    """The inputs of the dense layers: the last maps' values ("flatten") or their means ("mean").

    [B, H, W, C] -> [B, H W C] or [B, C]. Source: E6.

    Raises:
        InputError: for another `head`.

    >>> maps = jnp.ones((2, 3, 3, 8))
    >>> vectors(maps, "flatten").shape, vectors(maps, "mean").shape
    ((2, 72), (2, 8))
    """
    if head not in ("flatten", "mean"):
        raise InputError(f"unknown head {head!r}: {did_you_mean(head, ('flatten', 'mean'))}")
    return global_avg_pool(maps) if head == "mean" else maps.reshape(maps.shape[0], -1)


def scaled(sizes: PyTree, width: float) -> PyTree:
    """Every number of channels in `sizes` times `width`, rounded, at least 1.

    Raises:
        InputError: for a width that is not positive.

    >>> scaled({"stem": 64, "stages": ((128, 3), (256, 5))}, 0.25)
    {'stages': ((32, 1), (64, 1)), 'stem': 16}
    """
    if not width > 0:
        raise InputError(f"width is a positive factor on the number of channels, not {width!r}")
    return jax.tree.map(lambda size: max(1, round(width * size)), sizes)
