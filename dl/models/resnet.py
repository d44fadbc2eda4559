"""Residual networks (He et al. 2016, arXiv:1512.03385): the ImageNet line and the CIFAR line."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers import Conv, MaxPool
from dl.layers.blocks import (
    Activation,
    ConvBlock,
    ConvModule,
    Norm,
    chosen_norm,
    scaled,
    vectors,
)
from dl.models.checks import check_outputs, check_side, check_stages
from dl.models.functional import from_linen
from dl.promotion import at_least_float32
from dl.types import Array, Model


class BasicBlock(nn.Module):
    """y = f(x + norm(f(norm(x * k1)) * k2)), both kernels 3×3.

    [B, H, W, C] -> [B, H / s, W / s, features].
    """

    features: int
    strides: int = 1
    identity: bool = False
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array, *, train: bool = False) -> Array:
        block = partial(ConvBlock, norm=self.norm, conv=self.conv, dtype=self.dtype)
        y = block(self.features, 3, self.strides, act=self.act, name="block1")(x, train=train)
        y = block(self.features, 3, act=None, name="block2")(y, train=train)
        return self.act(
            y + _shortcut(x, y, block, strides=self.strides, identity=self.identity, train=train)
        )


class Bottleneck(nn.Module):
    """1×1 to `features`, 3×3, 1×1 to 4 · features, and the shortcut.

    [B, H, W, C] -> [B, H / s, W / s, 4 features]. The stride is that of the 3×3 convolution; in the
    paper it is that of the first 1×1, which skips pixels.
    """

    features: int
    strides: int = 1
    identity: bool = False
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, x: Array, *, train: bool = False) -> Array:
        block = partial(ConvBlock, norm=self.norm, conv=self.conv, dtype=self.dtype)
        y = block(self.features, 1, act=self.act, name="block1")(x, train=train)
        y = block(self.features, 3, self.strides, act=self.act, name="block2")(y, train=train)
        y = block(4 * self.features, 1, act=None, name="block3")(y, train=train)
        return self.act(
            y + _shortcut(x, y, block, strides=self.strides, identity=self.identity, train=train)
        )


class ResNet(nn.Module):
    """A stem, stages of residual blocks, the mean, one dense layer: [B, H, W, C] -> [B, classes].

    Every stage from the second on halves the sides. `large_stem` is 7×7 by 2 and a maximum 3×3 by
    2, otherwise the stem is 3×3. `identity` shortcuts drop pixels and add zero channels where the
    shape changes (the paper's A), otherwise they are 1×1 convolutions there (B). `head` is that of
    `vectors` (E6).
    """

    classes: int
    blocks: tuple[int, ...]
    features: tuple[int, ...]
    bottleneck: bool = False
    large_stem: bool = False
    identity: bool = False
    head: str = "mean"
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        # Smaller pictures would pass, since halves are rounded up, but their last maps would see
        # more padding than picture.
        smallest = 2 ** (len(self.blocks) - 1) * (4 if self.large_stem else 1)
        check_side(inputs, smallest=smallest, model="this ResNet")
        options = {"norm": self.norm, "act": self.act, "conv": self.conv, "dtype": self.dtype}
        stem = (7, 2) if self.large_stem else (3, 1)
        maps = ConvBlock(self.features[0], *stem, **options, name="stem")(inputs, train=train)
        if self.large_stem:
            maps = MaxPool((3, 3), strides=(2, 2), padding=1, name="pool")(maps)
        block = Bottleneck if self.bottleneck else BasicBlock
        for stage, (count, features) in enumerate(
            zip(self.blocks, self.features, strict=True), start=1
        ):
            for number in range(1, count + 1):
                strides = 2 if number == 1 and stage > 1 else 1
                layer = block(
                    features, strides, self.identity, **options, name=f"stage{stage}_{number}"
                )
                maps = layer(maps, train=train)
        logits = nn.Dense(self.classes, dtype=self.dtype, name="output")(vectors(maps, self.head))
        return at_least_float32(logits)


def _shortcut(
    x: Array, y: Array, block: Any, *, strides: int, identity: bool, train: bool
) -> Array:
    if x.shape == y.shape:
        return x
    if not identity:
        return block(y.shape[-1], 1, strides, act=None, name="shortcut")(x, train=train)
    more = y.shape[-1] - x.shape[-1]
    return jnp.pad(
        x[:, ::strides, ::strides], ((0, 0), (0, 0), (0, 0), (more // 2, more - more // 2))
    )


IMAGENET = {
    18: ((2, 2, 2, 2), False),
    34: ((3, 4, 6, 3), False),
    50: ((3, 4, 6, 3), True),
    101: ((3, 4, 23, 3), True),
    152: ((3, 8, 36, 3), True),
}


def resnet(
    depth: int,
    classes: int = 1000,
    *,
    small: bool = False,
    width: float = 1.0,
    features: Sequence[int] = (64, 128, 256, 512),
    identity: bool = False,
    head: str = "mean",
    batch_normalised: bool = True,
    norm: Norm | None = None,
    act: Activation = nn.relu,
    conv: ConvModule = Conv,
    dtype: Any = None,
) -> Model:
    """ResNet-18, 34, 50, 101 or 152; `small`, for 28×28 and 32×32, has a 3×3 stem without pooling.

    11,689,512 parameters for ResNet-18, 60,192,808 for ResNet-152. `width` is a factor on the
    channels of every stage, `features`. `identity` shortcuts have no parameters where the shape
    changes, the others are 1×1 convolutions there. `head` "flatten" gives the dense layer every
    value of the last maps, "mean" their means (E6). `norm` replaces batch norm; `dtype` is the type
    of the computation. Source: E13.

    Raises:
        InputError: for another depth, sizes below 1, features that are not one for each stage.

    >>> resnet(18, 10, small=True, features=(2, 2, 4, 4)).name
    'resnet18'
    """
    if depth not in IMAGENET:
        depths = ", ".join(map(str, IMAGENET))
        raise InputError(f"a ResNet has a depth of {depths}, not {depth}; see also cifar_resnet")
    check_outputs(classes)
    blocks, bottleneck = IMAGENET[depth]
    check_stages(features, len(blocks), model=f"this resnet{depth}")
    module = ResNet(
        classes,
        blocks,
        scaled(tuple(features), width),
        bottleneck=bottleneck,
        large_stem=not small,
        identity=identity,
        head=head,
        norm=chosen_norm(norm, batch_normalised=batch_normalised, dtype=dtype),
        act=act,
        conv=conv,
        dtype=dtype,
    )
    return from_linen(module, name=f"resnet{depth}")


def cifar_resnet(
    depth: int = 20,
    classes: int = 10,
    *,
    width: float = 1.0,
    features: Sequence[int] = (16, 32, 64),
    identity: bool = True,
    head: str = "mean",
    batch_normalised: bool = True,
    norm: Norm | None = None,
    act: Activation = nn.relu,
    conv: ConvModule = Conv,
    dtype: Any = None,
) -> Model:
    """The paper's ResNets for small pictures (section 4.2), 6 n + 2 layers: 20, 32, 44, 56, 110.

    Three stages with identity shortcuts; 269,722 parameters for 20 layers and pictures in colour.
    The options are those of `resnet`. Source: E13.

    Raises:
        InputError: for another depth, sizes below 1, features that are not one for each stage.

    >>> cifar_resnet(20).name
    'resnet20'
    """
    if depth < 8 or (depth - 2) % 6:
        raise InputError(
            f"this line of ResNets is 6 n + 2 layers deep (20, 32, 44, 56, 110), not {depth}"
        )
    check_outputs(classes)
    blocks = ((depth - 2) // 6,) * 3
    check_stages(features, len(blocks), model=f"this resnet{depth}")
    module = ResNet(
        classes,
        blocks,
        scaled(tuple(features), width),
        identity=identity,
        head=head,
        norm=chosen_norm(norm, batch_normalised=batch_normalised, dtype=dtype),
        act=act,
        conv=conv,
        dtype=dtype,
    )
    return from_linen(module, name=f"resnet{depth}")
