"""Searching on a log scale, and why random search beats a grid (D8)."""

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.types import Array, Key

Exponents = tuple[float, float]
"""The powers of ten between which a value is searched."""

LEARNING_RATES: Exponents = (-6.0, 1.0)
"""The lecture's range of learning rates: 10^U(−6, 1). Source: D8."""


def log_uniform(key: Key, exponents: Exponents = LEARNING_RATES, *, count: int) -> Array:
    """10^u with u uniform between the exponents: [count] values.

    Every power of ten gets the same share of the values, the smallest as the largest; a uniform
    draw of the values themselves would nearly always give the largest. Source: D8.

    >>> rates = log_uniform(jax.random.key(0), count=1000)
    >>> bool((rates >= 1e-6).all() and (rates <= 10).all()), int((rates < 1e-3).sum() // 100)
    (True, 4)
    """
    _check(exponents)
    return 10 ** jax.random.uniform(key, (count,), minval=exponents[0], maxval=exponents[1])


def log_grid(exponents: Exponents = LEARNING_RATES, *, count: int) -> Array:
    """`count` values at equal distances on the log scale, both ends included. Source: D8.

    >>> [round(value, 4) for value in log_grid((-3, 0), count=4).tolist()]
    [0.001, 0.01, 0.1, 1.0]
    """
    _check(exponents)
    check_number("count", count, Range(at_least=2), whole=True)
    return 10 ** jnp.linspace(*exponents, count)


def grid_trials(first: Exponents, second: Exponents, *, side: int) -> Array:
    """`side`² pairs of values on a grid, which try only `side` values of each: [side², 2].

    >>> trials = grid_trials((-3, 0), (-3, 0), side=3)
    >>> trials.shape, len(set(trials[:, 0].tolist()))
    ((9, 2), 3)
    """
    axes = jnp.meshgrid(log_grid(first, count=side), log_grid(second, count=side))
    return jnp.stack([axis.ravel() for axis in axes], axis=-1)


def random_trials(key: Key, first: Exponents, second: Exponents, *, count: int) -> Array:
    """`count` pairs of random values, which try `count` values of each: [count, 2].

    Where only one of the two matters, as is usual, a grid of equal cost wastes most of its trials
    on repeating the values of that one. Source: D8; Bergstra & Bengio 2012.

    >>> trials = random_trials(jax.random.key(0), (-3, 0), (-3, 0), count=9)
    >>> trials.shape, len(set(trials[:, 0].tolist()))
    ((9, 2), 9)
    """
    keys = jax.random.split(key)
    columns = [
        log_uniform(key, own, count=count) for key, own in zip(keys, (first, second), strict=True)
    ]
    return jnp.stack(columns, axis=-1)


def refine(exponents: Exponents, best: float, *, factor: float = 4.0) -> Exponents:
    """From coarse to fine: a range `factor` times as narrow around the best value so far.

    It does not leave the old range. Source: D8.

    >>> refine((-6.0, 2.0), best=0.01)
    (-3.0, -1.0)
    """
    _check(exponents)
    check_number("factor", factor, Range(at_least=1))
    check_number("best", best, Range(above=0))
    low, high = exponents
    half, centre = (high - low) / factor / 2, float(jnp.log10(best))
    return max(low, centre - half), min(high, centre + half)


def _check(exponents: Exponents) -> None:
    low, high = exponents
    if not low < high:
        raise InputError(
            f"the exponents {low} and {high} span no range: give the smaller one first"
        )
