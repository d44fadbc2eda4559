"""Convolution and trainable pooling as layers of the modular view (C5, C6)."""

from dl.lessons.backprop.maps import convolve_maps, errors_of_maps, kernel_gradient
from dl.lessons.backprop.modular import Back, Layer
from dl.lessons.backprop.quantities import Weights
from dl.lessons.pooling import Pooling, pool_of_kind, spread
from dl.types import Array


def convolution_layer(activation: str, *, table: Array | None = None) -> Layer:
    """Z^p = Σ_q T_qp A_prev^q ⊗ W^qp + b^p; dA_prev^q = Σ_p T_qp δ^p ⊗ rot180(W^qp).

    W is [h, w, Q, P], b is [P], T (`table`) is [Q, P] or None for all connections. Source: C6.

    >>> W = Weights(jnp.ones((3, 3, 1, 2)), jnp.zeros(2))
    >>> convolution_layer("relu").forward(W, jnp.ones((1, 5, 5, 1)))[1].shape
    (1, 3, 3, 2)
    """

    def carry_back(weights: Weights, A_prev: Array, delta: Array) -> Back:
        return Back(
            errors_of_maps(delta, weights.W, table=table),
            kernel_gradient(A_prev, delta, table=table),
            delta.sum(axis=(0, 1, 2)) / A_prev.shape[0],
        )

    def weigh(weights: Weights, A_prev: Array) -> Array:
        return convolve_maps(A_prev, weights.W, weights.b, table=table)

    return Layer(activation, weigh, carry_back)


def pooling_layer(activation: str, *, window: int = 2, pooling: Pooling = "mean") -> Layer:
    """Z = w · down(A_prev) + b with one w and one b for each map; dA_prev = w · up(δ).

    W and b are [C]. `up` spreads an error over its window (`dl.lessons.spread`): δ of the layer
    before is f'(Z_prev) ⊙ w up(δ). Source: C5.

    Raises:
        InputError: for a `pooling` that is neither "mean" nor "max".

    >>> W = Weights(jnp.array([2.0]), jnp.array([1.0]))
    >>> pooling_layer("identity").forward(W, jnp.ones((1, 4, 4, 1)))[1][0, :, :, 0].tolist()
    [[3.0, 3.0], [3.0, 3.0]]
    """
    down = pool_of_kind(pooling)

    def carry_back(weights: Weights, A_prev: Array, delta: Array) -> Back:
        scaled = weights.W[None, None, None] * delta
        return Back(
            spread(A_prev, scaled, window=window, pooling=pooling),
            (delta * down(A_prev, window)).sum(axis=(0, 1, 2)) / A_prev.shape[0],
            delta.sum(axis=(0, 1, 2)) / A_prev.shape[0],
        )

    def weigh(weights: Weights, A_prev: Array) -> Array:
        pooled = down(A_prev, window)
        return weights.W[None, None, None] * pooled + weights.b[None, None, None]

    return Layer(activation, weigh, carry_back)
