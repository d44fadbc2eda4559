"""Recorded games: arrays of moves, and the positions that they went through."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.games.game import Game, Position
from dl.types import Array


class Records(NamedTuple):
    """Games that were played: `moves` [N, L] int16, −1 after the end; `scores` [N] int8.

    A score is 1 if the first player has won, −1 if the second has, 0 for a draw. The first
    `at_random` [N] int16 moves of a game were drawn at random and not chosen by a player.
    """

    game: str
    moves: np.ndarray
    scores: np.ndarray
    at_random: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """The number of moves of each game [N]."""
        return (self.moves >= 0).sum(axis=1)

    def take(self, index: np.ndarray) -> "Records":
        """The games at `index` [M]."""
        return self._replace(
            moves=self.moves[index], scores=self.scores[index], at_random=self.at_random[index]
        )


class PlayedAgain(NamedTuple):
    """What happened at each move of a game [L, ...], and how it ended.

    `planes` [L, H, W, C] and `legal` [L, A] are those before the move, seen by its player; `movers`
    [L] is 0 or 1. `allowed` [L] says whether the move was legal; it is true where there is none.
    Arrays of JAX or of NumPy.
    """

    planes: Any
    legal: Any
    movers: Any
    allowed: Any
    over: Any
    score: Any


def play_again(game: Game, moves: Array) -> PlayedAgain:
    """Play one recorded game, `moves` [L], again; pure, to be mapped by vmap.

    >>> from dl.games.game import named
    >>> again = play_again(named("tic_tac_toe"), jnp.array([0, 3, 1, 4, 2, -1, -1, -1, -1]))
    >>> bool(again.over), int(again.score), bool(again.allowed.all())
    (True, 1, True)
    """

    def after(position: Position, move: Array) -> tuple[Position, tuple[Array, ...]]:
        real, legal = move >= 0, game.legal(position)
        seen = (game.observe(position), legal, game.mover(position), ~real | legal[move])
        played = game.play(position, jnp.maximum(move, 0))
        return jax.tree.map(lambda new, old: jnp.where(real, new, old), played, position), seen

    end, (planes, legal, movers, allowed) = jax.lax.scan(after, game.start(), moves)
    return PlayedAgain(planes, legal, movers, allowed, game.over(end), game.score(end))
