"""The recurrent cells that have a name, with the sizes of their weights and carries."""

from typing import Any, NamedTuple

import jax.numpy as jnp

from dl.errors import InputError, did_you_mean
from dl.layers.recurrent.cells import Cell, gru_cell, gru_reset_after_cell, lstm_cell, rnn_cell


class Kind(NamedTuple):
    """A cell, the number of gates in its weights, and the number of arrays in its carry."""

    cell: Cell
    gates: int
    states: int


KINDS = {
    "rnn": Kind(rnn_cell, 1, 1),
    "lstm": Kind(lstm_cell, 4, 2),
    "gru": Kind(gru_cell, 3, 1),
    "gru_reset_after": Kind(gru_reset_after_cell, 3, 1),
}
"""The cells that have a name. "gru" is the slides', "gru_reset_after" that of cuDNN and PyTorch."""


def zero_carry(kind: str, batch: int, hidden_size: int, dtype: Any = jnp.float32) -> Any:
    """The carry with which a layer starts: zeros [B, H], for an LSTM two of them.

    Raises:
        InputError: for an unknown cell.

    >>> zero_carry("rnn", 1, 2).tolist()
    [[0.0, 0.0]]
    """
    check_kind(kind)
    # Separate arrays: a state that is donated may hold each buffer only once.
    zeros = tuple(jnp.zeros((batch, hidden_size), dtype) for _ in range(KINDS[kind].states))
    return zeros[0] if len(zeros) == 1 else zeros


def check_kind(kind: str) -> None:
    """Raises InputError unless `kind` is one of `KINDS`."""
    if kind not in KINDS:
        raise InputError(f"unknown cell {kind!r}: {did_you_mean(kind, tuple(KINDS))}")
