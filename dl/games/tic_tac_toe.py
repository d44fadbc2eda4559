"""Tic-tac-toe: three in a row on a board of nine places."""

from functools import cache, partial

import numpy as np

from dl.games.rules import Game
from dl.games.squares import square_symmetries
from dl.games.stones import (
    Stones,
    board,
    empty_board,
    is_over,
    lines,
    mover,
    observe,
    place_stone,
    taken,
)
from dl.types import Array

SIDE = 3


@cache
def tic_tac_toe() -> Game:
    """Tic-tac-toe. Moves are the places from left to right and from the top, `a3` ... `c1`.

    >>> tic_tac_toe().move_names
    ('a3', 'b3', 'c3', 'a2', 'b2', 'c2', 'a1', 'b1', 'c1')
    """
    won_by = lines(SIDE, SIDE, 3)

    def play(position: Stones, move: Array) -> Stones:
        return place_stone(position, move, won_by)

    def legal(position: Stones) -> Array:
        return ~taken(position) & ~is_over(position)

    return Game(
        name="tic_tac_toe",
        move_names=tuple(f"{column}{row}" for row in (3, 2, 1) for column in "abc"),
        planes=(SIDE, SIDE, 2),
        longest=SIDE * SIDE,
        start=partial(empty_board, SIDE, SIDE),
        play=play,
        legal=legal,
        mover=mover,
        over=is_over,
        score=lambda position: position.score,
        observe=partial(observe, height=SIDE, width=SIDE),
        board=partial(board, height=SIDE, width=SIDE),
        symmetries=square_symmetries(np.arange(SIDE * SIDE).reshape(SIDE, SIDE)),
    )
