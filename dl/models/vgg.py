"""VGG (Simonyan and Zisserman 2015, arXiv:1409.1556): stages of 3×3 convolutions."""

from collections.abc import Sequence
from typing import Any

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
    scaled,
    vectors,
)
from dl.models.checks import check_outputs, check_side, check_stages
from dl.models.functional import from_linen
from dl.promotion import at_least_float32
from dl.types import Array, Model


class VGG(nn.Module):
    """Stages of 3×3 convolutions, each with a maximum 2×2, and dense layers: -> [B, classes].

    Inputs are pictures [B, H, W, C]. `convolutions` and `features` are the number and the channels
    in each stage. `head` is that of `vectors` (E6).
    """

    classes: int
    convolutions: tuple[int, ...]
    features: tuple[int, ...]
    hidden_sizes: tuple[int, ...]
    head: str = "flatten"
    dropout: float = 0.5
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None
    implementation: str = "auto"

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        check_side(inputs, smallest=2 ** len(self.convolutions), model="this VGG")
        maps = inputs
        for stage, (count, features) in enumerate(
            zip(self.convolutions, self.features, strict=True), start=1
        ):
            for number in range(1, count + 1):
                block = self._block(features, name=f"conv{stage}_{number}", pooled=number == count)
                maps = block(maps, train=train)
        hidden = vectors(maps, self.head)
        for number, size in enumerate(self.hidden_sizes, start=1):
            layer = nn.Dense(size, kernel_init=he_normal, dtype=self.dtype, name=f"hidden{number}")
            hidden = self.act(layer(hidden))
            hidden = Dropout(self.dropout, deterministic=not train, name=f"dropout{number}")(hidden)
        return at_least_float32(nn.Dense(self.classes, dtype=self.dtype, name="output")(hidden))

    @nn.nowrap
    def _block(self, features: int, *, name: str, pooled: bool) -> ConvBlock:
        options = {"norm": self.norm, "act": self.act, "conv": self.conv, "dtype": self.dtype}
        options |= {"pool": (2, 2) if pooled else None, "implementation": self.implementation}
        return ConvBlock(features, 3, use_bias=True, **options, name=name)


CONVOLUTIONS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
FEATURES = (64, 128, 256, 512, 512)


def vgg(
    depth: int,
    classes: int = 1000,
    *,
    small: bool = False,
    width: float = 1.0,
    convolutions: Sequence[int] | None = None,
    features: Sequence[int] | None = None,
    hidden_sizes: Sequence[int] | None = None,
    head: str = "flatten",
    dropout: float = 0.5,
    batch_normalised: bool = False,
    norm: Norm | None = None,
    act: Activation = nn.relu,
    conv: ConvModule = Conv,
    dtype: Any = None,
    implementation: str = "auto",
) -> Model:
    """VGG-11, 13, 16 or 19; `small`, for 28×28 and 32×32, has four stages and one hidden layer.

    132,863,336 parameters for VGG-11, 143,667,240 for VGG-19. `width` is a factor on the channels
    and the hidden layers. None takes the paper's numbers, or 512 units if `small`: `convolutions`
    and `features` of each stage, `hidden_sizes` of the dense layers. With `head` "mean" the last
    maps are averaged instead of flattened and there are no hidden layers (E6). `dropout` is of the
    hidden units; `norm` replaces batch norm; `dtype` is the type of the computation. Source: E13.

    Raises:
        InputError: for another depth, sizes below 1, features that are not one for each stage.

    >>> vgg(11, 10, small=True).name
    'vgg11'
    """
    check_outputs(classes)
    if depth not in CONVOLUTIONS:
        raise InputError(f"a VGG has a depth of {', '.join(map(str, CONVOLUTIONS))}, not {depth}")
    stages = 4 if small else 5
    is_published = convolutions is None
    convolutions = tuple(convolutions or CONVOLUTIONS[depth][:stages])
    features = tuple(FEATURES[:stages] if features is None else features)
    check_stages(features, len(convolutions), model=f"this VGG-{depth}")
    if hidden_sizes is None:
        hidden_sizes = () if head == "mean" else (512,) if small else (4096, 4096)
    module = VGG(
        classes,
        convolutions,
        scaled(features, width),
        scaled(tuple(hidden_sizes), width),
        head=head,
        dropout=dropout,
        norm=chosen_norm(norm, batch_normalised=batch_normalised, dtype=dtype),
        act=act,
        conv=conv,
        dtype=dtype,
        implementation=implementation,
    )
    return from_linen(module, name=f"vgg{depth}" if is_published else "vgg")
