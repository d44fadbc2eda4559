"""AlexNet (Krizhevsky et al. 2012), with one or two towers, and a form for small pictures (E10)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flax import linen as nn

from dl.errors import InputError
from dl.layers import Conv, Dropout
from dl.layers.blocks import (
    Activation,
    ConvBlock,
    ConvModule,
    Norm,
    chosen_norm,
    he_normal,
    local_response_norm,
    scaled,
    vectors,
)
from dl.models.checks import check_outputs, check_side
from dl.models.functional import from_linen
from dl.promotion import at_least_float32
from dl.types import Array, Model


class AlexNet(nn.Module):
    """Five convolutions, three with maxima 3×3 by 2, and dense layers: pictures -> [B, classes].

    `groups` is 1, or 2 for the two towers of the paper, which meet in the third convolution only.
    `local_norm` is the paper's local response normalisation after the first two convolutions.
    `first` is kernel, stride and padding of the first. `head` is that of `vectors` (E6).
    """

    classes: int
    features: tuple[int, ...]
    hidden_sizes: tuple[int, ...]
    first: tuple[int, ...]
    groups: int = 1
    local_norm: bool = False
    head: str = "flatten"
    dropout: float = 0.5
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None
    implementation: str = "auto"

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        check_side(
            inputs,
            smallest=_smallest(self.first),
            model="this AlexNet",
            advice="enlarge them; models.alexnet(small=True) takes less",
        )
        maps = inputs
        for number in range(1, 6):
            maps = self._stage(number)(maps, train=train)
        hidden = vectors(maps, self.head)
        for number, size in enumerate(self.hidden_sizes, start=6):
            layer = nn.Dense(size, kernel_init=he_normal, dtype=self.dtype, name=f"hidden{number}")
            hidden = self.act(layer(hidden))
            hidden = Dropout(self.dropout, deterministic=not train, name=f"dropout{number}")(hidden)
        return at_least_float32(nn.Dense(self.classes, dtype=self.dtype, name="output")(hidden))

    @nn.nowrap
    def _stage(self, number: int) -> ConvBlock:
        kernel, strides, padding = (
            self.first if number == 1 else (5, 1, 2) if number == 2 else (3, 1, 1)
        )
        return ConvBlock(
            self.features[number - 1],
            kernel,
            strides=strides,
            padding=padding,
            groups=self.groups if number in (2, 4, 5) else 1,
            norm=self.norm,
            act=_normalised(self.act) if self.local_norm and number in (1, 2) else self.act,
            conv=self.conv,
            dtype=self.dtype,
            pool=(3, 2) if number in (1, 2, 5) else None,
            implementation=self.implementation,
            name=f"conv{number}",
        )


class Shape(NamedTuple):
    """The sizes of an AlexNet: channels, hidden units, and the first convolution."""

    features: tuple[int, ...]
    hidden_sizes: tuple[int, ...]
    first: tuple[int, int, int]


FULL = Shape((96, 256, 384, 384, 256), (4096, 4096), (11, 4, 0))
SMALL = Shape((64, 128, 256, 256, 128), (512, 512), (5, 1, 2))


def alexnet(
    classes: int = 1000,
    *,
    small: bool = False,
    width: float = 1.0,
    towers: int = 1,
    features: Sequence[int] | None = None,
    hidden_sizes: Sequence[int] | None = None,
    first: Sequence[int] | None = None,
    local_norm: bool | None = None,
    head: str = "flatten",
    dropout: float = 0.5,
    batch_normalised: bool = False,
    norm: Norm | None = None,
    act: Activation = nn.relu,
    conv: ConvModule = Conv,
    dtype: Any = None,
    implementation: str = "auto",
) -> Model:
    """AlexNet for 227×227 pictures (the paper prints 224); `small` for 28×28 and 32×32.

    `towers` 2 is the grouped original with 60,965,224 parameters; one tower has 62,378,344. `width`
    is a factor on the channels and the hidden layers. What is None depends on `small`: `features`
    of the five convolutions, `hidden_sizes`, kernel, stride and padding of the `first` convolution,
    `local_norm` (True unless small). With `head` "mean" the last maps are averaged instead of
    flattened and there are no hidden layers (E6). `dropout` is of the hidden units; `norm` replaces
    batch norm; `dtype` is the type of the computation. Biases start at 0, where the paper has 1 in
    some layers. Source: E10, E11.

    Raises:
        InputError: for sizes below 1, another number of towers, channels that they cannot share.

    >>> alexnet(10, small=True).name
    'alexnet'
    """
    check_outputs(classes)
    if towers not in (1, 2):
        raise InputError(f"AlexNet has 1 tower or 2, not {towers}")
    shape = SMALL if small else FULL
    if hidden_sizes is None:
        hidden_sizes = () if head == "mean" else shape.hidden_sizes
    widths = scaled(tuple(shape.features if features is None else features), width)
    if any(channels % towers for channels in widths):
        raise InputError(f"two towers share the channels of each layer, {widths} are not all even")
    module = AlexNet(
        classes,
        widths,
        scaled(tuple(hidden_sizes), width),
        tuple(shape.first if first is None else first),
        groups=towers,
        local_norm=not small if local_norm is None else local_norm,
        head=head,
        dropout=dropout,
        norm=chosen_norm(norm, batch_normalised=batch_normalised, dtype=dtype),
        act=act,
        conv=conv,
        dtype=dtype,
        implementation=implementation,
    )
    return from_linen(module, name="alexnet")


def _normalised(act: Activation) -> Activation:
    return lambda maps: local_response_norm(act(maps))


def _smallest(first: tuple[int, ...]) -> int:
    """The side that leaves 15 places after the first convolution, and one after all maxima."""
    kernel, stride, padding = first
    return kernel - 2 * padding + 14 * stride
