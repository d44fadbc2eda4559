"""LeNet, as the lectures draw it (E8) and as LeCun et al. 1998 built it (LeNet-5, E9)."""

from collections.abc import Callable

import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError
from dl.layers import AvgPool, Conv, ConvPool
from dl.models.functional import from_linen
from dl.types import Array, Model


class LeNet(nn.Module):
    """Two convolutions with max-pooling, one hidden dense layer: [B, H, W, C] -> logits [B, classes].

    28×28×1 -> conv 5×5 ×20 -> pool 2 -> 12×12×20 -> conv 5×5 ×50 -> pool 2 -> 4×4×50 -> 500 -> classes.
    """

    classes: int = 10
    features: tuple[int, int] = (20, 50)
    hidden_size: int = 500
    dropout: float = 0.0
    activation: Callable[[Array], Array] = nn.relu
    implementation: str = "auto"

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        _need_side(inputs, smallest=16, model="LeNet")
        maps = inputs
        for number, features in enumerate(self.features, start=1):
            layer = ConvPool(
                features,
                (5, 5),
                activation=self.activation,
                implementation=self.implementation,
                name=f"conv{number}",
            )
            maps = layer(maps)
        flat = maps.reshape(maps.shape[0], -1)
        flat = nn.Dropout(self.dropout, deterministic=not train, name="dropout1")(flat)
        hidden = self.activation(nn.Dense(self.hidden_size, name="hidden")(flat))
        hidden = nn.Dropout(self.dropout, deterministic=not train, name="dropout2")(hidden)
        return nn.Dense(self.classes, name="output")(hidden)


class LeNet5(nn.Module):
    """LeNet-5 with a softmax head and a fully connected C3: [B, 28 or 32, 28 or 32, C] -> logits [B, classes].

    32×32 -> C1 6@28×28 -> S2 6@14×14 -> C3 16@10×10 -> S4 16@5×5 -> C5 120 -> F6 84 -> classes.
    Departures from the paper: S2 and S4 are plain means without trainable coefficients, C3 joins all maps, and the
    head is a softmax instead of Gaussian units. 28×28 pictures are padded to 32×32 with 0, which after normalisation is
    the mean grey and not the background.
    """

    classes: int = 10
    activation: Callable[[Array], Array] = nn.tanh

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        if inputs.ndim != 4 or inputs.shape[1:3] not in ((28, 28), (32, 32)):
            shown = "×".join(map(str, inputs.shape[1:]))
            raise InputError(f"LeNet-5 takes 28×28 or 32×32 pictures (H×W×C), these are {shown}: resize them")
        border = (32 - inputs.shape[1]) // 2
        maps = jnp.pad(inputs, ((0, 0), (border, border), (border, border), (0, 0)))
        maps = self.activation(Conv(6, (5, 5), padding="VALID", name="C1")(maps))
        maps = AvgPool((2, 2), strides=(2, 2), name="S2")(maps)
        maps = self.activation(Conv(16, (5, 5), padding="VALID", name="C3")(maps))
        maps = AvgPool((2, 2), strides=(2, 2), name="S4")(maps)
        maps = self.activation(Conv(120, (5, 5), padding="VALID", name="C5")(maps))
        flat = maps.reshape(maps.shape[0], -1)
        hidden = self.activation(nn.Dense(84, name="F6")(flat))
        return nn.Dense(self.classes, name="output")(hidden)


def lenet(classes: int = 10, **options) -> Model:
    """LeNet of the lectures: 431,080 parameters for 28×28×1 pictures and 10 classes. Source: E8.

    Options: `features` (20, 50), `hidden_size` 500, `dropout` 0 (before both dense layers), `activation`,
    `implementation` of the convolutions ("auto" or "native"). The activation must be elementwise and not decrease
    anywhere, because it may be applied after the pooling. Pictures of 16×16 and more fit.

    >>> sum(row.parameters for row in lenet().layers(jax.ShapeDtypeStruct((1, 28, 28, 1), "float32")))
    431080
    """
    return from_linen(LeNet(classes, **options))


def lenet5(classes: int = 10, **options) -> Model:
    """LeNet-5 (LeCun et al. 1998), softmax head, fully connected C3: 61,706 parameters. Source: E9.

    >>> sum(row.parameters for row in lenet5().layers(jax.ShapeDtypeStruct((1, 28, 28, 1), "float32")))
    61706
    """
    return from_linen(LeNet5(classes, **options))


def _need_side(inputs: Array, *, smallest: int, model: str) -> None:
    if inputs.ndim != 4 or min(inputs.shape[1:3]) < smallest:
        shown = "×".join(map(str, inputs.shape[1:]))
        fits = f"{smallest}×{smallest} (H×W×C)"
        raise InputError(f"{model} takes pictures of at least {fits}, these are {shown}: enlarge or reshape them")
