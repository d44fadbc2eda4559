"""The eight turns and mirror images of a square board."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from dl.games.rules import Symmetry


def square_symmetries(moves: np.ndarray, others: int = 0) -> tuple[Symmetry, ...]:
    """The eight symmetries of a square, the identity first.

    `moves` [S, S] is the number of the move at each place; moves that have no place, such as to
    pass, are the last `others`.

    >>> [each.moves[0].item() for each in square_symmetries(np.arange(9).reshape(3, 3))]
    [0, 6, 8, 2, 2, 0, 6, 8]
    """
    return tuple(
        _symmetry(moves, others, turns, mirrored)
        for mirrored in (False, True)
        for turns in range(4)
    )


def _symmetry(moves: np.ndarray, others: int, turns: int, mirrored: bool) -> Symmetry:
    became = np.arange(moves.size + others)
    became[_turned(np, turns, mirrored)(moves).ravel()] = moves.ravel()
    return Symmetry(_turned(jnp, turns, mirrored), became)


def _turned(library: Any, turns: int, mirrored: bool) -> Callable[[Any], Any]:
    """The function that turns an array [S, S, ...], by quarter turns after a mirror image."""

    def turn(planes: Any) -> Any:
        planes = planes[:, ::-1] if mirrored else planes
        return library.rot90(planes, turns)

    return turn
