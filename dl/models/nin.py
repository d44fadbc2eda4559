"""Network in Network (Lin et al. 2014, arXiv:1312.4400): 1×1 convolutions between, global means at
the end.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import linen as nn

from dl.layers import AvgPool, Conv, MaxPool
from dl.layers.blocks import Activation, ConvBlock, ConvModule, Norm, scaled, vectors, with_norm
from dl.models.checks import check_outputs, check_side
from dl.models.functional import from_linen
from dl.types import Array, Model


class Stage(NamedTuple):
    """A convolution of some kernel, stride and padding, and two of 1×1; what each gives out, and
    the pooling after.
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
    """Stages of "mlpconv", the last with a map a class, whose mean is the logit: [B, H, W, C] ->
    [B, classes].

    `head` "flatten" puts a dense layer on these maps, with which the paper's section 4.6 compares
    the mean.
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
                maps = nn.Dropout(self.dropout, deterministic=not train, name=f"dropout{number}")(
                    maps
                )
        maps = ConvBlock(self.classes, 1, conv=self.conv, dtype=self.dtype, name="output")(
            maps, train=train
        )
        logits = vectors(maps, self.head)
        if self.head == "flatten":
            logits = nn.Dense(self.classes, dtype=self.dtype, name="dense")(logits)
        return jnp.asarray(logits, jnp.float32)


def nin(
    classes: int = 1000,
    *,
    small: bool = False,
    width: float = 1.0,
    batch_normalised: bool = False,
    **options: Any,
) -> Model:
    """Network in Network for 224×224 pictures: 7,595,176 parameters; `small` the paper's for
    CIFAR-10: 966,986.

    `width` is a factor on the channels of every stage. Options: `stages`, `head` "mean" or
    "flatten" (E6), `dropout` 0.5 after each pooling, `norm`, `act`, `conv`, `dtype`. The logits are means of maps after a ReLU, as in the
    paper. Source: E13, E6.

    >>> nin(10, small=True).name
    'nin'
    """
    check_outputs(classes)
    shape = {
        "stages": CIFAR if small else IMAGENET,
        **with_norm(options, batch_normalised=batch_normalised),
    }
    shape["stages"] = tuple(
        stage._replace(features=scaled(stage.features, width)) for stage in shape["stages"]
    )
    return from_linen(NiN(classes, **shape), name="nin")


def _pool(kind: str, *, name: str) -> nn.Module:
    """Windows 3×3 by 2; Caffe, in which the paper's nets were made, rounds up and has means of what
    is inside.
    """
    placed = {"strides": (2, 2), "padding": ((0, 1), (0, 1)), "name": name}
    return (
        MaxPool((3, 3), **placed)
        if kind == "max"
        else AvgPool((3, 3), count_include_pad=False, **placed)
    )


def _smallest(stages: tuple[Stage, ...]) -> int:
    """The side that leaves one place at the end: backwards, a pooling doubles it, a convolution
    undoes n_out of E4.
    """
    side = 1
    for stage in reversed(stages):
        side = 2 * side if stage.pool else side
        side = (side - 1) * stage.strides + stage.kernel - 2 * stage.padding
    return max(side, 1)
