"""The matrices that multiply a gradient on its way back through time (G2)."""

from typing import Any

import jax
import jax.numpy as jnp

from dl.inspect.recurrence.unrolled import carry_of, kind_of, of_one_type, unroll
from dl.layers.recurrent import Kind
from dl.layers.recurrent.cells import CellParams
from dl.types import Array


def jacobian_norms(kind: str | Kind, params: CellParams, xs: Array, *, carry: Any = None) -> Array:
    """‖∂s_T/∂s_t‖₂ = ‖Π_{t<j≤T} ∂s_j/∂s_{j−1}‖₂ by the distance T − t: xs [T, B, D] -> [T, B].

    s is h, or in an LSTM c and h side by side; the norm is the largest singular value. The gradient
    of any loss by s_t is at most this times its gradient by s_T, so it bounds `gradient_norms`. It
    is for small sizes, because it holds T B matrices of the state's size.
    Source: G2; Pascanu et al. (2013), arXiv:1211.5063.

    >>> halves = {"input": jnp.zeros((1, 2)), "recurrent": jnp.diag(jnp.array([0.5, 0.1]))}
    >>> jacobian_norms("rnn", halves, jnp.zeros((3, 1, 1)))[:, 0].tolist()
    [1.0, 0.5, 0.25]

    Raises:
        InputError: as `unroll`.
    """
    factors = step_jacobians(kind, params, xs, carry=carry)

    def back(product: Array, factor: Array) -> tuple[Array, Array]:
        return jnp.matmul(product, factor, precision="highest"), product

    first = jnp.broadcast_to(jnp.eye(factors.shape[-1], dtype=factors.dtype), factors.shape[1:])
    _, products = jax.lax.scan(back, first, factors, reverse=True)
    return jnp.linalg.norm(products, ord=2, axis=(-2, -1))[::-1]


def step_jacobians(kind: str | Kind, params: CellParams, xs: Array, *, carry: Any = None) -> Array:
    """∂s_t/∂s_{t−1} of every step: xs [T, B, D] -> [T, B, S, S].

    Row i is the gradient of entry i of s_t. S is H, or in an LSTM 2 H: first c, then h. Source: G2.

    >>> params = {"input": jnp.zeros((1, 2)), "recurrent": jnp.array([[0.0, 3.0], [0.0, 0.0]])}
    >>> step_jacobians("rnn", params, jnp.zeros((1, 1, 1)))[0, 0].tolist()
    [[0.0, 0.0], [3.0, 0.0]]

    Raises:
        InputError: as `unroll`.
    """
    states = unroll(kind, params, xs, carry)
    params, xs = of_one_type(params, xs)
    before = jnp.concatenate([rows[:-1] for rows in states], axis=-1)

    def step(state: Array, x: Array) -> Array:
        parts = tuple(jnp.split(state[None], len(states), axis=-1))
        new = kind_of(kind).cell(params, carry_of(parts), x[None])[0]
        return jnp.concatenate(jax.tree.leaves(new), axis=-1)[0]

    return jax.vmap(jax.vmap(jax.jacfwd(step)))(before, xs)
