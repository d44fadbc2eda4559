"""AlexNet (Krizhevsky et al. 2012), single tower and two towers, and a form for small pictures
(E10, E11).
"""

from typing import Any

import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers import Conv
from dl.layers.blocks import (
    Activation,
    ConvBlock,
    ConvModule,
    Norm,
    he_normal,
    local_response_norm,
    scaled,
    vectors,
    with_norm,
)
from dl.models.checks import check_outputs, check_side
from dl.models.functional import from_linen
from dl.types import Array, Model


class AlexNet(nn.Module):
    """Five convolutions, maxima 3×3 by 2 after three of them, dense layers: [B, H, W, C] -> logits
    [B, classes].

    `groups` is 1, or 2 for the two towers of the paper, which meet in the third convolution only.
    `local_norm` is the paper's local response normalisation after the first two. `first` is kernel,
    stride and padding of the first. `head` says what of the last maps goes to the dense layers
    (E6).
    """

    classes: int
    features: tuple[int, int, int, int, int]
    hidden_sizes: tuple[int, ...]
    first: tuple[int, int, int]
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
            hidden = nn.Dropout(self.dropout, deterministic=not train, name=f"dropout{number}")(
                hidden
            )
        return jnp.asarray(
            nn.Dense(self.classes, dtype=self.dtype, name="output")(hidden), jnp.float32
        )

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


def alexnet(
    classes: int = 1000,
    *,
    small: bool = False,
    width: float = 1.0,
    towers: int = 1,
    batch_normalised: bool = False,
    head: str = "flatten",
    **options: Any,
) -> Model:
    """AlexNet for 227×227 pictures (the paper prints 224); `small` for 28×28 and 32×32.

    `towers` 2 is the grouped original: 60,965,224 parameters, one tower has 62,378,344. `head`
    "mean" takes the mean of each map in the place of flattening, and no hidden dense layers (E6).
    `width` is a factor on the channels and the
    hidden layers. Options: `features`, `hidden_sizes`, `local_norm` (True unless small), `dropout`
    0.5 of the hidden units, `norm`, `act`,
    `conv`, `dtype`, `implementation`. Biases start at 0, where the paper has 1 in some layers.
    Source: E10, E11.

    >>> alexnet(10, small=True).name
    'alexnet'
    """
    check_outputs(classes)
    if towers not in (1, 2):
        raise InputError(f"AlexNet has 1 tower or 2, not {towers}")
    full = {
        "features": (96, 256, 384, 384, 256),
        "hidden_sizes": (4096, 4096),
        "first": (11, 4, 0),
        "local_norm": True,
    }
    reduced = {"features": (64, 128, 256, 256, 128), "hidden_sizes": (512, 512), "first": (5, 1, 2)}
    shape = {**(reduced if small else full), **({"hidden_sizes": ()} if head == "mean" else {})}
    shape = {**shape, **with_norm(options, batch_normalised=batch_normalised)}
    shape |= scaled({name: shape[name] for name in ("features", "hidden_sizes")}, width)
    if any(features % towers for features in shape["features"]):
        raise InputError(
            f"two towers share every layer's channels evenly, and {shape['features']} are not all even"
        )
    return from_linen(AlexNet(classes, groups=towers, head=head, **shape), name="alexnet")


def _normalised(act: Activation) -> Activation:
    return lambda maps: local_response_norm(act(maps))


def _smallest(first: tuple[int, int, int]) -> int:
    """The side that leaves 15 places after the first convolution, and so one after three maxima 3×3
    by 2.
    """
    kernel, stride, padding = first
    return kernel - 2 * padding + 14 * stride
