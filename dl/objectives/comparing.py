"""Outputs compared with targets, example by example; outputs that do not fit are refused."""

import jax
import jax.numpy as jnp
import optax

from dl.errors import InputError
from dl.ranges import is_zero
from dl.types import Array


def squared_error(outputs: Array, targets: Array) -> Array:
    """Σ over all but the first axis of (y − t)²: [B, ...], [B, ...] -> [B]. Source: B1, B2.

    >>> squared_error(jnp.array([[0.3, 0.3, 0.4]]), jnp.array([[0.0, 0.0, 1.0]]))
    Array([0.54], dtype=float32)
    """
    require_same_shape(outputs, targets)
    return jnp.sum((outputs - targets) ** 2, axis=tuple(range(1, outputs.ndim)))


def is_right(logits: Array, targets: Array) -> Array:
    """1 where the largest of `logits` [..., K] is that of the class in `targets` [...], else 0.

    >>> is_right(jnp.array([[0.1, 0.9], [0.8, 0.2]]), jnp.array([1, 1])).tolist()
    [1.0, 0.0]
    """
    # The first of the largest, as argmax, which XLA computes far more slowly on a CPU.
    classes = jnp.arange(logits.shape[-1])
    largest = logits == jnp.max(logits, axis=-1, keepdims=True)
    first = jnp.min(jnp.where(largest, classes, logits.shape[-1]), axis=-1)
    return (first == targets).astype(jnp.float32)


def is_among(logits: Array, targets: Array, count: int) -> Array:
    """1 where the class of `targets` [...] is among the `count` largest `logits` [..., K], else 0.

    Of equal logits the first counts as larger.

    >>> is_among(jnp.array([[0.1, 0.7, 0.2]]), jnp.array([2]), 2).tolist()
    [1.0]
    """
    _, classes = jax.lax.top_k(logits, min(count, logits.shape[-1]))
    return jnp.any(classes == targets[..., None], axis=-1).astype(jnp.float32)


def agrees(logits: Array, targets: Array) -> Array:
    """1 where log-odds and `targets` of 0 or 1 say the same yes or no, else 0: any shape.

    >>> agrees(jnp.array([2.0, -1.0]), jnp.array([1.0, 1.0])).tolist()
    [1.0, 0.0]
    """
    return ((logits > 0) == (targets > 0.5)).astype(jnp.float32)


def mean_outputs(values: Array) -> Array:
    """The mean over all axes but the first: [B, ...] -> [B].

    >>> mean_outputs(jnp.array([[1.0, 3.0]])).tolist()
    [2.0]
    """
    return jnp.mean(values, axis=tuple(range(1, values.ndim)))


def require_same_shape(outputs: Array, targets: Array) -> None:
    """Raise an `InputError` unless outputs and targets have one shape."""
    if jnp.shape(targets) != outputs.shape:
        raise InputError(
            f"outputs {outputs.shape} and targets {jnp.shape(targets)} must have one shape: "
            "reshape the targets, or give the model as many outputs"
        )


def require_class_numbers(logits: Array, targets: Array) -> None:
    """Raise an `InputError` unless `targets` [...] are integers, one for each row of `logits`."""
    if isinstance(targets, list | tuple):
        raise InputError(
            f"targets are a {type(targets).__name__}: give an array, jnp.array(targets)"
        )
    if targets.shape != logits.shape[:-1] or not jnp.issubdtype(targets.dtype, jnp.integer):
        raise InputError(
            f"targets are {targets.dtype}{list(targets.shape)}; logits {list(logits.shape)} "
            f"need class numbers, integers {list(logits.shape[:-1])}: give targets.astype(int), or "
            "the argmax of one-hot targets"
        )


def are_probabilities(targets: Array, logits: Array) -> bool:
    """Whether `targets` are a probability of each class, of the shape of `logits` [..., K].

    >>> are_probabilities(jnp.array([[0.3, 0.7]]), jnp.zeros((1, 2)))
    True
    """
    shape, kind = jnp.shape(targets), getattr(targets, "dtype", jnp.int32)
    return shape == logits.shape and jnp.issubdtype(kind, jnp.floating)


def most_probable(targets: Array, logits: Array) -> Array:
    """Class numbers [...] of `targets`, which are that or probabilities [..., K].

    >>> most_probable(jnp.array([[0.3, 0.7]]), jnp.zeros((1, 2))).tolist()
    [1]
    """
    return jnp.argmax(targets, axis=-1) if are_probabilities(targets, logits) else targets


def smoothed(targets: Array, smoothing: float | Array, *, classes: int) -> Array:
    """(1 − ε) t + ε/K, for targets t in 0..1 of K classes; t itself for a plain 0.

    Source: Szegedy et al. 2016.

    >>> smoothed(jnp.array([0.0, 1.0]), 0.5, classes=2).tolist()
    [0.25, 0.75]
    """
    return targets if is_zero(smoothing) else (1 - smoothing) * targets + smoothing / classes


def class_entropy(logits: Array, targets: Array, *, smoothing: float | Array) -> Array:
    """−Σ_k t_k log y_k of logits [..., K] and class numbers [...], with smoothed targets t."""
    nats = optax.softmax_cross_entropy_with_integer_labels(logits, targets)
    if is_zero(smoothing):
        return nats
    # −Σ t log y with t = (1 − ε) one-hot + ε/K, without arrays of targets [..., K].
    own = jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return nats + smoothing * (own - jnp.mean(logits, axis=-1))
