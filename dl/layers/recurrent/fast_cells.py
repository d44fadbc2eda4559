"""The mathematics of the fast recurrent path: one step forward and one backward for each cell.

A step forward takes h and x W, which is computed for all steps at once before. A step backward
takes what forward saved and ∂L/∂carry. All logistic gates come from one tanh, σ(v) = ½ tanh(v/2) +
½, with the inner ½ folded into the weights.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from dl.layers.recurrent.cells import CellParams
from dl.layers.recurrent.products import product, product_over_steps
from dl.types import Array

State = tuple[Array, ...]
"""The carry as a tuple whose last entry is h; all [B, H]."""


class FastCell(NamedTuple):
    """What `fast_scan` needs to know about a cell. [B, n H] are the n gates side by side.

    `logistic` says which gates are logistic. `forward(weights, state, x W) -> (state, activations
    [B, n H], extra [B, ·] or None)`. `backward(weights, before, after, activations, extra, ∂after)
    -> (∂before, ∂(x W), ∂extra)`, where `before` and `after` are the states around the step.
    `recurrent_gradient(h, activations, ∂(x W), ∂extra)`, all [T, B, ·], returns the gradients of
    "recurrent" and, if there is one, "recurrent_bias".
    """

    logistic: tuple[bool, ...]
    forward: Callable[[CellParams, State, Array], tuple[State, Array, Array | None]]
    backward: Callable[..., tuple[State, Array, Array | None]]
    recurrent_gradient: Callable[..., dict[str, Array]]


def _rnn_forward(weights: CellParams, state: State, x: Array) -> tuple[State, Array, None]:
    h = jnp.tanh(x + product(state[-1], weights["recurrent"]) + weights["bias"][None])
    return (h,), h, None


def _rnn_backward(
    weights: CellParams,
    before: State,
    after: State,
    activations: Array,
    extra: None,
    gradient: State,
) -> tuple[State, Array, None]:
    inner = gradient[-1] * (1 - activations * activations)
    return (product(inner, weights["transposed"]),), inner, None


def _lstm_forward(weights: CellParams, state: State, x: Array) -> tuple[State, Array, None]:
    c, h = state
    activations = jnp.tanh(x + product(h, weights["recurrent"]) + weights["bias"][None])
    i, f, g, o = _lstm_gates(activations)
    c = f * c + i * g
    return (c, o * jnp.tanh(c)), activations, None


def _lstm_backward(
    weights: CellParams,
    before: State,
    after: State,
    activations: Array,
    extra: None,
    gradient: State,
) -> tuple[State, Array, None]:
    i, f, g, o = _lstm_gates(activations)
    squashed, (dc, dh) = jnp.tanh(after[0]), gradient
    dc = dc + dh * o * (1 - squashed * squashed)
    # The slopes of all gates in one pass: σ' = ¼ (1 − tanh²) of the half argument.
    quarters = np.repeat(np.array([[0.25, 0.25, 1.0, 0.25]], dc.dtype), dc.shape[-1], axis=1)
    slopes = quarters * (1 - activations * activations)
    outer = _side_by_side(dc * g, dc * before[0], dc * i, dh * squashed)
    inner = lax.optimization_barrier(outer * slopes)
    return (dc * f, product(inner, weights["transposed"])), inner, None


def _lstm_gates(activations: Array) -> tuple[Array, Array, Array, Array]:
    i, f, g, o = jnp.split(activations, 4, axis=-1)
    return _logistic(i), _logistic(f), g, _logistic(o)


def _product_with_all_gates(
    h: Array, activations: Array, inner: Array, extra: None
) -> dict[str, Array]:
    return {"recurrent": product_over_steps(h, inner)}


def _gru_forward(weights: CellParams, state: State, x: Array) -> tuple[State, Array, None]:
    (h,), size = state, state[-1].shape[-1]
    x = x + weights["bias"][None]
    gates = jnp.tanh(x[:, : 2 * size] + product(h, weights["recurrent"][:, : 2 * size]))
    r, z = (_logistic(gate) for gate in jnp.split(gates, 2, axis=-1))
    n = jnp.tanh(x[:, 2 * size :] + product(r * h, weights["recurrent"][:, 2 * size :]))
    return ((1 - z) * h + z * n,), jnp.concatenate([gates, n], axis=-1), None


def _gru_backward(
    weights: CellParams,
    before: State,
    after: State,
    activations: Array,
    extra: None,
    gradient: State,
) -> tuple[State, Array, None]:
    (h,), (dh,), size = before, gradient, before[-1].shape[-1]
    r, z, n = _gru_gates(activations)
    dn, dz = dh * z * (1 - n * n), dh * (n - h) * z * (1 - z)
    reset = product(dn, weights["transposed"][2 * size :])
    inner = _side_by_side(reset * h * r * (1 - r), dz, dn)
    dh = dh * (1 - z) + reset * r + product(inner[:, : 2 * size], weights["transposed"][: 2 * size])
    return (dh,), inner, None


def _gru_gates(activations: Array) -> tuple[Array, Array, Array]:
    r, z, n = jnp.split(activations, 3, axis=-1)
    return _logistic(r), _logistic(z), n


def _gru_recurrent_gradient(
    h: Array, activations: Array, inner: Array, extra: None
) -> dict[str, Array]:
    size = h.shape[-1]
    r = _logistic(activations[..., :size])
    gates, candidate = (
        product_over_steps(h, inner[..., : 2 * size]),
        product_over_steps(r * h, inner[..., 2 * size :]),
    )
    return {"recurrent": jnp.concatenate([gates, candidate], axis=-1)}


def _reset_after_forward(weights: CellParams, state: State, x: Array) -> tuple[State, Array, Array]:
    (h,), size = state, state[-1].shape[-1]
    x, recurrent = x + weights["bias"][None], product(h, weights["recurrent"])
    candidate = recurrent[:, 2 * size :] + weights["recurrent_bias"][None]
    gates = jnp.tanh(x[:, : 2 * size] + recurrent[:, : 2 * size])
    r, z = (_logistic(gate) for gate in jnp.split(gates, 2, axis=-1))
    n = jnp.tanh(x[:, 2 * size :] + r * candidate)
    return ((1 - z) * n + z * h,), jnp.concatenate([gates, n], axis=-1), candidate


def _reset_after_backward(
    weights: CellParams,
    before: State,
    after: State,
    activations: Array,
    candidate: Array,
    gradient: State,
) -> tuple[State, Array, Array]:
    (h,), (dh,) = before, gradient
    r, z, n = _gru_gates(activations)
    dn, dz = dh * (1 - z) * (1 - n * n), dh * (h - n) * z * (1 - z)
    dr, dcandidate = dn * candidate * r * (1 - r), dn * r
    dh = dh * z + product(_side_by_side(dr, dz, dcandidate), weights["transposed"])
    return (dh,), _side_by_side(dr, dz, dn), dcandidate


def _reset_after_recurrent_gradient(
    h: Array, activations: Array, inner: Array, extra: Array
) -> dict[str, Array]:
    gates = product_over_steps(h, inner[..., : 2 * h.shape[-1]])
    candidate = product_over_steps(h, extra.astype(inner.dtype))
    return {
        "recurrent": jnp.concatenate([gates, candidate], axis=-1),
        "recurrent_bias": extra.sum(axis=(0, 1)),
    }


def _logistic(half_tanh: Array) -> Array:
    return 0.5 * half_tanh + 0.5


def _side_by_side(*gates: Array) -> Array:
    # Inside a fusion a concatenation costs a branch for each element, before a barrier only a few
    # copies of rows.
    return lax.optimization_barrier(jnp.concatenate(gates, axis=-1))


FAST_CELLS = {
    "rnn": FastCell((False,), _rnn_forward, _rnn_backward, _product_with_all_gates),
    "lstm": FastCell(
        (True, True, False, True), _lstm_forward, _lstm_backward, _product_with_all_gates
    ),
    "gru": FastCell((True, True, False), _gru_forward, _gru_backward, _gru_recurrent_gradient),
    "gru_reset_after": FastCell(
        (True, True, False),
        _reset_after_forward,
        _reset_after_backward,
        _reset_after_recurrent_gradient,
    ),
}
