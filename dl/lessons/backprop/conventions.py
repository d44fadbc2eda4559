"""Two conventions for the error of a unit, which give the same update (C2, C3)."""

from collections.abc import Sequence

from dl.errors import InputError
from dl.layers.activations import activation
from dl.lessons.backprop.dense import Forward
from dl.lessons.backprop.quantities import Weights
from dl.types import Array


def errors_before_derivative(
    weights: Sequence[Weights], passed: Forward, Y: Array, *, activations: Sequence[str]
) -> tuple[Array, ...]:
    """C3's δ of every layer, for ½-MSE: the error before the derivative, with the sign of plus.

    δ^L = y − a, and along the same weights backwards δ^l = W^(l+1)ᵀ (f'(z^(l+1)) ⊙ δ^(l+1)). It is
    −∂L/∂a. C2's δ is ∂L/∂z = −f'(z) ⊙ this one. Drawings that carry W^(l+1)ᵀ δ^(l+1) back without
    the f' of the layer above have the gradient only where that layer is linear. Source: C3.

    Raises:
        InputError: for softmax, whose outputs have no derivative f' of their own each.

    >>> net = (Weights(jnp.array([[2.0]]), jnp.zeros((1, 1))),)
    >>> passed = Forward(Z=(jnp.array([[2.0]]),), A=(jnp.ones((1, 1)), jnp.array([[2.0]])))
    >>> errors_before_derivative(net, passed, jnp.zeros((1, 1)), activations=("relu",))[0].tolist()
    [[-2.0]]
    """
    if "softmax" in activations:
        raise InputError("C3's rule has an f' for each unit, which softmax has not: use C2's")
    errors = [Y - passed.A[-1]]
    for number in reversed(range(len(weights) - 1)):
        slope = activation(activations[number + 1]).derivative(passed.Z[number + 1])
        errors.insert(0, weights[number + 1].W.T @ (slope * errors[0]))
    return tuple(errors)


def ascend(
    weights: Sequence[Weights],
    passed: Forward,
    errors: Sequence[Array],
    *,
    activations: Sequence[str],
    rate: float,
) -> tuple[Weights, ...]:
    """w' = w + η δ f'(e) y: the update of C3's convention, the mean over the examples.

    e is the unit's weighted sum (C2 writes z), y what comes in along the weight (C2's a_prev), δ
    the error before the derivative. b' = b + η δ f'(e). Source: C3.

    >>> net = (Weights(jnp.array([[2.0]]), jnp.zeros((1, 1))),)
    >>> passed = Forward(Z=(jnp.array([[2.0]]),), A=(jnp.ones((1, 1)), jnp.array([[2.0]])))
    >>> errors = (jnp.array([[-2.0]]),)
    >>> ascend(net, passed, errors, activations=("relu",), rate=0.5)[0].W.tolist()
    [[1.0]]
    """
    updated = []
    for (W, b), e, y, name, error in zip(
        weights, passed.Z, passed.A[:-1], activations, errors, strict=True
    ):
        step = rate / y.shape[1] * error * activation(name).derivative(e)
        updated.append(Weights(W + step @ y.T, b + step.sum(axis=1, keepdims=True)))
    return tuple(updated)
