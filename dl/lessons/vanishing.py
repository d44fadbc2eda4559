"""How the gradient fares on its way back through many layers (C7)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl.lessons.initialisation import (
    Activation,
    Initializer,
    count_dead,
    draw_weights,
    propagate,
)
from dl.tables import Table
from dl.types import Array

NETS: Mapping[str, tuple[Activation, str]] = {
    "logistic": (jax.nn.sigmoid, "Xavier"),
    "tanh": (jnp.tanh, "Xavier"),
    "relu": (jax.nn.relu, "He"),
}
"""The activations that are compared, each with the first weights that were made for it."""

DEPTHS = (2, 5, 10, 20, 50)


class GradientNorms(NamedTuple):
    """Norms over all examples together, an array [L] each, from the first layer to the last."""

    errors: Array
    """‖δ_l‖ with δ_l = ∂J/∂Z_l."""
    weights: Array
    """‖∂J/∂W_l‖."""


def gradient_norms(
    weights: Array, inputs: Array, activation: Activation, errors: Array
) -> GradientNorms:
    """The norm of every layer's gradient when ∂J/∂A_L is `errors`.

    weights [L, n, n], inputs and errors [B, n] -> two arrays [L]. δ_l = f'(Z_l) ⊙ δ_(l+1) W_(l+1)ᵀ,
    so that going back through layer l + 1 multiplies the norm by at most max |f'| · ‖W_(l+1)‖:
    for the logistic function by at most ¼ ‖W‖. A product of many small factors vanishes.
    Source: C7, C2.

    >>> norms = gradient_norms(jnp.ones((3, 1, 1)), jnp.zeros((1, 1)), lambda z: z / 4,
    ...                        jnp.ones((1, 1)))
    >>> norms.errors.tolist()
    [0.015625, 0.0625, 0.25]
    """

    def output(weights: Array, shifts: Array) -> Array:
        """A_L of layers whose Z_l is Z_l + 0; the derivative by these zeros is δ_l."""

        def layer(before: Array, at: tuple[Array, Array]) -> tuple[Array, None]:
            return activation(before @ at[0] + at[1]), None

        return jax.lax.scan(layer, inputs, (weights, shifts))[0]

    zeros = jnp.zeros((weights.shape[0], *inputs.shape), inputs.dtype)
    for_weights, for_shifts = jax.vjp(output, weights, zeros)[1](errors)
    return GradientNorms(errors=_norms(for_shifts), weights=_norms(for_weights))


def compare_depths(
    depths: Sequence[int] = DEPTHS,
    nets: Mapping[str, tuple[Activation, str | Initializer]] = NETS,
    *,
    width: int = 100,
    examples: int = 100,
    seed: int = 0,
) -> Table:
    """The gradient at the first layer beside that at the last, for nets of several depths.

    The inputs and ∂J/∂A_L are drawn from N(0, 1). `factor` is the geometric mean of what one layer
    does to the norm of δ, (‖δ_1‖ / ‖δ_L‖)^(1 / (L − 1)). Source: C7.

    >>> print(compare_depths((2, 20), {"logistic": NETS["logistic"]}).text())
    activation  layers  first / last  per layer  dead units
    logistic         2          0.21       0.21           0
    logistic        20       1.1e-12       0.23           0
    """
    keys = jax.random.split(jax.random.key(seed), 3)
    inputs, errors = (jax.random.normal(key, (examples, width)) for key in keys[:2])
    rows = []
    for name, (activation, initializer) in nets.items():
        for depth in depths:
            weights = draw_weights(keys[2], initializer, depth=depth, width=width)
            norms = gradient_norms(weights, inputs, activation, errors).errors
            ratio = float(norms[0] / norms[-1])
            dead = int(count_dead(propagate(weights, inputs, activation)[1]).sum())
            rows.append((name, depth, ratio, ratio ** (1 / max(depth - 1, 1)), dead))
    return Table(
        ("activation", "layers", "ratio", "factor", "dead"),
        rows,
        formats={"ratio": ".2g", "factor": ".2f"},
        headings={"ratio": "first / last", "factor": "per layer", "dead": "dead units"},
    )


def _norms(layers: Array) -> Array:
    # Scaled by the largest entry, because squares of what has vanished would be 0 in float32.
    flat = jnp.abs(layers.reshape(layers.shape[0], -1))
    largest = flat.max(-1, keepdims=True)
    scaled = flat / jnp.where(largest > 0, largest, 1)
    return largest[:, 0] * jnp.sqrt((scaled**2).sum(-1))
