"""Metrics as sums and counts: made from a batch, merged exactly, divided once.

When batches are masked or uneven, the mean of a data set is not the mean of the batches' means. A
`Ratio` keeps the sum and the count apart until `compute`, so that any grouping of examples gives
the same number.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.promotion import at_least_float32
from dl.types import Array, ExpRatio, Metrics, Ratio, Total


def from_batch(values: Array, mask: Array) -> Ratio:
    """Sum and count of per-example `values` [B] over the examples whose `mask` [B] is 1.

    Raises:
        ValueError: for values and a mask of different shapes.

    >>> from_batch(jnp.array([1.0, 3.0, 100.0]), jnp.array([1.0, 1.0, 0.0]))
    Ratio(sum=Array(4., dtype=float32), count=Array(2., dtype=float32))
    """
    if values.shape != mask.shape:
        raise InputError(
            f"values {values.shape} and mask {mask.shape} must have one shape, a value an example"
        )
    values = at_least_float32(values)
    mask = mask.astype(values.dtype)
    # where, not multiply: padding may hold inf or nan, and 0 * inf is nan.
    kept = jnp.where(mask > 0, values, 0.0)
    return Ratio(jnp.sum(kept * mask), jnp.sum(mask))


def zeros_like(metrics: Metrics) -> Metrics:
    """The neutral element of `merge`, from metrics or their shapes.

    >>> zeros_like({"loss": Ratio(jnp.array(4.0), jnp.array(2.0))})["loss"].count
    Array(0., dtype=float32)
    """
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), metrics)


def merge(left: Metrics, right: Metrics) -> Metrics:
    """Metrics of two sets of examples together; associative and commutative.

    >>> a = {"loss": Ratio(jnp.array(4.0), jnp.array(2.0))}
    >>> compute(merge(a, a))
    {'loss': 2.0}
    """
    return jax.tree.map(jnp.add, left, right)


def compute(metrics: Metrics) -> dict[str, float]:
    """Fetch the metrics; each name has a number.

    It is sum / count for a `Ratio`, exp(sum / count) for an `ExpRatio`, and the sum for a `Total`.
    The sums of a population are [K]: the number is then the mean over the members for which it is
    finite. Without any example it is nan. The exponential stays finite: means above 700, which a
    diverged model may have, count as 700.

    >>> compute({"accuracy": Ratio(jnp.array(3.0), jnp.array(4.0))})
    {'accuracy': 0.75}
    """
    fetched: Metrics = jax.device_get(metrics)
    return {name: _mean_value(ratio) for name, ratio in fetched.items()}


def by_member(metrics: Metrics) -> dict[str, list[float]]:
    """The same for each member of a population, whose sums are [K]; {} for a single training.

    >>> by_member({"accuracy": Ratio(jnp.array([3.0, 1.0]), jnp.array([4.0, 4.0]))})
    {'accuracy': [0.75, 0.25]}
    """
    fetched: Metrics = jax.device_get(metrics)
    return {name: _values(ratio) for name, ratio in fetched.items() if np.ndim(ratio.sum)}


def _mean_value(ratio: Ratio | ExpRatio | Total) -> float:
    if not np.ndim(ratio.sum):
        return _value(ratio)
    finite = [value for value in _values(ratio) if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else float("nan")


def _values(ratio: Ratio | ExpRatio | Total) -> list[float]:
    return [_value(type(ratio)(*pair)) for pair in zip(*ratio, strict=True)]


def _value(ratio: Ratio | ExpRatio | Total) -> float:
    if isinstance(ratio, Total):
        return float(ratio.sum)
    if not ratio.count:
        return float("nan")
    mean = float(ratio.sum) / float(ratio.count)
    return math.exp(min(mean, 700.0)) if isinstance(ratio, ExpRatio) else mean
