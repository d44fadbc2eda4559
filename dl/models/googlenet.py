"""GoogLeNet (Szegedy et al. 2015, arXiv:1409.4842): Inception blocks, optional auxiliary heads."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import linen as nn

from dl.layers import AvgPool, Conv, Dropout, MaxPool
from dl.layers.blocks import (
    Activation,
    ConvBlock,
    ConvModule,
    Norm,
    chosen_norm,
    he_normal,
    scaled,
    vectors,
)
from dl.models.checks import check_outputs, check_side
from dl.models.functional import from_linen
from dl.promotion import at_least_float32
from dl.types import Array, Heads, Model


class Widths(NamedTuple):
    """The channels of each path of an Inception block, a row of the paper's table 1."""

    one: int
    three_reduced: int
    three: int
    five_reduced: int
    five: int
    pooled: int


class Inception(nn.Module):
    """Four paths side by side: [B, H, W, C] -> [B, H, W, sum of their channels].

    1×1; 1×1 then 3×3; 1×1 then 5×5; maximum 3×3 then 1×1.
    """

    widths: Widths
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array, *, train: bool = False) -> Array:
        def conv(x: Array, features: int, side: int, name: str) -> Array:
            block = partial(
                ConvBlock, norm=self.norm, act=self.act, conv=self.conv, dtype=self.dtype
            )
            return block(features, side, name=name)(x, train=train)

        widths = self.widths
        one = conv(x, widths.one, 1, "one")
        three = conv(conv(x, widths.three_reduced, 1, "three_reduced"), widths.three, 3, "three")
        five = conv(conv(x, widths.five_reduced, 1, "five_reduced"), widths.five, 5, "five")
        pooled = conv(
            MaxPool((3, 3), strides=(1, 1), padding=1, name="pool")(x), widths.pooled, 1, "pooled"
        )
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


class AuxiliaryHead(nn.Module):
    """A small classifier on the maps of a middle layer: [B, H, W, C] -> logits [B, classes].

    Mean 5×5 by 3, 1×1 to `features`, a dense layer, dropout, the classes.
    """

    classes: int
    features: int
    hidden_size: int
    dropout: float = 0.7
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array, *, train: bool = False) -> Array:
        maps = AvgPool((5, 5), strides=(3, 3), name="pool")(x)
        block = ConvBlock(
            self.features,
            1,
            norm=self.norm,
            act=self.act,
            conv=self.conv,
            dtype=self.dtype,
            name="conv",
        )
        flat = vectors(block(maps, train=train), "flatten")
        hidden = self.act(
            nn.Dense(self.hidden_size, kernel_init=he_normal, dtype=self.dtype, name="hidden")(flat)
        )
        hidden = Dropout(self.dropout, deterministic=not train, name="dropout")(hidden)
        return at_least_float32(nn.Dense(self.classes, dtype=self.dtype, name="output")(hidden))


class GoogLeNet(nn.Module):
    """A stem, stages of Inception blocks, the mean, one dense layer: [B, H, W, C] -> [B, classes].

    Between stages is a maximum. `stem` is the channels of 7×7 by 2, a maximum, 1×1, 3×3 and a
    maximum, or of a single 3×3. `auxiliary` is channels and units of the heads after the first and
    the last but one block of the second stage; with them the model returns `Heads` in training.
    """

    classes: int
    stages: tuple[tuple[Widths, ...], ...] = STAGES
    stem: tuple[int, ...] = (64, 64, 192)
    auxiliary: tuple[int, int] | None = None
    head: str = "mean"
    dropout: float = 0.4
    auxiliary_dropout: float = 0.7
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array | Heads:
        check_side(inputs, smallest=self._smallest(), model="this GoogLeNet")
        options = {"norm": self.norm, "act": self.act, "conv": self.conv, "dtype": self.dtype}
        maps, auxiliary = self._stem(inputs, options, train=train), []
        for number, stage in enumerate(self.stages, start=3):
            for position, widths in enumerate(stage):
                name = f"{number}{'abcdefgh'[position]}"
                maps = Inception(widths, **options, name=f"inception{name}")(maps, train=train)
                if self._has_head(number, position, train=train):
                    auxiliary.append(
                        self._auxiliary_head(options, name=f"auxiliary{name}")(maps, train=train)
                    )
            if number < 2 + len(self.stages):
                maps = _halved(maps, f"pool{number}")
        features = Dropout(self.dropout, deterministic=not train, name="dropout")(
            vectors(maps, self.head)
        )
        logits = at_least_float32(nn.Dense(self.classes, dtype=self.dtype, name="output")(features))
        return Heads(logits, tuple(auxiliary)) if train and self.auxiliary else logits

    @nn.nowrap
    def _stem(self, inputs: Array, options: dict[str, Any], *, train: bool) -> Array:
        if len(self.stem) == 1:
            return ConvBlock(self.stem[0], 3, **options, name="conv1")(inputs, train=train)
        first, reduced, second = self.stem
        maps = _halved(
            ConvBlock(first, 7, 2, **options, name="conv1")(inputs, train=train), "pool1"
        )
        maps = ConvBlock(reduced, 1, **options, name="conv2_reduced")(maps, train=train)
        return _halved(ConvBlock(second, 3, **options, name="conv2")(maps, train=train), "pool2")

    @nn.nowrap
    def _has_head(self, stage: int, position: int, *, train: bool) -> bool:
        wanted = self.auxiliary is not None and (train or self.is_initializing())
        return wanted and stage == 4 and position in (0, len(self.stages[1]) - 2)

    @nn.nowrap
    def _auxiliary_head(self, options: dict[str, Any], *, name: str) -> AuxiliaryHead:
        assert self.auxiliary is not None
        return AuxiliaryHead(
            self.classes, *self.auxiliary, dropout=self.auxiliary_dropout, **options, name=name
        )

    @nn.nowrap
    def _smallest(self) -> int:
        """The smallest side that leaves one whole place at the end, though halves are rounded up.

        Auxiliary heads need 5 places in the second stage.
        """
        stem = 1 if len(self.stem) == 1 else 8
        whole = stem * 2 ** (len(self.stages) - 1)
        return whole if self.auxiliary is None else max(whole, 2 * stem * 4 + 1)


def googlenet(
    classes: int = 1000,
    *,
    small: bool = False,
    width: float = 1.0,
    auxiliary: bool = False,
    stages: Sequence[Sequence[Widths]] | None = None,
    stem: Sequence[int] | None = None,
    head: str = "mean",
    dropout: float = 0.4,
    auxiliary_dropout: float = 0.7,
    batch_normalised: bool = False,
    norm: Norm | None = None,
    act: Activation = nn.relu,
    conv: ConvModule = Conv,
    dtype: Any = None,
) -> Model:
    """GoogLeNet for 224×224 pictures; `small`, for 28×28 and 32×32, has fewer and narrower blocks.

    6,998,552 parameters; the two heads of the paper, which `auxiliary` adds, make it 13,378,280.
    With them the model gives `Heads` in training, which `objectives.classification` weighs, and the
    logits alone in evaluation. `width` is a factor on all channels. `stages` and `stem` are the
    channels of the blocks and of the first layers, the paper's or half of them if None. `head`
    "flatten" gives the dense layer every value of the last maps, "mean" their means (E6). `norm`
    replaces batch norm; `dtype` is the type of the computation. There is no local response
    normalisation, which batch norm replaced. Source: E13.

    Raises:
        InputError: for a number of classes below 1, a width that is not positive.

    >>> googlenet(10, small=True).name
    'googlenet'
    """
    check_outputs(classes)
    heads = (64, 512) if small else (128, 1024)
    stages = stages if stages is not None else SMALL_STAGES if small else STAGES
    stem = stem if stem is not None else (64,) if small else (64, 64, 192)
    module = GoogLeNet(
        classes,
        scaled(tuple(map(tuple, stages)), width),
        scaled(tuple(stem), width),
        scaled(heads, width) if auxiliary else None,
        head=head,
        dropout=dropout,
        auxiliary_dropout=auxiliary_dropout,
        norm=chosen_norm(norm, batch_normalised=batch_normalised, dtype=dtype),
        act=act,
        conv=conv,
        dtype=dtype,
    )
    return from_linen(module, name="googlenet")


def _halved(maps: Array, name: str) -> Array:
    return MaxPool((3, 3), strides=(2, 2), padding="SAME", name=name)(maps)
