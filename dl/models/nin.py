"""Network in Network (Lin et al. 2014, arXiv:1312.4400): 1×1 convolutions between, global means at the end."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers import AvgPool, Conv, MaxPool
from dl.layers.blocks import Activation, ConvBlock, ConvModule, Norm, global_avg_pool, with_norm
from dl.models.functional import from_linen
from dl.types import Array, Model


class Stage(NamedTuple):
    """A convolution of some kernel, stride and padding, and two of 1×1; what each gives out, and the pooling after."""

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
    """Stages of "mlpconv", the last with a map a class, whose mean is the logit: [B, H, W, C] -> [B, classes]."""

    classes: int
    stages: tuple[Stage, ...]
    dropout: float = 0.5
    norm: Norm | None = None
    act: Activation = nn.relu
    conv: ConvModule = Conv
    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        if inputs.ndim != 4 or min(inputs.shape[1:3]) < 16:
            raise InputError(f"NiN takes pictures of at least 16×16 (H×W×C), not of shape {inputs.shape[1:]}")
        options = {"norm": self.norm, "act": self.act, "conv": self.conv, "dtype": self.dtype}
        maps = inputs
        for number, stage in enumerate(self.stages, start=1):
            block = ConvBlock(
                stage.features[0], stage.kernel, stage.strides, stage.padding, **options, name=f"conv{number}"
            )
            maps = block(maps, train=train)
            for step, features in enumerate(stage.features[1:], start=1):
                maps = ConvBlock(features, 1, **options, name=f"mlp{number}_{step}")(maps, train=train)
            if stage.pool:
                pool = MaxPool if stage.pool == "max" else AvgPool
                maps = pool((3, 3), strides=(2, 2), padding=((0, 1), (0, 1)), name=f"pool{number}")(maps)
                maps = nn.Dropout(self.dropout, deterministic=not train, name=f"dropout{number}")(maps)
        maps = ConvBlock(self.classes, 1, conv=self.conv, dtype=self.dtype, name="output")(maps, train=train)
        return jnp.asarray(global_avg_pool(maps), jnp.float32)


def nin(classes: int = 1000, *, small: bool = False, batch_normalised: bool = False, **options: Any) -> Model:
    """Network in Network for 224×224 pictures: 7,595,176 parameters; `small` the paper's for CIFAR-10: 966,986.

    Options: `stages`, `dropout` 0.5 after each pooling, `norm`, `axis_name` (synchronises batch norm under `pmap`),
    `act`, `conv`, `dtype`. The logits are means of maps after a ReLU, as in the paper. Source: E13, E6.

    >>> nin(10, small=True).name
    'nin'
    """
    options = with_norm(options, batch_normalised=batch_normalised)
    return from_linen(NiN(classes, **{"stages": CIFAR if small else IMAGENET, **options}), name="nin")
