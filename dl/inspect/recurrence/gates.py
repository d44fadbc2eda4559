"""What the gates of a recurrent layer do over a sequence, and how often each is open (G5)."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.recurrence.unrolled import of_one_type, unroll
from dl.layers.recurrent.cells import CellParams
from dl.types import Array

BLOCKS: dict[str, tuple[str, ...]] = {
    "rnn": ("hidden",),
    "lstm": ("input", "forget", "candidate", "output"),
    "gru": ("reset", "update", "candidate"),
    "gru_reset_after": ("reset", "update", "candidate"),
}
"""What each block of H columns of a layer's weights computes.

The slides write i, f, C̃, o for an LSTM and r, z, h̃ for a GRU.
"""


NOT_GATES = ("candidate", "cell", "hidden")
"""The names in `gate_activations` that stand for candidates and states and not for gates."""


class Saturation(NamedTuple):
    """How often each unit of a gate is shut and open: shares of all steps in [0, 1], [H] each."""

    shut: Array
    open: Array


def gate_activations(
    kind: str, params: CellParams, xs: Array, *, carry: Any = None
) -> dict[str, Array]:
    """Every gate, candidate and state at every step: xs [T, B, D] -> [T, B, H] by name.

    Names are those of `BLOCKS`, then "cell" (C, of an LSTM) and "hidden" (h). C and h are those
    after the step: C = forget ∗ C_prev + input ∗ candidate and h = output ∗ tanh(C). For "gru"
    h = (1 − update) ∗ h_prev + update ∗ candidate; for "gru_reset_after" update weighs h_prev
    instead. The layer starts from `carry` (zeros if None). Source: G3, G4, G5.

    >>> params = {"input": jnp.zeros((1, 4)), "recurrent": jnp.zeros((1, 4))}
    >>> params["bias"] = jnp.array([0.0, 99.0, 0.0, 0.0])
    >>> gates = gate_activations("lstm", params, jnp.ones((1, 1, 1)))
    >>> {name: float(values[0, 0, 0]) for name, values in gates.items()}
    {'input': 0.5, 'forget': 1.0, 'candidate': 0.0, 'output': 0.5, 'cell': 0.0, 'hidden': 0.0}

    Raises:
        InputError: as `unroll`.
    """
    states = unroll(kind, params, xs, carry)
    params, xs = of_one_type(params, xs)
    after = [rows[1:] for rows in states]
    products = xs @ params["input"] + params.get("bias", 0.0)
    gates = _GATES[kind](params, products, states[-1][:-1])
    return gates | dict(zip(("cell", "hidden")[-len(after) :], after, strict=True))


def saturation(activations: Array, *, shut: float = 0.1, open: float = 0.9) -> Saturation:
    """How often each unit of a gate is below `shut` and above `open`: [T, B, H] -> [H] each.

    Shares are over steps and batch. A unit of a forget gate that is open at nearly every step keeps
    its cell; one that is shut at nearly every step drops it. The thresholds are those of Karpathy
    et al. (2015), arXiv:1506.02078, section 4.2. Source: G5.

    >>> saturation(jnp.array([0.95, 0.99, 0.5, 0.02]).reshape(4, 1, 1))
    Saturation(shut=Array([0.25], dtype=float32), open=Array([0.5], dtype=float32))

    Raises:
        InputError: for arrays of another shape or without steps, and for thresholds out of order.
    """
    if np.ndim(activations) != 3 or not np.size(activations):
        raise InputError(
            f"a gate's activations are [T, B, H] with at least one step, "
            f"not of shape {np.shape(activations)}"
        )
    if not 0 <= shut <= open <= 1:
        raise InputError(
            f"a gate is shut below {shut} and open above {open}: "
            "give thresholds with 0 ≤ shut ≤ open ≤ 1"
        )
    values = jnp.asarray(activations)
    return Saturation((values < shut).mean((0, 1)), (values > open).mean((0, 1)))


def mean_saturation(
    activations: Mapping[str, Array], **thresholds: float
) -> dict[str, tuple[float, float]]:
    """`saturation` of each gate, averaged over its units: (shut, open) by name.

    `activations` are those of `gate_activations`, of which candidates and states are left out;
    `thresholds` are the options of `saturation`. Source: G5.

    >>> mean_saturation({"forget": jnp.full((1, 1, 2), 0.95), "hidden": jnp.ones((1, 1, 2))})
    {'forget': (0.0, 1.0)}
    """
    shares = {
        name: saturation(values, **thresholds)
        for name, values in activations.items()
        if name not in NOT_GATES
    }
    return {
        name: (float(share.shut.mean()), float(share.open.mean())) for name, share in shares.items()
    }


def _rnn_gates(params: CellParams, products: Array, h: Array) -> dict[str, Array]:
    return {}


def _lstm_gates(params: CellParams, products: Array, h: Array) -> dict[str, Array]:
    i, f, g, o = jnp.split(products + h @ params["recurrent"], 4, axis=-1)
    values = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
    return dict(zip(BLOCKS["lstm"], values, strict=True))


def _gru_gates(params: CellParams, products: Array, h: Array) -> dict[str, Array]:
    r, z, candidate = jnp.split(params["recurrent"], 3, axis=-1)
    x_r, x_z, x_candidate = jnp.split(products, 3, axis=-1)
    reset, update = jax.nn.sigmoid(x_r + h @ r), jax.nn.sigmoid(x_z + h @ z)
    return {
        "reset": reset,
        "update": update,
        "candidate": jnp.tanh(x_candidate + (reset * h) @ candidate),
    }


def _gru_reset_after_gates(params: CellParams, products: Array, h: Array) -> dict[str, Array]:
    h_r, h_z, h_candidate = jnp.split(h @ params["recurrent"], 3, axis=-1)
    x_r, x_z, x_candidate = jnp.split(products, 3, axis=-1)
    reset, update = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
    candidate = jnp.tanh(x_candidate + reset * (h_candidate + params.get("recurrent_bias", 0.0)))
    return {"reset": reset, "update": update, "candidate": candidate}


_GATES: dict[str, Callable[[CellParams, Array, Array], dict[str, Array]]] = {
    "rnn": _rnn_gates,
    "lstm": _lstm_gates,
    "gru": _gru_gates,
    "gru_reset_after": _gru_reset_after_gates,
}
