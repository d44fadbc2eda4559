"""Positions whose moves have exact values, to judge what a net says of them."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.games.connect_four import connect_four
from dl.games.game import Game
from dl.games.notation import move_numbers
from dl.games.perfect import POWERS, solve_tic_tac_toe
from dl.games.stones import Stones

ILLEGAL = -2.0
"""In the place of the value of a move that is not legal."""
_FILE = Path(__file__).with_name("midgame.txt")
_SIGNS = {"-": -1.0, "=": 0.0, "+": 1.0, ".": ILLEGAL}


class Valued(NamedTuple):
    """Positions [N, ...] with the values [N, A] of the moves for the player who makes them.

    1 is a win, 0 a draw and −1 a loss if both sides go on without mistakes; `ILLEGAL` stands where
    a move is not allowed.
    """

    positions: Stones
    moves: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """The values [N] of the positions for the player to move: those of the best moves."""
        return self.moves.max(axis=1)

    def take(self, index: np.ndarray) -> "Valued":
        """The positions at `index` [M]."""
        return Valued(jax.tree.map(lambda leaf: leaf[index], self.positions), self.moves[index])

    def planes(self, game: Game) -> np.ndarray:
        """What a net sees [N, H, W, C]."""
        return np.asarray(jax.jit(jax.vmap(game.observe))(self.positions))


def valued_positions(game: Game) -> Valued | None:
    """Positions of a game with exact values; None for a game without them.

    Of tic-tac-toe all 4,520 that are not over. Of Connect Four 400 positions with 20 to 30 stones,
    in which some move, but not every one, is a mistake. They are from games of two
    `one_step_player`s, and `connect_four_solver` has solved them.

    >>> from dl.games.game import named
    >>> valued = valued_positions(named("tic_tac_toe"))
    >>> valued.moves.shape, valued.moves[0].tolist()
    ((4520, 9), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    """
    makers = {"tic_tac_toe": _all_of_tic_tac_toe, "connect_four": _middle_of_connect_four}
    return makers[game.name]() if game.name in makers else None


@cache
def _all_of_tic_tac_toe() -> Valued:
    solved = solve_tic_tac_toe()
    numbers = np.flatnonzero(~np.isnan(solved.moves).all(axis=1))
    places = numbers[:, None] // POWERS % 3
    stones = np.stack([places == 1, places == 2], axis=1)
    made = stones.sum(axis=(1, 2)).astype(np.int32)
    positions = Stones(jnp.asarray(stones), jnp.asarray(made), jnp.zeros(len(made), jnp.int32))
    return Valued(positions, np.nan_to_num(solved.moves[numbers], nan=ILLEGAL).astype(np.float32))


@cache
def _middle_of_connect_four() -> Valued:
    game = connect_four()
    lines = [line.split() for line in _FILE.read_text(encoding="utf-8").splitlines()]
    moves = np.full((len(lines), game.longest), -1, np.int32)
    for row, (text, _) in enumerate(lines):
        moves[row, : len(text)] = move_numbers(text, game)

    def after(moves: jax.Array) -> Stones:
        def play(position: Stones, move: jax.Array) -> tuple[Stones, None]:
            played = game.play(position, jnp.maximum(move, 0))
            return jax.tree.map(
                lambda new, old: jnp.where(move < 0, old, new), played, position
            ), None

        return jax.lax.scan(play, game.start(), moves)[0]

    values = [[_SIGNS[sign] for sign in signs] for _, signs in lines]
    return Valued(jax.jit(jax.vmap(after))(moves), np.array(values, np.float32))
