"""The lectures' activation functions, each with its derivative and where it saturates (A6)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp

from dl.errors import InputError, did_you_mean
from dl.tables import Table
from dl.types import Array

Side = Literal["left", "right"]
"""Left is x → −∞, right is x → +∞."""

LEAK = 0.01
"""The slope δ of leaky ReLU for x ≤ 0. Source: Maas et al. 2013."""


@dataclass(frozen=True)
class Activation:
    """An activation function f with its derivative f'.

    `function` and `derivative` map x [...] to f(x) and f'(x) [...]. `slopes` are the limits of f'
    at −∞ and at +∞. A `dead` side is one where f' is exactly 0 from some x on, so that a unit there
    learns nothing at all. Softmax is the exception: it maps a vector x [..., K] to a vector, and
    its derivative is the Jacobian [..., K, K].
    """

    name: str
    formula: str
    slope: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    slopes: tuple[float, float]
    dead: tuple[Side, ...] = ()

    @property
    def saturates(self) -> tuple[Side, ...]:
        """The sides on which f' tends to 0.

        >>> ACTIVATIONS["tanh"].saturates, ACTIVATIONS["relu"].saturates
        (('left', 'right'), ('left',))
        """
        sides: tuple[Side, Side] = ("left", "right")
        return tuple(side for side, slope in zip(sides, self.slopes, strict=True) if slope == 0)


def step(x: Array) -> Array:
    """1 if x > 0 else 0, as a number of x's type. Source: A1, A6.

    >>> step(jnp.array([-2.0, 0.0, 2.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    return (x > 0).astype(x.dtype)


def leaky_relu(x: Array) -> Array:
    """x if x > 0 else δ x, with δ = `LEAK`. Source: A6.

    >>> [round(float(y), 2) for y in leaky_relu(jnp.array([-2.0, 2.0]))]
    [-0.02, 2.0]
    """
    return jnp.where(x > 0, x, LEAK * x)


def softplus(x: Array) -> Array:
    """log(1 + eˣ), without overflow. Source: A6.

    >>> softplus(jnp.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
    [0.0, 0.693..., 1000.0]
    """
    return jnp.logaddexp(x, 0.0)


def _step_slope(x: Array) -> Array:
    return jnp.zeros_like(x)


def _logistic_slope(x: Array) -> Array:
    """σ(x) σ(−x): σ(x) (1 − σ(x)) would be 0 as soon as σ(x) is rounded to 1."""
    return jax.nn.sigmoid(x) * jax.nn.sigmoid(-x)


def _tanh_slope(x: Array) -> Array:
    """1 − tanh² x = 4 σ'(2 x), which keeps its digits where tanh x is close to 1."""
    return 4 * _logistic_slope(2 * x)


def _leaky_slope(x: Array) -> Array:
    return jnp.where(x > 0, jnp.ones_like(x), LEAK)


def _elu_slope(x: Array) -> Array:
    return jnp.exp(jnp.minimum(x, 0.0))


def _softmax_slope(x: Array) -> Array:
    y = jax.nn.softmax(x)
    same = jnp.broadcast_to(jnp.eye(y.shape[-1], dtype=y.dtype), (*y.shape, y.shape[-1]))
    return y[..., :, None] * (same - y[..., None, :])


ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation(
            "step", "1 if x > 0 else 0", "0", step, _step_slope, (0.0, 0.0), ("left", "right")
        ),
        Activation(
            "logistic", "1 / (1 + e⁻ˣ)", "f (1 − f)", jax.nn.sigmoid, _logistic_slope, (0.0, 0.0)
        ),
        Activation("tanh", "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)", "1 − f²", jnp.tanh, _tanh_slope, (0.0, 0.0)),
        Activation(
            "relu", "max(0, x)", "1 if x > 0 else 0", jax.nn.relu, step, (0.0, 1.0), ("left",)
        ),
        Activation(
            "leaky_relu",
            "x if x > 0 else δ x",
            "1 if x > 0 else δ",
            leaky_relu,
            _leaky_slope,
            (LEAK, 1.0),
        ),
        Activation(
            "softplus", "log(1 + eˣ)", "1 / (1 + e⁻ˣ)", softplus, jax.nn.sigmoid, (0.0, 1.0)
        ),
        Activation(
            "elu",
            "x if x > 0 else eˣ − 1",
            "1 if x > 0 else eˣ",
            jax.nn.elu,
            _elu_slope,
            (0.0, 1.0),
        ),
        Activation("identity", "x", "1", lambda x: x, jnp.ones_like, (1.0, 1.0)),
        Activation(
            "softmax",
            "eˣₖ / Σᵢ eˣᵢ",
            "fₖ ([k = i] − fᵢ)",
            jax.nn.softmax,
            _softmax_slope,
            (0.0, 0.0),
        ),
    )
}
"""The activations of the lectures by name.

At a kink f' is that of the left side: 0 at 0 for the step and ReLU, δ for leaky ReLU. Softmax
saturates where one x_k is far from all the others. Source: A5, A6.
"""


def activation(name: str) -> Activation:
    """The activation of this name.

    Raises:
        InputError: for a name that is not in `ACTIVATIONS`.

    >>> activation("elu").derivative(jnp.array([-1.0, 0.0, 3.0])).round(4).tolist()
    [0.367..., 1.0, 1.0]
    """
    if name not in ACTIVATIONS:
        raise InputError(f"unknown activation {name!r}; {did_you_mean(name, ACTIVATIONS)}")
    return ACTIVATIONS[name]


def activation_table() -> Table:
    """Every activation with its formula, its derivative and where it saturates. Source: A6.

    >>> print(activation_table().text().splitlines()[4])
    relu        max(0, x)  1 if x > 0 else 0  −∞  −∞
    """
    signs = {"left": "−∞", "right": "+∞"}
    rows = [
        (
            each.name,
            each.formula,
            each.slope,
            " ".join(signs[side] for side in each.saturates) or None,
            " ".join(signs[side] for side in each.dead) or None,
        )
        for each in ACTIVATIONS.values()
    ]
    return Table(("activation", "f(x)", "f'(x)", "saturates", "dead"), rows)
