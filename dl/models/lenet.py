"""LeNet, as the lectures draw it (E8), and LeNet-5 (E9), with a softmax head or as published."""

from collections.abc import Callable
from typing import Any

from flax import linen as nn

from dl.errors import InputError, did_you_mean
from dl.layers import AvgPool, Conv, ConvPool, Dropout
from dl.models.checks import check_outputs, check_side
from dl.models.functional import from_linen
from dl.models.lenet_1998 import DIGITS, LeNet1998, framed, scaled_tanh
from dl.promotion import at_least_float32
from dl.types import Array, Model


class LeNet(nn.Module):
    """Two convolutions with max-pooling and a dense layer: [B, H, W, C] -> logits [B, classes].

    28×28×1 -> conv 5×5 ×20 -> pool 2 -> 12×12×20 -> conv 5×5 ×50 -> pool 2 -> 4×4×50 -> 500 ->
    classes.
    """

    classes: int = 10
    features: tuple[int, int] = (20, 50)
    hidden_size: int = 500
    dropout: float = 0.0
    activation: Callable[[Array], Array] = nn.relu
    dtype: Any = None
    implementation: str = "auto"

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        check_side(inputs, smallest=16, model="LeNet")
        maps = inputs
        for number, features in enumerate(self.features, start=1):
            layer = ConvPool(
                features,
                (5, 5),
                activation=self.activation,
                implementation=self.implementation,
                dtype=self.dtype,
                name=f"conv{number}",
            )
            maps = layer(maps)
        flat = maps.reshape(maps.shape[0], -1)
        flat = Dropout(self.dropout, deterministic=not train, name="dropout1")(flat)
        hidden = self.activation(nn.Dense(self.hidden_size, dtype=self.dtype, name="hidden")(flat))
        hidden = Dropout(self.dropout, deterministic=not train, name="dropout2")(hidden)
        return at_least_float32(nn.Dense(self.classes, dtype=self.dtype, name="output")(hidden))


class LeNet5(nn.Module):
    """LeNet-5 with a softmax head and a fully connected C3: pictures -> logits [B, classes].

    28×28 or 32×32 -> C1 6@28×28 -> S2 6@14×14 -> C3 16@10×10 -> S4 16@5×5 -> C5 120 -> F6 84 ->
    classes. Departures from the paper: S2 and S4 are plain means without trained coefficients, C3
    sees all maps, and the head is a softmax instead of Gaussian units; `LeNet1998` departs in none
    of these. In both, 28×28 pictures are padded to 32×32 with 0, which after normalisation is the
    mean grey and not the background.
    """

    classes: int = 10
    activation: Callable[[Array], Array] = nn.tanh
    dtype: Any = None

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        maps = framed(inputs)
        maps = self.activation(Conv(6, (5, 5), padding="VALID", dtype=self.dtype, name="C1")(maps))
        maps = AvgPool((2, 2), strides=(2, 2), name="S2")(maps)
        maps = self.activation(Conv(16, (5, 5), padding="VALID", dtype=self.dtype, name="C3")(maps))
        maps = AvgPool((2, 2), strides=(2, 2), name="S4")(maps)
        maps = self.activation(
            Conv(120, (5, 5), padding="VALID", dtype=self.dtype, name="C5")(maps)
        )
        flat = maps.reshape(maps.shape[0], -1)
        hidden = self.activation(nn.Dense(84, dtype=self.dtype, name="F6")(flat))
        return at_least_float32(nn.Dense(self.classes, dtype=self.dtype, name="output")(hidden))


def lenet(
    classes: int = 10,
    *,
    features: tuple[int, int] = (20, 50),
    hidden_size: int = 500,
    dropout: float = 0.0,
    activation: Callable[[Array], Array] = nn.relu,
    dtype: Any = None,
    implementation: str = "auto",
) -> Model:
    """LeNet of the lectures: 431,080 parameters for 28×28×1 pictures and 10 classes.

    It takes pictures of 16×16 or more. `features` are the channels of the two convolutions;
    `dropout` stands before both dense layers. The `activation` must be elementwise and nowhere
    decrease, because it may be applied after the pooling. `dtype` is the type of the computation,
    `implementation` that of the convolutions, "auto" or "native". Source: E8.

    Raises:
        InputError: for a number of classes below 1.

    >>> pictures = jax.ShapeDtypeStruct((1, 28, 28, 1), "float32")
    >>> sum(row.parameters for row in lenet().layers(pictures))
    431080
    """
    check_outputs(classes)
    module = LeNet(
        classes,
        features,
        hidden_size,
        dropout=dropout,
        activation=activation,
        dtype=dtype,
        implementation=implementation,
    )
    return from_linen(module)


def lenet5(
    classes: int = 10,
    *,
    variant: str = "softmax",
    activation: Callable[[Array], Array] | None = None,
    dtype: Any = None,
) -> Model:
    """LeNet-5 (LeCun et al. 1998) for pictures of 28×28 or 32×32.

    `variant` "softmax" has a softmax head and a fully connected C3: 61,706 parameters. "1998" is
    the paper's, with partial C3, trained subsampling and Gaussian units for at most 10 classes:
    60,000 parameters, to be trained with `objectives.maximum_a_posteriori`. The `activation` is
    tanh, or the paper's scaled tanh for "1998", if None; `dtype` is the type of the computation.
    Source: E9.

    Raises:
        InputError: for classes below 1, another variant, more than 10 classes of "1998".

    >>> pictures = jax.ShapeDtypeStruct((1, 28, 28, 1), "float32")
    >>> sum(row.parameters for row in lenet5().layers(pictures))
    61706
    """
    check_outputs(classes)
    if variant not in (variants := ("softmax", "1998")):
        raise InputError(
            f"unknown variant {variant!r} of LeNet-5: {did_you_mean(variant, variants)}"
        )
    if variant == "softmax":
        module = LeNet5(classes, activation or nn.tanh, dtype)
        return from_linen(module, name="lenet5")
    if classes > len(DIGITS):
        raise InputError(
            f"LeNet-5 of 1998 has bitmaps of {len(DIGITS)} classes, not {classes}: "
            f"take variant='softmax'"
        )
    return from_linen(LeNet1998(classes, activation or scaled_tanh, dtype), name="lenet5")
