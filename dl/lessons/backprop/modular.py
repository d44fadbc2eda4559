"""The modular view: a layer maps A_prev to A on the way forward and dA to dA_prev back (C1)."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

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
from dl.types import Array


class Back(NamedTuple):
    """What a layer hands down (dA_prev) and keeps (dW, db)."""

    dA_prev: Array
    dW: Array | None = None
    db: Array | None = None


class Layer(NamedTuple):
    """A layer as two linear steps with an activation between them; it knows no other layer.

    Forward `weigh(weights, A_prev) -> Z`, then A = f(Z). Back δ = f'(Z) ⊙ dA, then
    `carry_back(weights, A_prev, δ) -> Back`. `activation` is the name of f. Source: C1.
    """

    activation: str
    weigh: Callable[[Any, Array], Array]
    carry_back: Callable[[Any, Array, Array], Back]

    def forward(self, weights: Weights | None, A_prev: Array) -> tuple[Array, Array]:
        """A_prev -> A, with Z beside it for the way back."""
        Z = self.weigh(weights, A_prev)
        return Z, activate(activation(self.activation), Z)

    def error(self, Z: Array, dA: Array) -> Array:
        """dA -> δ = f'(Z) ⊙ dA."""
        return back_through(activation(self.activation), Z, dA)

    def backward(self, weights: Weights | None, A_prev: Array, Z: Array, dA: Array) -> Back:
        """dA -> dA_prev, with dW and db."""
        return self.carry_back(weights, A_prev, self.error(Z, dA))


def dense_layer(activation: str) -> Layer:
    """Z = W A_prev + b; dA_prev = Wᵀ δ, dW = 1/m δ A_prevᵀ, db = 1/m Σ δ. Source: C1, C2.

    >>> layer = dense_layer("identity")
    >>> W, X = jnp.array([[1.0, 2.0]]), jnp.array([[3.0], [4.0]])
    >>> layer.forward(Weights(W, jnp.zeros((1, 1))), X)[1].tolist()
    [[11.0]]
    >>> layer.backward(Weights(W, jnp.zeros((1, 1))), X, W @ X, jnp.ones((1, 1))).dW.tolist()
    [[3.0, 4.0]]
    """

    def carry_back(weights: Weights, A_prev: Array, delta: Array) -> Back:
        examples = A_prev.shape[1]
        return Back(
            weights.W.T @ delta,
            delta @ A_prev.T / examples,
            delta.sum(axis=1, keepdims=True) / examples,
        )

    return Layer(activation, lambda weights, A_prev: weights.W @ A_prev + weights.b, carry_back)


def flatten_layer() -> Layer:
    """Maps [B, H, W, C] become columns [H W C, B], and their errors maps again. Source: E6.

    >>> flatten_layer().forward(None, jnp.zeros((5, 2, 3, 4)))[1].shape
    (24, 5)
    """
    return Layer(
        "identity",
        lambda _, A_prev: A_prev.reshape(A_prev.shape[0], -1).T,
        lambda _, A_prev, delta: Back(delta.T.reshape(A_prev.shape)),
    )


def backpropagate_layers(
    layers: Sequence[Layer],
    weights: Sequence[Weights | None],
    X: Array,
    Y: Array,
    *,
    loss: Loss = "half_mse",
) -> Backpropagation:
    """Every quantity of a forward and a backward pass through any layers: Y [K, m].

    `weights` has an entry for each layer, None for one without parameters. The last layer begins
    with `output_error`, in which its f' has cancelled where it can; all others begin with the dA
    that the layer above hands down. Source: C1, C2.

    Raises:
        InputError: for another number of weights than layers, and as `losses`.
    """
    if not layers or len(layers) != len(weights):
        raise InputError(
            f"{len(layers)} layers with {len(weights)} entries of weights: "
            "give one for each layer, None where it has no parameters"
        )
    Z, A = [], [X]
    for layer, own in zip(layers, weights, strict=True):
        before, after = layer.forward(own, A[-1])
        Z.append(before)
        A.append(after)
    output = layers[-1].activation
    dA = output_gradient(Z[-1], Y, output=output, loss=loss)
    delta = output_error(Z[-1], Y, output=output, loss=loss)
    found: list[Quantities] = []
    for number in reversed(range(len(layers))):
        if number < len(layers) - 1:
            delta = layers[number].error(Z[number], dA)
        back = layers[number].carry_back(weights[number], A[number], delta)
        found.insert(0, Quantities(Z[number], A[number + 1], dA, delta, back.dW, back.db))
        dA = back.dA_prev
    return Backpropagation(X, losses(Z[-1], Y, output=output, loss=loss).mean(), tuple(found))
