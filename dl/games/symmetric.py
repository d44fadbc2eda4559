"""Positions turned by the symmetries of their game."""

import jax.numpy as jnp
import numpy as np

from dl.games.game import Game
from dl.types import Array


def turned(game: Game, number: Array, planes: Array, *by_move: Array) -> tuple[Array, ...]:
    """One position as symmetry `number` [] of the game shows it: planes [H, W, C], values [A].

    >>> from dl.games.game import named
    >>> game = named("connect_four")
    >>> shares = jnp.arange(7.0)
    >>> turned(game, jnp.int32(1), jnp.zeros((6, 7, 2)), shares)[1].tolist()
    [6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    """
    images = jnp.stack([symmetry.planes(planes) for symmetry in game.symmetries])
    came_from = np.stack([np.argsort(symmetry.moves) for symmetry in game.symmetries])
    places = jnp.asarray(came_from)[number]
    return images[number], *(values[places] for values in by_move)
