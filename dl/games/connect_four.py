"""Connect Four: stones fall to the bottom of seven columns, and four in a line win."""

from functools import cache, partial

import jax.numpy as jnp
import numpy as np

from dl.games.rules import Game, Symmetry
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

HEIGHT, WIDTH = 6, 7


@cache
def connect_four() -> Game:
    """Connect Four. The moves are the columns from the left, `1` ... `7`; row 0 is the top.

    >>> game = connect_four()
    >>> position = game.play(game.start(), jnp.int32(3))
    >>> game.board(position)[5].tolist()
    [0, 0, 0, 1, 0, 0, 0]
    """
    won_by = lines(HEIGHT, WIDTH, 4)

    def play(position: Stones, column: Array) -> Stones:
        stones_in_column = taken(position).reshape(HEIGHT, WIDTH)[:, column].sum()
        return place_stone(position, (HEIGHT - 1 - stones_in_column) * WIDTH + column, won_by)

    def legal(position: Stones) -> Array:
        return ~taken(position)[:WIDTH] & ~is_over(position)

    return Game(
        name="connect_four",
        move_names=tuple(str(column) for column in range(1, WIDTH + 1)),
        planes=(HEIGHT, WIDTH, 2),
        longest=HEIGHT * WIDTH,
        start=partial(empty_board, HEIGHT, WIDTH),
        play=play,
        legal=legal,
        mover=mover,
        over=is_over,
        score=lambda position: position.score,
        observe=partial(observe, height=HEIGHT, width=WIDTH),
        board=partial(board, height=HEIGHT, width=WIDTH),
        symmetries=(
            Symmetry(lambda planes: planes, np.arange(WIDTH)),
            Symmetry(lambda planes: jnp.flip(planes, 1), np.arange(WIDTH)[::-1]),
        ),
    )
