"""Tic-tac-toe solved: the value of every move in every position."""

from functools import cache
from typing import NamedTuple

import numpy as np

from dl.games.stones import Stones, lines
from dl.types import Array

PLACES = 9
POWERS = 3 ** np.arange(PLACES)


class Solved(NamedTuple):
    """All positions of tic-tac-toe, by the number that `position_number` gives them.

    `moves` [19683, 9] are the values of the moves for the player who makes them: 1, 0 or −1 if
    both sides play on without mistakes, and nan where a move is illegal. `values` [19683] are those
    of the positions for the player to move; nan for those that no game reaches.
    """

    moves: np.ndarray
    values: np.ndarray


def position_number(position: Stones) -> Array:
    """Σ 3^place · (1 for a stone of the first player, 2 for one of the second): a number below 3⁹.

    >>> from dl.games.tic_tac_toe import tic_tac_toe
    >>> game = tic_tac_toe()
    >>> int(position_number(game.play(game.start(), jnp.int32(2))))
    9
    """
    own, other = position.stones[..., 0, :], position.stones[..., 1, :]
    return ((own + 2 * other) * POWERS).sum(axis=-1)


@cache
def solve_tic_tac_toe() -> Solved:
    """The values of all 5,478 positions that games reach, by going through all of them.

    >>> solved = solve_tic_tac_toe()
    >>> int((~np.isnan(solved.values)).sum()), solved.moves[0].tolist()
    (5478, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """
    won_by = [sum(1 << int(place) for place in np.flatnonzero(line)) for line in lines(3, 3, 3)]
    numbers = [int(power) for power in POWERS]
    solved = Solved(np.full((3**PLACES, PLACES), np.nan), np.full(3**PLACES, np.nan))

    def value(own: int, other: int, number: int, stone: int) -> float:
        """Of a position for the player to move, with sets of places as bits."""
        if np.isnan(solved.values[number]):
            if any(other & line == line for line in won_by):
                solved.values[number] = -1
            elif own | other == (1 << PLACES) - 1:
                solved.values[number] = 0
            else:
                for place in range(PLACES):
                    if not (own | other) >> place & 1:
                        after = other, own | 1 << place, number + stone * numbers[place], 3 - stone
                        solved.moves[number, place] = 0.0 - value(*after)
                solved.values[number] = np.nanmax(solved.moves[number])
        return solved.values[number]

    value(0, 0, 0, 1)
    for array in solved:
        array.setflags(write=False)
    return solved
