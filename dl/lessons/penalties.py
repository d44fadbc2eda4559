"""Weight penalties: their values, and three ways in which they enter an update (B3)."""

from typing import Literal, NamedTuple

import jax.numpy as jnp

from dl.errors import InputError
from dl.types import Array

Norm = Literal["l1", "l2"]
Form = Literal["coupled", "decoupled", "as printed"]
"""Where the decay enters.

- coupled: it is a part of the gradient, α (g + λ W), and the optimizer sees the sum;
- decoupled: the optimizer sees g alone, and the weights shrink beside it by α λ W (Loshchilov &
  Hutter 2019);
- as printed: the slide's −λ W, without the rate α. It is not the gradient of the penalty: at
  another rate the same λ would be another penalty.
"""


class Moments(NamedTuple):
    """Adam's running means of g and of g², and how many steps they have seen."""

    mean: Array
    square: Array
    steps: int = 0


def penalty(weights: Array, strength: float, norm: Norm = "l2") -> Array:
    """½ λ ‖W‖²_F for "l2", λ Σ|w| for "l1"; λ is the `strength`: [...] -> [].

    Biases are not penalised. Source: B3.

    >>> W = jnp.array([[3.0, -4.0]])
    >>> float(penalty(W, 0.5)), float(penalty(W, 0.5, "l1"))
    (6.25, 3.5)
    """
    _check_norm(norm)
    return (
        0.5 * strength * jnp.sum(weights**2) if norm == "l2" else strength * jnp.abs(weights).sum()
    )


def decay(weights: Array, strength: float, norm: Norm = "l2") -> Array:
    """The gradient of the penalty: λ W for "l2", λ sign W for "l1" (0 at 0).

    L2 shrinks a weight in proportion to it; L1 moves all weights by equal steps towards 0, which
    many of them reach. Source: B3.

    >>> W = jnp.array([3.0, -4.0, 0.0])
    >>> decay(W, 0.5).tolist(), decay(W, 0.5, "l1").tolist()
    ([1.5, -2.0, 0.0], [0.5, -0.5, 0.0])
    """
    _check_norm(norm)
    return strength * (weights if norm == "l2" else jnp.sign(weights))


def sgd_update(
    weights: Array,
    gradient: Array,
    *,
    rate: float,
    strength: float,
    norm: Norm = "l2",
    form: Form = "coupled",
) -> Array:
    """The weights after a step of gradient descent at the `rate` α.

    W − α (g + λ W) coupled, W − α g − α λ W decoupled: for plain gradient descent they are equal.
    W − α g − λ W as the slide prints it, without the rate. With L1, sign W stands for W. Source:
    B3, D1.

    >>> W, g = jnp.array([2.0]), jnp.array([1.0])
    >>> float(sgd_update(W, g, rate=0.5, strength=0.25)[0])
    1.25
    >>> float(sgd_update(W, g, rate=0.5, strength=0.25, form="as printed")[0])
    1.0
    """
    shrinking = decay(weights, strength, norm)
    if form == "coupled":
        return weights - rate * (gradient + shrinking)
    return weights - rate * gradient - _beside(form, rate) * shrinking


def adam_update(
    weights: Array,
    gradient: Array,
    moments: Moments,
    *,
    rate: float,
    strength: float,
    norm: Norm = "l2",
    form: Form = "coupled",
    b1: float = 0.9,
    b2: float = 0.999,
    eps: float = 1e-8,
) -> tuple[Array, Moments]:
    """The weights and moments after a step of Adam. The first step is given moments of zeros.

    Coupled, the decay is a part of g and so of both moments: it is divided by √ŝ like the rest, and
    weights with large gradients hardly shrink. Decoupled (AdamW), every weight shrinks by the same
    share α λ. So the two differ. Source: B3, D1; Kingma & Ba 2015; Loshchilov & Hutter 2019.

    >>> W, g, zero = jnp.array([1.0]), jnp.array([4.0]), Moments(jnp.zeros(1), jnp.zeros(1))
    >>> options = {"rate": 0.1, "strength": 1.0}
    >>> [
    ...     round(float(adam_update(W, g, zero, form=form, **options)[0][0]), 4)
    ...     for form in ("coupled", "decoupled")
    ... ]
    [0.9, 0.8]
    """
    shrinking = decay(weights, strength, norm)
    seen = gradient + shrinking if form == "coupled" else gradient
    mean = b1 * moments.mean + (1 - b1) * seen
    square = b2 * moments.square + (1 - b2) * seen**2
    steps = moments.steps + 1
    direction = (mean / (1 - b1**steps)) / (jnp.sqrt(square / (1 - b2**steps)) + eps)
    beside = 0.0 if form == "coupled" else _beside(form, rate)
    return weights - rate * direction - beside * shrinking, Moments(mean, square, steps)


def _beside(form: Form, rate: float) -> float:
    """The factor of a decay that stands beside the gradient's step."""
    if form not in ("decoupled", "as printed"):
        raise InputError(f"unknown form {form!r}: give coupled, decoupled or as printed")
    return rate if form == "decoupled" else 1.0


def _check_norm(norm: Norm) -> None:
    if norm not in ("l1", "l2"):
        raise InputError(f"unknown norm {norm!r}: give l1 or l2")
