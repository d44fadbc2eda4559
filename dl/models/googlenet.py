"""GoogLeNet (Szegedy et al. 2015, arXiv:1409.4842): Inception blocks, with and without batch norm."""

from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers import Conv, MaxPool
from dl.layers.blocks import Activation, ConvBlock, ConvModule, Norm, global_avg_pool, with_norm
from dl.models.functional import from_linen
from dl.types import Array, Model


class Widths(NamedTuple):
    """What the paths of an Inception block give out, a row of the paper's table 1."""

    one: int
    three_reduced: int
    three: int
    five_reduced: int
    five: int
    pooled: int


class Inception(nn.Module):
    """1×1, 1×1 then 3×3, 1×1 then 5×5, and maximum 3×3 then 1×1, side by side: [B, H, W, C] -> [B, H, W, sum]."""

    widths: Widths
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array, *, train: bool = False) -> Array:
        def conv(x: Array, features: int, side: int, name: str) -> Array:
            block = partial(ConvBlock, norm=self.norm, act=self.act, conv=self.conv, dtype=self.dtype)
            return block(features, side, name=name)(x, train=train)

        widths = self.widths
        one = conv(x, widths.one, 1, "one")
        three = conv(conv(x, widths.three_reduced, 1, "three_reduced"), widths.three, 3, "three")
        five = conv(conv(x, widths.five_reduced, 1, "five_reduced"), widths.five, 5, "five")
        pooled = conv(MaxPool((3, 3), strides=(1, 1), padding=1, name="pool")(x), widths.pooled, 1, "pooled")
        return jnp.concatenate([one, three, five, pooled], axis=-1)


STAGES = (
    (Widths(64, 96, 128, 16, 32, 32), Widths(128, 128, 192, 32, 96, 64)),
    (
        Widths(192, 96, 208, 16, 48, 64),
        Widths(160, 112, 224, 24, 64, 64),
        Widths(128, 128, 256, 24, 64, 64),
        Widths(112, 144, 288, 32, 64, 64),
        Widths(256, 160, 320, 32, 128, 128),
    ),
    (Widths(256, 160, 320, 32, 128, 128), Widths(384, 192, 384, 48, 128, 128)),
)
SMALL_STAGES = tuple(
    tuple(Widths(*(width // 2 for width in widths)) for widths in stage)
    for stage in (STAGES[0], STAGES[1][::2], STAGES[2])
)


class GoogLeNet(nn.Module):
    """A stem, three stages of Inception blocks with a maximum between them, the mean, one dense layer.

    [B, H, W, C] -> logits [B, classes]. `large_stem` is 7×7 by 2, a maximum, 1×1, 3×3 and a maximum; else 3×3.
    """

    classes: int
    stages: tuple[tuple[Widths, ...], ...] = STAGES
    large_stem: bool = True
    dropout: float = 0.4
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        if inputs.ndim != 4 or min(inputs.shape[1:3]) < 16:
            raise InputError(f"GoogLeNet takes pictures of at least 16×16 (H×W×C), not of shape {inputs.shape[1:]}")
        options = {"norm": self.norm, "act": self.act, "conv": self.conv, "dtype": self.dtype}
        maps = self._stem(inputs, options, train=train)
        for number, stage in enumerate(self.stages, start=3):
            for letter, widths in zip("abcdefgh", stage, strict=False):
                maps = Inception(widths, **options, name=f"inception{number}{letter}")(maps, train=train)
            if number < 2 + len(self.stages):
                maps = _halved(maps, f"pool{number}")
        features = nn.Dropout(self.dropout, deterministic=not train, name="dropout")(global_avg_pool(maps))
        return jnp.asarray(nn.Dense(self.classes, dtype=self.dtype, name="output")(features), jnp.float32)

    @nn.nowrap
    def _stem(self, inputs: Array, options: dict[str, Any], *, train: bool) -> Array:
        if not self.large_stem:
            return ConvBlock(64, 3, **options, name="conv1")(inputs, train=train)
        maps = _halved(ConvBlock(64, 7, 2, **options, name="conv1")(inputs, train=train), "pool1")
        maps = ConvBlock(64, 1, **options, name="conv2_reduced")(maps, train=train)
        return _halved(ConvBlock(192, 3, **options, name="conv2")(maps, train=train), "pool2")


def googlenet(classes: int = 1000, *, small: bool = False, batch_normalised: bool = False, **options: Any) -> Model:
    """GoogLeNet for 224×224 pictures: 6,998,552 parameters; `small` for 28×28 and 32×32, half as wide, fewer blocks.

    Options: `stages`, `large_stem`, `dropout` 0.4, `norm`, `axis_name` (synchronises batch norm under `pmap`), `act`,
    `conv`, `dtype`.
    Without the paper's local response normalisation, which batch norm replaced, and without its auxiliary heads.
    Source: E13.

    >>> googlenet(10, small=True).name
    'googlenet'
    """
    options = with_norm(options, batch_normalised=batch_normalised)
    shape = {"stages": SMALL_STAGES, "large_stem": False} if small else {}
    return from_linen(GoogLeNet(classes, **{**shape, **options}), name="googlenet")


def _halved(maps: Array, name: str) -> Array:
    return MaxPool((3, 3), strides=(2, 2), padding="SAME", name=name)(maps)
