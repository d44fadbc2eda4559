"""Back-propagation in a dense net, layer by layer (C1, C2)."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.layers.activations import activation
from dl.lessons.backprop.losses import Loss, losses, output_error, output_gradient
from dl.lessons.backprop.quantities import (
    Backpropagation,
    Quantities,
    Weights,
    activate,
    back_through,
)
from dl.types import Array, Key, Params


class Forward(NamedTuple):
    """What the way forward keeps for the way back: Z^1 to Z^L, and A^0 = X to A^L."""

    Z: tuple[Array, ...]
    A: tuple[Array, ...]


def draw_weights(key: Key, sizes: Sequence[int]) -> tuple[Weights, ...]:
    """Random weights of a net with so many inputs and units: W ~ N(0, 1/inputs), b = 0.

    >>> [(W.shape, b.shape) for W, b in draw_weights(jax.random.key(0), (3, 4, 1))]
    [((4, 3), (4, 1)), ((1, 4), (1, 1))]
    """
    keys = jax.random.split(key, len(sizes) - 1)
    return tuple(
        Weights(jax.random.normal(key, (units, inputs)) / inputs**0.5, jnp.zeros((units, 1)))
        for key, inputs, units in zip(keys, sizes[:-1], sizes[1:], strict=True)
    )


def forward(weights: Sequence[Weights], X: Array, *, activations: Sequence[str]) -> Forward:
    """Z^l = W^l A^(l−1) + b^l and A^l = f^l(Z^l) for every layer: X [n, m].

    `activations` names each layer's f (`dl.layers.ACTIVATIONS`). Source: C1.

    Raises:
        InputError: for another number of activations than layers, and shapes that do not fit.

    >>> net = (Weights(jnp.array([[1.0, -1.0]]), jnp.array([[0.5]])),)
    >>> forward(net, jnp.array([[3.0], [1.0]]), activations=("relu",)).Z[0].tolist()
    [[2.5]]
    """
    _check_layers(weights, activations)
    Zs, As = [], [X]
    for number, ((W, b), name) in enumerate(zip(weights, activations, strict=True), start=1):
        _check_shapes(number, W, b, As[-1])
        Zs.append(W @ As[-1] + b)
        As.append(activate(activation(name), Zs[-1]))
    return Forward(tuple(Zs), tuple(As))


def backpropagate(
    weights: Sequence[Weights],
    X: Array,
    Y: Array,
    *,
    activations: Sequence[str],
    loss: Loss = "half_mse",
) -> Backpropagation:
    """Every quantity of a forward and a backward pass: X [n, m], Y [K, m].

    Forward as `forward`. Backward δ^L as `output_error`, then for l = L − 1, ..., 1

        dA^l = W^(l+1)ᵀ δ^(l+1)    δ^l = f'(Z^l) ⊙ dA^l

    and for every layer dW^l = 1/m δ^l A^(l−1)ᵀ, db^l = 1/m Σ δ^l over the examples. With one
    example these are C2's dW = δ aᵀ and db = δ. Here δ includes f', and gradient descent subtracts;
    `conventions` has C3's. Source: C1, C2.

    Raises:
        InputError: as `forward` and `losses`.

    >>> net = (Weights(jnp.array([[2.0]]), jnp.zeros((1, 1))),)
    >>> print(backpropagate(net, jnp.ones((1, 1)), jnp.zeros((1, 1)), activations=("tanh",)))
    quantity     shape     rms      values
    X              1×1       1      [[1.]]
    Z1             1×1       2      [[2.]]
    A1             1×1   0.964   [[0.964]]
    dA1            1×1   0.964   [[0.964]]
    δ1             1×1  0.0681  [[0.0681]]
    dW1            1×1  0.0681  [[0.0681]]
    db1            1×1  0.0681  [[0.0681]]
    J         a number   0.465      0.4647
    """
    Z, A = forward(weights, X, activations=activations)
    output = activations[-1]
    J = losses(Z[-1], Y, output=output, loss=loss).mean()
    dA = [output_gradient(Z[-1], Y, output=output, loss=loss)]
    delta = [output_error(Z[-1], Y, output=output, loss=loss)]
    for number in reversed(range(len(weights) - 1)):
        dA.insert(0, weights[number + 1].W.T @ delta[0])
        delta.insert(0, back_through(activation(activations[number]), Z[number], dA[0]))
    examples = X.shape[1]
    return Backpropagation(
        X,
        J,
        tuple(
            Quantities(
                Z[number],
                A[number + 1],
                dA[number],
                delta[number],
                dW=delta[number] @ A[number].T / examples,
                db=delta[number].sum(axis=1, keepdims=True) / examples,
            )
            for number in range(len(weights))
        ),
    )


def weights_of(params: Params) -> tuple[Weights, ...]:
    """The weights of a `dl.models.mlp` in the lectures' layout: W [units, inputs], b [units, 1].

    With them, `forward` and `backpropagate` show what a trained net computes for X [n, m].

    >>> import dl
    >>> params, _ = dl.models.mlp(1, hidden_sizes=(4,)).init(jax.random.key(0), jnp.zeros((1, 3)))
    >>> [(W.shape, b.shape) for W, b in weights_of(params)]
    [((4, 3), (4, 1)), ((1, 4), (1, 1))]
    """
    hidden = [f"hidden{number}" for number in range(1, len(params))]
    if {*hidden, "output"} != set(params):
        raise InputError(
            f"an mlp has the layers hidden1, hidden2, ... and output, not {', '.join(params)}"
        )
    return tuple(
        Weights(params[name]["kernel"].T, params[name]["bias"][:, None])
        for name in (*hidden, "output")
    )


def descend(
    weights: Sequence[Weights], gradients: Sequence[Weights], *, rate: float
) -> tuple[Weights, ...]:
    """W ← W − η dW and b ← b − η db: the update of C2's convention.

    >>> net = (Weights(jnp.array([[2.0]]), jnp.zeros((1, 1))),)
    >>> descend(net, net, rate=0.5)[0].W.tolist()
    [[1.0]]
    """
    return tuple(
        Weights(W - rate * dW, b - rate * db)
        for (W, b), (dW, db) in zip(weights, gradients, strict=True)
    )


def _check_layers(weights: Sequence[Weights], activations: Sequence[str]) -> None:
    if not weights or len(weights) != len(activations):
        raise InputError(
            f"{len(weights)} layers with {len(activations)} activations: "
            "give one activation for each layer, and at least one layer"
        )


def _check_shapes(number: int, W: Array, b: Array, A: Array) -> None:
    if A.ndim != 2 or W.ndim != 2 or W.shape[1] != A.shape[0] or b.shape != (W.shape[0], 1):
        raise InputError(
            f"layer {number} has W {W.shape}, b {b.shape} and inputs {A.shape}: "
            "W is [units, inputs], b is [units, 1], and inputs are [inputs, examples]"
        )
