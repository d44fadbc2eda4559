"""Network in Network (Lin et al. 2014, arXiv:1312.4400): 1×1 convolutions, means at the end."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from flax import linen as nn

from dl.layers import AvgPool, Conv, Dropout, MaxPool
from dl.layers.blocks import Activation, ConvBlock, ConvModule, Norm, chosen_norm, scaled, vectors
from dl.models.checks import check_outputs, check_side
from dl.models.functional import from_linen
from dl.promotion import at_least_float32
from dl.types import Array, Model


class Stage(NamedTuple):
    """A convolution of some kernel, stride and padding, then 1×1 convolutions, then a pooling.

    `features` are the channels of each; `pool` is "max", "mean" or "" for none.
    """

    features: tuple[int, ...]
    kernel: int
    strides: int = 1
    padding: int = 0
    pool: str = ""


IMAGENET = (
    Stage((96, 96, 96), 11, 4, 0, "max"),
    Stage((256, 256, 256), 5, 1, 2, "max"),
    Stage((384, 384, 384), 3, 1, 1, "max"),
    Stage((1024, 1024), 3, 1, 1),
)
CIFAR = (
    Stage((192, 160, 96), 5, 1, 2, "max"),
    Stage((192, 192, 192), 5, 1, 2, "mean"),
    Stage((192, 192), 3, 1, 1),
)


class NiN(nn.Module):
    """Stages of "mlpconv"; the last has a map for each class: [B, H, W, C] -> logits [B, classes].

    With `head` "mean" the logits are the means of these maps. "flatten" puts a dense layer on them,
    with which the paper's section 4.6 compares the mean.
    """

    classes: int
    stages: tuple[Stage, ...]
    head: str = "mean"
    dropout: float = 0.5
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        check_side(inputs, smallest=_smallest(self.stages), model="this NiN")
        options = {"norm": self.norm, "act": self.act, "conv": self.conv, "dtype": self.dtype}
        maps = inputs
        for number, stage in enumerate(self.stages, start=1):
            block = ConvBlock(
                stage.features[0],
                stage.kernel,
                stage.strides,
                stage.padding,
                **options,
                name=f"conv{number}",
            )
            maps = block(maps, train=train)
            for step, features in enumerate(stage.features[1:], start=1):
                maps = ConvBlock(features, 1, **options, name=f"mlp{number}_{step}")(
                    maps, train=train
                )
            if stage.pool:
                maps = _pool(stage.pool, name=f"pool{number}")(maps)
                maps = Dropout(self.dropout, deterministic=not train, name=f"dropout{number}")(maps)
        maps = ConvBlock(self.classes, 1, conv=self.conv, dtype=self.dtype, name="output")(
            maps, train=train
        )
        logits = vectors(maps, self.head)
        if self.head == "flatten":
            logits = nn.Dense(self.classes, dtype=self.dtype, name="dense")(logits)
        return at_least_float32(logits)


def nin(
    classes: int = 1000,
    *,
    small: bool = False,
    width: float = 1.0,
    stages: Sequence[Stage] | None = None,
    head: str = "mean",
    dropout: float = 0.5,
    batch_normalised: bool = False,
    norm: Norm | None = None,
    act: Activation = nn.relu,
    conv: ConvModule = Conv,
    dtype: Any = None,
) -> Model:
    """Network in Network for 224×224 pictures; `small` is the paper's for CIFAR-10, of 32×32.

    7,595,176 parameters; 966,986 if `small` and for 10 classes. `width` is a factor on the channels
    of every stage. `stages` are the paper's if None. `head` "flatten" puts a dense layer on the
    last maps, whose means are the logits otherwise (E6). `dropout` follows each pooling; `norm`
    replaces batch norm; `dtype` is the type of the computation. The logits are means of maps after
    a ReLU, as in the paper. Source: E13, E6.

    Raises:
        InputError: for a number of classes below 1, a width that is not positive.

    >>> nin(10, small=True).name
    'nin'
    """
    check_outputs(classes)
    stages = stages if stages is not None else CIFAR if small else IMAGENET
    module = NiN(
        classes,
        tuple(stage._replace(features=scaled(stage.features, width)) for stage in stages),
        head=head,
        dropout=dropout,
        norm=chosen_norm(norm, batch_normalised=batch_normalised, dtype=dtype),
        act=act,
        conv=conv,
        dtype=dtype,
    )
    return from_linen(module, name="nin")


def _pool(kind: str, *, name: str) -> nn.Module:
    """Windows 3×3 by 2, as in Caffe, in which the paper's nets were made.

    Caffe rounds the number of windows up, and means are over the places inside the picture.
    """
    placed = {"strides": (2, 2), "padding": ((0, 1), (0, 1)), "name": name}
    return (
        MaxPool((3, 3), **placed)
        if kind == "max"
        else AvgPool((3, 3), count_include_pad=False, **placed)
    )


def _smallest(stages: tuple[Stage, ...]) -> int:
    """The side that leaves one place at the end.

    Going backwards, a pooling doubles it, and a convolution undoes n_out of E4.
    """
    side = 1
    for stage in reversed(stages):
        side = 2 * side if stage.pool else side
        side = (side - 1) * stage.strides + stage.kernel - 2 * stage.padding
    return max(side, 1)
