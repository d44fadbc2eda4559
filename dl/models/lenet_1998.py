"""What only the LeNet-5 of 1998 has: partial connections, trained subsampling, Gaussian units.

Source: E9, C5; LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document
recognition, section II.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax.linen.dtypes import promote_dtype

from dl.errors import InputError
from dl.layers import Conv, avg_pool, convolution
from dl.layers.conv.shapes import per_channel
from dl.models.checks import shown
from dl.promotion import at_least_float32
from dl.types import Array

CONNECTIONS = (
    *(tuple(sorted((first + i) % 6 for i in range(3))) for first in range(6)),
    *(tuple(sorted((first + i) % 6 for i in range(4))) for first in range(6)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)
"""The maps of S2 that each of C3's 16 maps sees (table I): 3 neighbours, 4, 4 with gaps, all."""

_DRAWN = """
..###.. ...#... ..###.. ..###.. .....#. #######  ..####. ####### ..###.. ..###..
.#...#. ..##... .#...#. .#...#. ....##. #......  .#..... ......# .#...#. .#...#.
#.....# .#.#... #.....# #.....# ...#.#. #......  #...... .....#. #.....# #.....#
#.....# ...#... ......# ......# ..#..#. #......  #...... .....#. #.....# #.....#
#.....# ...#... ......# .....#. .#...#. #.###..  #...... ....#.. .#...#. #.....#
#.....# ...#... .....#. ...##.. #....#. ##...#.  #.###.. ....#.. ..###.. .#...##
#.....# ...#... ....#.. .....#. #######  ......# ##...#. ...#... .#...#. ..###.#
#.....# ...#... ...#... ......# .....#. ......#  #.....# ...#... #.....# ......#
#.....# ...#... ..#.... ......# .....#. ......#  #.....# ..#.... #.....# ......#
#.....# ...#... .#..... #.....# .....#. #.....#  #.....# ..#.... #.....# ......#
.#...#. ...#... #...... .#...#. .....#. .#...#.  .#...#. .#..... .#...#. .....#.
..###.. .#####. ####### ..###.. .....#. ..###..  ..###.. .#..... ..###.. .####..
"""
_GLYPHS = zip(*(row.split() for row in _DRAWN.strip().splitlines()), strict=True)
DIGITS = np.array(
    [[[1 if dot == "#" else -1 for dot in row] for row in glyph] for glyph in _GLYPHS], np.float32
)
"""Bitmaps of the ten digits, 12 high and 7 wide, −1 and +1: [10, 12, 7]."""


def scaled_tanh(x: Array) -> Array:
    """A tanh(S x) with A = 1.7159 and S = 2/3, so that f(±1) = ±1, where its curvature is largest.

    Source: the paper's appendix A.

    >>> scaled_tanh(jnp.array([-1.0, 0.0, 1.0])).round(3).tolist()
    [-1.0, 0.0, 1.0]
    """
    return 1.7159 * jnp.tanh(2 / 3 * x)


def uniform_by_fan_in(key: Any, shape: tuple[int, ...], dtype: Any = jnp.float32) -> Array:
    """Weights between ±2.4 / F, F the inputs of a unit: the product of all but the last of `shape`.

    Source: the paper's appendix A.
    """
    bound = 2.4 / np.prod(shape[:-1])
    return jax.random.uniform(key, shape, dtype, -bound, bound)


class PartialConv(nn.Module):
    """A convolution each of whose maps sees some channels: [B, H, W, C] -> [B, H − 4, W − 4, maps].

    `connections` lists the channels that each map sees. `kernels` [5, 5, connections] has a 5×5
    kernel for each of them, `bias` is [maps].

    >>> layer = PartialConv(CONNECTIONS)
    >>> layer.init_with_output(jax.random.key(0), jnp.ones((1, 14, 14, 6)))[0].shape
    (1, 10, 10, 16)
    """

    connections: tuple[tuple[int, ...], ...]
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array) -> Array:
        seen = np.array([channel for channels in self.connections for channel in channels])
        maps = np.repeat(
            np.arange(len(self.connections)), [len(channels) for channels in self.connections]
        )

        def init(key: Any, shape: tuple[int, ...]) -> Array:
            fan_in = 25 * np.bincount(maps)[maps]
            bounds = (2.4 / fan_in).astype(np.float32)[None, None]
            return jax.random.uniform(key, shape, jnp.float32, -1, 1) * bounds

        kernels = self.param("kernels", init, (5, 5, len(seen)))
        bias = self.param("bias", nn.initializers.zeros, (len(self.connections),))
        x, kernels, bias = promote_dtype(x, kernels, bias, dtype=self.dtype)
        whole = (
            jnp.zeros((5, 5, x.shape[-1], len(self.connections)), kernels.dtype)
            .at[:, :, seen, maps]
            .set(kernels)
        )
        filtered = convolution(x, whole, padding="VALID")
        return filtered + per_channel(bias, filtered)


class Subsampling(nn.Module):
    """y = β_c Σ x over 2×2 + b_c, both trained for each map: [B, H, W, C] -> [B, H / 2, W / 2, C].

    Source: C5.

    >>> Subsampling().init_with_output(jax.random.key(0), jnp.ones((1, 28, 28, 6)))[0].shape
    (1, 14, 14, 6)
    """

    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array) -> Array:
        # The fan-in is that of four weights, one for each place in the window; one is kept.
        coefficient = self.param(
            "coefficient", lambda key, shape: uniform_by_fan_in(key, (4, *shape))[0], x.shape[-1:]
        )
        bias = self.param("bias", nn.initializers.zeros, x.shape[-1:])
        x, coefficient, bias = promote_dtype(x, coefficient, bias, dtype=self.dtype)
        pooled = 4 * avg_pool(x, (2, 2))
        return per_channel(coefficient, pooled) * pooled + per_channel(bias, pooled)


class GaussianUnits(nn.Module):
    """−Σ_j (x_j − w_kj)², with w the fixed bitmap of class k: [B, 84] -> [B, classes].

    The output is largest at the nearest bitmap.

    >>> GaussianUnits(10).apply({}, jnp.asarray(DIGITS.reshape(10, 84))).argmax(-1).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """

    classes: int

    @nn.compact
    def __call__(self, x: Array) -> Array:
        bitmaps = jnp.asarray(DIGITS[: self.classes].reshape(self.classes, -1))
        return -jnp.sum((at_least_float32(x)[:, None] - bitmaps[None]) ** 2, axis=-1)


class LeNet1998(nn.Module):
    """LeNet-5 as published: pictures -> −(distance to the bitmap of each class)² [B, classes].

    28×28 or 32×32 -> C1 6@28×28 -> S2 6@14×14 -> C3 16@10×10 -> S4 16@5×5 -> C5 120 -> F6 84 ->
    Gaussian units. The scaled tanh follows everything up to F6. Biases start at 0.
    """

    classes: int = 10
    activation: Callable[[Array], Array] = scaled_tanh
    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        maps, squash = framed(inputs), self.activation
        maps = squash(self._conv(6, name="C1")(maps))
        maps = squash(Subsampling(dtype=self.dtype, name="S2")(maps))
        maps = squash(PartialConv(CONNECTIONS, dtype=self.dtype, name="C3")(maps))
        maps = squash(Subsampling(dtype=self.dtype, name="S4")(maps))
        flat = squash(self._conv(120, name="C5")(maps)).reshape(maps.shape[0], -1)
        layer = nn.Dense(84, kernel_init=uniform_by_fan_in, dtype=self.dtype, name="F6")
        return GaussianUnits(self.classes, name="output")(squash(layer(flat)))

    @nn.nowrap
    def _conv(self, features: int, *, name: str) -> Conv:
        init = uniform_by_fan_in
        return Conv(
            features, (5, 5), padding="VALID", kernel_init=init, dtype=self.dtype, name=name
        )


def framed(inputs: Array) -> Array:
    """Pictures of 32×32; those of 28×28 get a border of zeros.

    Raises:
        InputError: for pictures of other sides.

    >>> framed(jnp.ones((1, 28, 28, 1))).shape
    (1, 32, 32, 1)
    """
    if inputs.ndim != 4 or inputs.shape[1:3] not in ((28, 28), (32, 32)) or inputs.shape[3] < 1:
        raise InputError(
            f"LeNet-5 takes 28×28 or 32×32 pictures (H×W×C), these are {shown(inputs)}: resize them"
        )
    border = (32 - inputs.shape[1]) // 2
    return jnp.pad(inputs, ((0, 0), (border, border), (border, border), (0, 0)))
