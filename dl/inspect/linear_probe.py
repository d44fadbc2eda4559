"""How good a representation is: what a linear classifier makes of it."""

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
    """Test accuracy of softmax regression on features [N, F] with class numbers [N], in [0, 1].

    E = −1/N Σ_n log softmax(W x_n + b)_{t_n} + ½ λ ‖W‖², λ = `penalty`, is convex, so its minimum depends on the features
    alone: L-BFGS goes towards it for `steps` steps on all examples at once. Features are centred and divided by one
    number, their standard deviation over all of them, which leaves their directions as they are. Source: A5, F1.

    >>> features, labels = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([0, 0, 1, 1])
    >>> linear_probe((features, labels), (features + 0.2, labels), classes=2)
    1.0
    """
    features, labels = (np.reshape(train[0], (len(train[0]), -1)), train[1])
    mean = features.mean(axis=0, dtype=np.float64)
    scale = np.sqrt(np.mean(np.square(features - mean.astype(features.dtype)), dtype=np.float64)) or 1.0
    weights = _fit(_standard(features, mean, scale), jnp.asarray(labels), classes, penalty, steps)
    scores = _scores(weights, _standard(np.reshape(test[0], (len(test[0]), -1)), mean, scale))
    return float(np.mean(np.argmax(scores, axis=1) == test[1]))


def _standard(features: np.ndarray, mean: np.ndarray, scale: float) -> Array:
    return jnp.asarray((features - mean.astype(np.float32)) / np.float32(scale), jnp.float32)


def _scores(weights: dict[str, Array], features: Array) -> Array:
    return features @ weights["kernel"] + weights["bias"]


def _fit(features: Array, labels: Array, classes: int, penalty: float, steps: int) -> dict[str, Array]:
    """The weights after `steps` steps of L-BFGS from zero, in one compiled program."""

    def loss(weights: dict[str, Array], features: Array, labels: Array) -> Array:
        errors = optax.softmax_cross_entropy_with_integer_labels(_scores(weights, features), labels)
        return jnp.mean(errors) + 0.5 * penalty * jnp.sum(weights["kernel"] ** 2)

    def minimise(features: Array, labels: Array) -> dict[str, Array]:
        optimizer = optax.lbfgs()
        here = lambda weights: loss(weights, features, labels)
        value_and_grad = optax.value_and_grad_from_state(here)

        def step(_, before):
            weights, state = before
            value, gradient = value_and_grad(weights, state=state)
            updates, state = optimizer.update(gradient, state, weights, value=value, grad=gradient, value_fn=here)
            return optax.apply_updates(weights, updates), state

        start = {"kernel": jnp.zeros((features.shape[1], classes)), "bias": jnp.zeros(classes)}
        return jax.lax.fori_loop(0, steps, step, (start, optimizer.init(start)))[0]

    return jax.jit(minimise)(features, labels)
