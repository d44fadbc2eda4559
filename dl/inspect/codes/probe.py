"""How good a representation is: the accuracy of a linear classifier on it."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dl.types import Array


def linear_probe(
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    *,
    classes: int,
    penalty: float = 1e-4,
    steps: int = 100,
) -> float:
    """Test accuracy, in [0, 1], of softmax regression on features [N, ...] with class numbers [N].

    E = −1/N Σ_n log softmax(W x_n + b)_{t_n} + ½ λ ‖W‖² with λ = `penalty`. E is convex, so its
    minimum depends on the features alone; L-BFGS takes at most `steps` steps towards it, on all
    examples at once. Features are centred and divided by a single number, their standard deviation
    over all of them, which keeps their proportions. Source: A5, F1.

    >>> features, labels = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 1, 1])
    >>> linear_probe((features, labels), (features + 0.2, labels), classes=2)
    1.0
    """
    features = train[0].reshape(len(train[0]), -1)
    mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    scale = np.std(features - mean, dtype=np.float64).astype(np.float32) or np.float32(1.0)

    def standard(part: np.ndarray) -> Array:
        return jnp.asarray((part.reshape(len(part), -1) - mean) / scale, jnp.float32)

    weights = _fit(standard(features), jnp.asarray(train[1]), classes, penalty=penalty, steps=steps)
    return float(np.mean(np.argmax(_scores(weights, standard(test[0])), axis=1) == test[1]))


def _scores(weights: Array, features: Array) -> Array:
    """W x + b, the biases in the last row of `weights` [F + 1, K]."""
    return features @ weights[:-1] + weights[-1]


def _fit(features: Array, labels: Array, classes: int, *, penalty: float, steps: int) -> Array:
    """The weights [F + 1, K] that SciPy's L-BFGS reaches from zero."""
    from scipy.optimize import minimize

    shape = (features.shape[1] + 1, classes)

    @jax.jit
    def slope(flat: Array, features: Array, labels: Array) -> tuple[Array, Array]:
        def loss(flat: Array) -> Array:
            weights = flat.reshape(shape)
            errors = optax.softmax_cross_entropy_with_integer_labels(
                _scores(weights, features), labels
            )
            return jnp.mean(errors) + 0.5 * penalty * jnp.sum(weights[:-1] ** 2)

        return jax.value_and_grad(loss)(flat)

    def evaluate(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = slope(jnp.asarray(flat, jnp.float32), features, labels)
        return float(value), np.asarray(gradient, np.float64)

    minimum = minimize(
        evaluate, np.zeros(np.prod(shape)), jac=True, method="L-BFGS-B", options={"maxiter": steps}
    )
    return jnp.asarray(minimum.x.reshape(shape), jnp.float32)
