"""A game of two players who move in turn: pure functions of one position, to be mapped by vmap."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from dl.types import Array

Position: TypeAlias = Any
"""A pytree of arrays: all that the rest of a game depends on."""


class Symmetry(NamedTuple):
    """A turn or a mirror image of the board under which a game stays the same game.

    `planes` turns an observation [H, W, C]; `moves` [A] says which move each move becomes.
    """

    planes: Callable[[Array], Array]
    moves: np.ndarray


@dataclass(frozen=True, eq=False)
class Game:
    """The rules of a game, as pure functions of one position.

    `start()` is the first position and `play(position, move [])` the next one; a finished game
    stays as it is. `legal(position)` [A] marks the moves that are allowed: playing another one is
    undefined. `mover(position)` is 0 where the first player is to move and 1 for the second.
    `over(position)` says whether the game has ended, and `score(position)` is then 1 if the first
    player has won, −1 if the second has, and 0 for a draw; it is 0 until then.
    `observe(position)` are planes [H, W, C] as the player sees them who is to move, so that a net
    plays both sides alike. `board(position)` [H, W] holds 1 for stones of the first player, 2 for
    those of the second and 0 elsewhere. No game has more than `longest` moves.

    >>> from dl.games.game import named
    >>> game = named("tic_tac_toe")
    >>> position = game.play(game.start(), jnp.int32(4))
    >>> game.board(position).tolist(), int(game.mover(position)), int(game.legal(position).sum())
    ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 1, 8)
    """

    name: str
    move_names: tuple[str, ...]
    planes: tuple[int, int, int]
    longest: int
    start: Callable[[], Position]
    play: Callable[[Position, Array], Position]
    legal: Callable[[Position], Array]
    mover: Callable[[Position], Array]
    over: Callable[[Position], Array]
    score: Callable[[Position], Array]
    observe: Callable[[Position], Array]
    board: Callable[[Position], Array]
    symmetries: tuple[Symmetry, ...] = ()

    @property
    def moves(self) -> int:
        """How many moves there are, A."""
        return len(self.move_names)

    def starts(self, games: int) -> Position:
        """The first position of each of several games: leaves [games, ...]."""
        return jax.tree.map(
            lambda leaf: jnp.broadcast_to(leaf, (games, *jnp.shape(leaf))), self.start()
        )

    def result(self, position: Position) -> Array:
        """The score from the view of the player to move: after a win of the other, it is −1."""
        return (self.score(position) * (1 - 2 * self.mover(position))).astype(jnp.float32)
