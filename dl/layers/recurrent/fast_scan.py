"""A recurrent layer over time with a hand-written backward pass: the fast path.

Forward: x W for all steps in one product, then a loop with one product a step; the gates'
activations overwrite x W. Backward: a loop with one product a step, which leaves ∂(x W); after it,
one product for the gradient of each weight.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from dl.layers.recurrent.cells import CellParams
from dl.layers.recurrent.fast_cells import FAST_CELLS, FastCell, State
from dl.layers.recurrent.products import product, product_over_steps, with_products_in
from dl.types import Array


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def fast_scan(
    kind: str,
    reverse: bool,
    product_dtype: Any,
    params: CellParams,
    xs: Array,
    state: State,
    mask: Array | None,
) -> tuple[Array, State]:
    """All steps of the layer `kind`: xs [T, B, D] -> outputs [T, B, H] and the last state.

    `state` is a tuple of arrays [B, H]. `mask` [T, B, 1] is 1 where there is a step and 0 where the
    state stays as it is. `product_dtype` is the type in which products are computed
    (`dl.layers.recurrent.products`); None is that of the arrays.

    >>> params = {"input": jnp.ones((2, 3)), "recurrent": jnp.zeros((3, 3)), "bias": jnp.zeros(3)}
    >>> xs, state = jnp.ones((5, 1, 2)), (jnp.zeros((1, 3)),)
    >>> fast_scan("rnn", False, None, params, xs, state, None)[0].shape
    (5, 1, 3)
    """
    return _forward(kind, reverse, product_dtype, params, xs, state, mask)[0]


def _forward(
    kind: str,
    reverse: bool,
    product_dtype: Any,
    params: CellParams,
    xs: Array,
    state: State,
    mask: Array | None,
) -> tuple[tuple[Array, State], tuple]:
    cell, steps = FAST_CELLS[kind], xs.shape[0]
    weights = with_products_in(product_dtype, halved(params, cell))
    buffer = product(xs, weights["input"])
    # One more row than steps: row t is the state before step t, row t + 1 that after it; in reverse
    # it is the other way round.
    history = tuple(jnp.zeros((steps + 1, *part.shape), part.dtype) for part in state)
    history = write_row(history, steps if reverse else 0, state)
    extra = jax.eval_shape(cell.forward, weights, state, buffer[0])[2]
    extras = None if extra is None else jnp.zeros((steps, *extra.shape), extra.dtype)

    def body(number: Array, before: tuple) -> tuple:
        buffer, history, extras, state = before
        step = steps - 1 - number if reverse else number
        new, activations, extra = cell.forward(weights, state, read_row(buffer, step))
        state = _select(mask, step, new, state)
        history = write_row(history, step if reverse else step + 1, state)
        return write_row(buffer, step, activations), history, write_row(extras, step, extra), state

    buffer, history, extras, last = lax.fori_loop(0, steps, body, (buffer, history, extras, state))
    outputs = history[-1][:-1] if reverse else history[-1][1:]
    return (outputs, last), (params, xs, mask, buffer, history, extras)


def _backward(
    kind: str, reverse: bool, product_dtype: Any, saved: tuple, gradients: tuple[Array, State]
) -> tuple:
    params, xs, mask, activations, history, extras = saved
    cell, steps, (outputs, last) = FAST_CELLS[kind], xs.shape[0], gradients
    factors = with_products_in(product_dtype, params)
    weights = {"transposed": factors["recurrent"].T + 0.0}

    def body(number: Array, before: tuple) -> tuple:
        inner, inner_extras, gradient = before
        step = number if reverse else steps - 1 - number
        early, late = (step + 1, step) if reverse else (step, step + 1)
        gradient = (*gradient[:-1], gradient[-1] + read_row(outputs, step))
        around = read_row(history, early), read_row(history, late)
        new, dx, dextra = cell.backward(
            weights, *around, read_row(activations, step), read_row(extras, step), gradient
        )
        new, dx, dextra = _select(
            mask, step, (new, dx, dextra), (gradient, *_zeros_like((dx, dextra)))
        )
        return write_row(inner, step, dx), write_row(inner_extras, step, dextra), new

    empty = jnp.zeros_like(activations), _zeros_like(extras)
    inner, inner_extras, first = lax.fori_loop(0, steps, body, (*empty, last))
    states = history[-1][1:] if reverse else history[-1][:-1]
    bias, inner = inner.sum(axis=(0, 1)), inner.astype(factors["input"].dtype)
    gradient = {
        "input": product_over_steps(xs, inner),
        "bias": bias,
        **cell.recurrent_gradient(states, activations, inner, inner_extras),
    }
    dxs = product(inner.astype(xs.dtype), factors["input"].T)
    return {name: gradient[name] for name in params}, dxs, first, _zeros_like(mask)


fast_scan.defvjp(_forward, _backward)


def halved(params: CellParams, cell: FastCell) -> dict[str, Array]:
    """The weights with the columns of logistic gates halved, as `FastCell.forward` takes them."""
    size = params["recurrent"].shape[0]
    factors = np.repeat(np.where(cell.logistic, 0.5, 1.0), size).astype(params["recurrent"].dtype)
    rows = factors[None]  # of a matrix
    halved = {name: params[name] * rows for name in ("input", "recurrent")}
    halved["bias"] = params["bias"] * factors
    return {**params, **halved}


def read_row(rows: Any, step: Array) -> Any:
    """The arrays of one step, from arrays of all steps [T, ...]."""
    return jax.tree.map(lambda leaf: lax.dynamic_index_in_dim(leaf, step, keepdims=False), rows)


def write_row(rows: Any, step: Array | int, new: Any) -> Any:
    """The arrays of all steps [T, ...], with those of one step replaced."""
    return jax.tree.map(
        lambda leaf, row: lax.dynamic_update_index_in_dim(leaf, row, step, 0), rows, new
    )


def _select(mask: Array | None, step: Array, new: Any, old: Any) -> Any:
    if mask is None:
        return new
    is_step = read_row(mask, step) > 0
    return jax.tree.map(lambda a, b: jnp.where(is_step, a, b), new, old)


def _zeros_like(tree: Any) -> Any:
    return jax.tree.map(jnp.zeros_like, tree)
