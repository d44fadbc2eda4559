"""Transposition: music moved up or down the keyboard, and with it what is to be predicted."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from dl.ranges import Range, check_number
from dl.types import Array, Ragged


@dataclass(frozen=True)
class Transposition:
    """An augmentation of sequences of keys: each is moved by as many keys as it draws.

    Every example draws a whole number of keys from −`most` to `most`. Inputs and targets move by
    the same number. A key that would leave the keyboard is silent. `most` of 0 changes nothing.

    Raises:
        InputError: for a negative `most`.

    >>> keys, step = jax.random.split(jax.random.key(0), 3), jnp.zeros((), int)
    >>> chords = jnp.tile(jnp.array([0, 0, 1, 0, 0]), (3, 1, 1))
    >>> Transposition(1)(keys, chords, step)[:, 0].tolist()
    [[0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 1, 0, 0, 0]]
    """

    most: int

    def __post_init__(self) -> None:
        check_number("most", self.most, Range(at_least=0), whole=True)

    def __call__(self, keys: Array, inputs: Any, step: Array) -> Any:
        """Sequences [B, T, K] of what sounds on K keys, or `Ragged` ones, in the same form."""
        if isinstance(inputs, Ragged):
            return inputs._replace(values=self(keys, inputs.values, step))
        moves = jax.vmap(lambda key: jax.random.randint(key, (), -self.most, self.most + 1))(keys)
        return jax.vmap(self._moved)(inputs, moves)

    def targets(self, keys: Array, targets: Array, step: Array) -> Array:
        """What follows, [B, T, K], moved as the inputs with the same `keys` are."""
        return self(keys, targets, step)

    def _moved(self, sequence: Array, move: Array) -> Array:
        silent = jnp.pad(sequence, ((0, 0), (self.most, self.most)))
        keys = sequence.shape[1]
        return jax.lax.dynamic_slice_in_dim(silent, self.most - move, keys, axis=1)
