"""A gradient beside finite differences: the check that every derivation by hand should pass."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from dl.types import Array, PyTree

STEP = float(np.finfo(np.float64).eps) ** (1 / 3)
"""h = ε^(1/3) ≈ 6·10⁻⁶ for float64.

A central difference is wrong by about h² f''' / 6 (it leaves out higher terms) and by about ε f / h
(f is rounded); the sum is smallest for an h near ε^(1/3). Source: Nocedal & Wright 2006, section
8.1.
"""


class GradientCheck(NamedTuple):
    """‖g − n‖ / (‖g‖ + ‖n‖) of a gradient g and the differences n, over all parameters.

    `largest` is the largest |g_i − n_i| of a single parameter. About 10⁻⁸ is as good as it gets;
    10⁻⁴ is a mistake, or a kink within h of a parameter.
    """

    relative_error: float
    largest: float
    differences: PyTree


def finite_differences(
    function: Callable[[PyTree], Array], params: PyTree, *, step: float = STEP
) -> PyTree:
    """(J(θ + h e_i) − J(θ − h e_i)) / 2h for every parameter θ_i, as float64 NumPy arrays.

    h is `step` times the size of θ_i, at least `step`. J is called twice for each parameter.

    >>> slopes = finite_differences(lambda w: w["a"] ** 3, {"a": jnp.array(2.0)})
    >>> round(float(slopes["a"]), 6)
    12.0
    """
    with jax.enable_x64(True):
        doubles = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float64)), params)
        flat, restore = ravel_pytree(doubles)
        values = np.asarray(flat)
        slopes = np.zeros_like(values)
        for number, value in enumerate(values):
            h = step * max(1.0, abs(value))
            ends = [values.copy(), values.copy()]
            ends[0][number] += h
            ends[1][number] -= h
            above, below = (float(function(restore(jnp.asarray(end)))) for end in ends)
            slopes[number] = (above - below) / (ends[0][number] - ends[1][number])
        return jax.tree.map(np.asarray, restore(jnp.asarray(slopes)))


def check_gradient(
    function: Callable[[PyTree], Array], params: PyTree, gradient: PyTree, *, step: float = STEP
) -> GradientCheck:
    """How far `gradient` is from the finite differences of `function` at `params`.

    Works for any scalar function of a tree of arrays, by hand or by `jax.grad`. Compute `gradient`
    in float64 too, under `jax.enable_x64(True)`: in float32 the relative error is about 10⁻⁷ at
    best, and a function of float32 constants is as coarse.

    >>> check = check_gradient(lambda w: jnp.sum(w**2), jnp.array([1.0, 2.0]), np.array([2.0, 4.0]))
    >>> check.relative_error < 1e-9
    True
    """
    differences = finite_differences(function, params, step=step)
    own, found = (
        np.concatenate([np.ravel(np.asarray(leaf, np.float64)) for leaf in jax.tree.leaves(tree)])
        for tree in (gradient, differences)
    )
    scale = np.linalg.norm(own) + np.linalg.norm(found)
    error = np.linalg.norm(own - found) / scale if scale else 0.0
    return GradientCheck(float(error), float(np.abs(own - found).max()), differences)
