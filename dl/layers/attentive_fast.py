"""The attentive layer with a hand-written backward pass: the fast path of `attentive_layer`.

As in `recurrent.fast_scan`, what does not depend on the step before is one product for all steps:
x W before the loops, and the gradients of weights and memory after them. Backward, a loop goes
through the steps in reverse and leaves the gradients of what each step added up.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from dl.layers.attention import additive_scores, attention_weights, context, multiplicative_scores
from dl.layers.recurrent.cells import CellParams
from dl.layers.recurrent.fast_cells import FAST_CELLS, FastCell, State
from dl.layers.recurrent.fast_scan import halved, read_row, write_row
from dl.layers.recurrent.products import product, product_over_steps, with_products_in
from dl.types import Array

WEIGHTS = ("input", "recurrent", "query", "combine")
"""The parameters that are factors of products."""


class _Steps(NamedTuple):
    """What the loop forward leaves for that backward: arrays of all steps [T, B, ...].

    `states` [T + 1, B, H] are those before and after each step, `fed` [T + 1, B, H] likewise.
    """

    activations: Array
    extras: Any
    states: State
    fed: Array
    weights: Array
    seen: Array


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def fast_attentive(
    kind: str,
    product_dtype: Any,
    params: CellParams,
    values: Array,
    mask: Array,
    keys: Array,
    xs: Array,
    state: State,
    fed: Array,
) -> tuple[Array, Array, State]:
    """All steps: xs [T, B, E] -> ã [T, B, H], weights [T, B, S], and the cell's last state.

    The arguments are those of `attentive_layer`; `state` is a tuple of arrays [B, H], and `params`
    has every bias of the cell.
    """
    return _forward(kind, product_dtype, params, values, mask, keys, xs, state, fed)[0]


def _forward(
    kind: str,
    product_dtype: Any,
    params: CellParams,
    values: Array,
    mask: Array,
    keys: Array,
    xs: Array,
    state: State,
    fed: Array,
) -> tuple[tuple[Array, Array, State], tuple]:
    cell, steps, size = FAST_CELLS[kind], xs.shape[0], xs.shape[-1]
    factors = with_products_in(product_dtype, halved(params, cell), WEIGHTS)
    from_fed = factors["input"][size:]
    buffer = product(xs, factors["input"][:size])
    extra = jax.eval_shape(cell.forward, factors, state, buffer[0])[2]
    room = _Steps(
        buffer,
        None if extra is None else jnp.zeros((steps, *extra.shape), extra.dtype),
        tuple(_room(part, steps + 1).at[0].set(part) for part in state),
        _room(fed, steps + 1).at[0].set(fed),
        _room(mask.astype(xs.dtype), steps),
        _room(values[:, 0], steps),
    )

    def body(step: Array, saved: _Steps) -> _Steps:
        state, fed = read_row(saved.states, step), read_row(saved.fed, step)
        x = read_row(saved.activations, step) + product(fed, from_fed)
        state, activations, extra = cell.forward(factors, state, x)
        scores = _scores(_query(factors, state[-1]), keys, factors)
        weights = attention_weights(scores, mask)
        seen = context(weights, values)
        fed = jnp.tanh(product(jnp.concatenate([seen, state[-1]], axis=-1), factors["combine"]))
        rows = _Steps(activations, extra, state, fed, weights, seen)
        return _Steps(
            write_row(saved.activations, step, rows.activations),
            write_row(saved.extras, step, rows.extras),
            write_row(saved.states, step + 1, rows.states),
            write_row(saved.fed, step + 1, rows.fed),
            write_row(saved.weights, step, rows.weights),
            write_row(saved.seen, step, rows.seen),
        )

    saved = lax.fori_loop(0, steps, body, room)
    last = tuple(part[-1] for part in saved.states)
    return (saved.fed[1:], saved.weights, last), (params, values, mask, keys, xs, saved)


class _Inner(NamedTuple):
    """Gradients of what each step added up, [T, B, ...]: x W, tanh's argument, c, the query."""

    activations: Array
    extras: Any
    combined: Array
    seen: Array
    query: Array


def _backward(kind: str, product_dtype: Any, residuals: tuple, gradients: tuple) -> tuple:
    params, values, mask, keys, xs, saved = residuals
    outer_fed, outer_weights, last = gradients
    cell, steps, size = FAST_CELLS[kind], xs.shape[0], xs.shape[-1]
    factors = with_products_in(product_dtype, params, WEIGHTS)
    back = {
        name: factors[name].T + 0.0
        for name in ("recurrent", "combine", "query", "input")
        if name in factors
    }
    score_inputs = {"keys": keys, **_direction(params)}

    def body(number: Array, before: tuple) -> tuple:
        inner, summed, state_gradient, fed_gradient = before
        step = steps - 1 - number
        states = read_row(saved.states, step), read_row(saved.states, step + 1)
        h, weights = states[1][-1], read_row(saved.weights, step)
        fed = read_row(saved.fed, step + 1)
        combined = (fed_gradient + read_row(outer_fed, step)) * (1 - fed * fed)
        seen, dh = jnp.split(product(combined, back["combine"]), [values.shape[-1]], axis=-1)
        of_weights = jnp.einsum("bd,bsd->bs", seen, values) + read_row(outer_weights, step)
        of_scores = weights * (of_weights - (weights * of_weights).sum(axis=-1, keepdims=True))
        query, more = _score_gradients(_query(factors, h), score_inputs, of_scores)
        dh = dh + (product(query, back["query"]) if "query" in back else query)
        state_gradient = (*state_gradient[:-1], state_gradient[-1] + dh)
        state_gradient, dx, dextra = cell.backward(
            {"transposed": back["recurrent"]},
            *states,
            read_row(saved.activations, step),
            read_row(saved.extras, step),
            state_gradient,
        )
        rows = _Inner(dx, dextra, combined, seen, query)
        inner = _Inner(
            *(write_row(all_steps, step, row) for all_steps, row in zip(inner, rows, strict=True))
        )
        fed_gradient = product(dx, back["input"][:, size:])
        return inner, jax.tree.map(jnp.add, summed, more), state_gradient, fed_gradient

    empty = _Inner(
        jnp.zeros_like(saved.activations),
        jax.tree.map(jnp.zeros_like, saved.extras),
        jnp.zeros_like(saved.fed[1:]),
        jnp.zeros_like(saved.seen),
        jnp.zeros((steps, *keys.shape[::2]), xs.dtype),
    )
    zeros = jax.tree.map(jnp.zeros_like, score_inputs)
    start = (empty, zeros, last, jnp.zeros_like(saved.fed[0]))
    inner, summed, state, fed = lax.fori_loop(0, steps, body, start)
    of_params = _parameter_gradients(cell, params, factors, xs, saved, inner, summed)
    of_values = jnp.einsum("tbs,tbd->bsd", saved.weights, inner.seen)
    of_xs = product(inner.activations, factors["input"][:size].T)
    return of_params, of_values, jnp.zeros_like(mask), summed["keys"], of_xs, state, fed


fast_attentive.defvjp(_forward, _backward)


def _parameter_gradients(
    cell: FastCell,
    params: CellParams,
    factors: CellParams,
    xs: Array,
    saved: _Steps,
    inner: _Inner,
    summed: dict[str, Array],
) -> dict[str, Array]:
    """The gradients of all weights, from those of what each step added up."""
    h_before, h_after = saved.states[-1][:-1], saved.states[-1][1:]
    seen_and_h = jnp.concatenate([saved.seen, h_after], axis=-1)
    narrow = factors["input"].dtype
    dx, combined, query = (
        leaf.astype(narrow) for leaf in (inner.activations, inner.combined, inner.query)
    )
    gradients = {
        "input": jnp.concatenate(
            [product_over_steps(xs, dx), product_over_steps(saved.fed[:-1], dx)]
        ),
        "bias": inner.activations.sum(axis=(0, 1)),
        "combine": product_over_steps(seen_and_h, combined),
        **cell.recurrent_gradient(h_before, saved.activations, dx, inner.extras),
    }
    if "query" in params:
        gradients["query"] = product_over_steps(h_after, query)
        gradients["direction"] = summed["direction"]
    return {name: gradients[name] for name in params}


def _room(row: Array, steps: int) -> Array:
    return jnp.zeros((steps, *row.shape), row.dtype)


def _query(factors: CellParams, h: Array) -> Array:
    return product(h, factors["query"]) if "query" in factors else h


def _direction(params: CellParams) -> dict[str, Array]:
    return {"direction": params["direction"]} if "direction" in params else {}


def _scores(query: Array, keys: Array, params: CellParams) -> Array:
    if "direction" in params:
        return additive_scores(query, keys, params["direction"])
    return multiplicative_scores(query, keys)


def _score_gradients(
    query: Array, inputs: dict[str, Array], gradient: Array
) -> tuple[Array, dict[str, Array]]:
    """The gradients of the query, and of the keys and the direction."""

    def scores(query: Array, inputs: dict[str, Array]) -> Array:
        return _scores(query, inputs["keys"], inputs)

    pull: Callable[[Array], Any] = jax.vjp(scores, query, inputs)[1]
    return pull(gradient)
