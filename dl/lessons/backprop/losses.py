"""The two losses, and the error of the output layer that a slide leaves as homework (B1, C2)."""

from typing import Literal

import jax.numpy as jnp

from dl.errors import InputError, did_you_mean
from dl.layers.activations import activation, softplus
from dl.lessons.backprop.quantities import activate, back_through
from dl.types import Array

Loss = Literal["half_mse", "cross_entropy"]
"""½ Σ_k (a_k − y_k)², or −Σ_k y_k log a_k; each is of one example, J is the mean."""


def losses(Z: Array, Y: Array, *, output: str, loss: Loss) -> Array:
    """L of every example, from the last layer's Z and targets Y: twice [K, m] -> [m].

    "half_mse" is ½ Σ_k (a_k − y_k)² with a = f(z) for any activation f = `output`. "cross_entropy"
    is −Σ_k y_k log a_k for a softmax output and −Σ_k (y_k log a_k + (1 − y_k) log(1 − a_k)) for a
    logistic one. It is computed from z, because the logarithm of an a that was rounded to 0 is
    −∞. Source: B1.

    Raises:
        InputError: for shapes that differ, and for cross-entropy of an output that is no
            probability.

    >>> Z, Y = jnp.log(jnp.array([[0.1], [0.6], [0.3]])), jnp.array([[0.0], [1.0], [0.0]])
    >>> losses(Z, Y, output="softmax", loss="cross_entropy").round(4).tolist()
    [0.510...]
    """
    _check(Z, Y, output, loss)
    if loss == "half_mse":
        return 0.5 * jnp.sum((activate(activation(output), Z) - Y) ** 2, axis=0)
    if output == "logistic":
        return jnp.sum(softplus(Z) - Y * Z, axis=0)
    highest = Z.max(axis=0)
    total = highest + jnp.log(jnp.sum(jnp.exp(Z - highest[None]), axis=0))
    return jnp.sum(Y * (total[None] - Z), axis=0)


def output_gradient(Z: Array, Y: Array, *, output: str, loss: Loss) -> Array:
    """dA^L = ∂L/∂a, where the way back begins in the modular view: [K, m].

    a − y for "half_mse"; for "cross_entropy" −y / a with softmax and (a − y) / (a (1 − a)) with a
    logistic output. The two quotients are large where a net is sure and wrong; f'(z) makes up for
    it, but not where a is rounded to 0 or 1. Use `output_error`, in which f' has cancelled. Source:
    C1, C2.

    >>> Y = jnp.array([[1.0], [0.0]])
    >>> output_gradient(jnp.zeros((2, 1)), Y, output="softmax", loss="cross_entropy").tolist()
    [[-2.0], [0.0]]
    """
    _check(Z, Y, output, loss)
    A = activate(activation(output), Z)
    if loss == "half_mse":
        return A - Y
    if output == "logistic":
        return (A - Y) / (A * (1 - A))
    return jnp.where(Y == 0, jnp.zeros_like(A), -Y / A)


def output_error(Z: Array, Y: Array, *, output: str, loss: Loss) -> Array:
    """δ^L = ∂L/∂z of the output layer: [K, m].

    The homework of the slide. With softmax and cross-entropy, L = −Σ_k y_k log a_k and
    ∂a_k/∂z_i = a_k ([k = i] − a_i), so

        δ_i = −Σ_k y_k / a_k · a_k ([k = i] − a_i) = a_i Σ_k y_k − y_i = a_i − y_i

    as the targets of an example sum to 1. With a logistic output and cross-entropy,
    ∂L/∂a = (a − y) / (a (1 − a)) and f' = a (1 − a), so δ = a − y again. With ½-MSE f' stays:
    δ = f'(z) ⊙ (a − y), which is close to 0 where f saturates, even if a is wrong. Source: C2.

    >>> Z, Y = jnp.array([[0.0], [0.0]]), jnp.array([[1.0], [0.0]])
    >>> output_error(Z, Y, output="softmax", loss="cross_entropy").tolist()
    [[-0.5], [0.5]]
    >>> output_error(Z, Y, output="logistic", loss="half_mse").tolist()
    [[-0.125], [0.125]]
    """
    _check(Z, Y, output, loss)
    f = activation(output)
    A = activate(f, Z)
    if loss == "half_mse":
        return back_through(f, Z, A - Y)
    return A - Y if output == "logistic" else A * Y.sum(axis=0, keepdims=True) - Y


def _check(Z: Array, Y: Array, output: str, loss: str) -> None:
    known = ("half_mse", "cross_entropy")
    if loss not in known:
        raise InputError(f"unknown loss {loss!r}; {did_you_mean(loss, known)}")
    if loss == "cross_entropy" and output not in ("softmax", "logistic"):
        raise InputError(
            f"cross-entropy needs probabilities, which {output} outputs are not: "
            "take a softmax or logistic output, or half_mse"
        )
    if Z.shape != Y.shape:
        raise InputError(
            f"outputs have shape {Z.shape} and targets {Y.shape}: "
            "give a target for every output, one example a column"
        )
