"""The quantities of back-propagation under the lectures' names."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.layers.activations import Activation
from dl.tables import Table
from dl.types import Array

_MOST_SHOWN = 12
"""Arrays of at most so many numbers are shown whole."""


class Weights(NamedTuple):
    """The parameters of a layer. Dense: W [units, inputs], b [units, 1]."""

    W: Array
    b: Array


class Quantities(NamedTuple):
    """What one layer computes: on the way forward Z and A, on the way back the rest.

    Z = W A_prev + b and A = f(Z). Of each example's own loss L, dA is ∂L/∂A and δ (`delta`) is
    ∂L/∂Z; dW and db are the gradients of J, the mean of L over the examples. Layers without
    parameters have neither dW nor db. Source: C1, C2.
    """

    Z: Array
    A: Array
    dA: Array
    delta: Array
    dW: Array | None = None
    db: Array | None = None


class Backpropagation(NamedTuple):
    """One forward and one backward pass: the inputs, the loss J, and each layer's quantities."""

    X: Array
    J: Array
    layers: tuple[Quantities, ...]

    @property
    def gradients(self) -> tuple[Weights | None, ...]:
        """∂J/∂W and ∂J/∂b of each layer, in the form of its parameters; None where it has none."""
        return tuple(
            None if layer.dW is None or layer.db is None else Weights(layer.dW, layer.db)
            for layer in self.layers
        )

    def named(self) -> dict[str, Array]:
        """Every quantity by its name: X, then Z1, A1, dA1, δ1, dW1, db1, and so on, then J."""
        quantities = {
            f"{'δ' if field == 'delta' else field}{number}": value
            for number, layer in enumerate(self.layers, start=1)
            for field, value in layer._asdict().items()
            if value is not None
        }
        return {"X": self.X, **quantities, "J": self.J}

    def table(self) -> Table:
        """Name, shape, root mean square and, of a small array, the values of every quantity."""
        rows = [
            (name, tuple(array.shape), float(jnp.sqrt(jnp.mean(array**2))), _shown(array))
            for name, array in self.named().items()
        ]
        return Table(
            ("quantity", "shape", "rms", "values"), rows, formats={"rms": ".3g", "shape": _sides}
        )

    def __str__(self) -> str:
        return self.table().text()


def activate(activation: Activation, Z: Array) -> Array:
    """A = f(Z), of which softmax is taken over the units, the first axis: [n, m] -> [n, m].

    Maps [B, H, W, C] go through all other activations alike.
    """
    if activation.name == "softmax":
        _check_columns(Z)
        return activation.function(Z.T).T
    return activation.function(Z)


def back_through(activation: Activation, Z: Array, dA: Array) -> Array:
    """δ = f'(Z) ⊙ dA; for softmax, whose outputs all depend on all inputs, δ = Jᵀ dA: like Z.

    Source: C2.
    """
    if activation.name == "softmax":
        _check_columns(Z)
        return jnp.einsum("mki,km->im", activation.derivative(Z.T), dA)
    return activation.derivative(Z) * dA


def _check_columns(Z: Array) -> None:
    if Z.ndim != 2:
        raise InputError(
            f"softmax is over the units of Z [units, examples], not of shape {Z.shape}: "
            "flatten maps first"
        )


def _shown(array: Array) -> str | None:
    if array.size > _MOST_SHOWN:
        return None
    return " ".join(np.array2string(np.asarray(array), precision=4, separator=" ").split())


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a number"
