"""Small features of the moves of a board game with lines, for a fast linear policy."""

import jax.numpy as jnp

from dl.errors import InputError
from dl.games.game import Game
from dl.games.stones import lines
from dl.types import Array

LENGTHS = {"tic_tac_toe": 3, "connect_four": 4}
"""How many in a line win the games that have features."""


def move_features(game: Game, planes: Array) -> Array:
    """What each move does to the lines through its place: planes [H, W, 2] -> [A, F].

    For a move to place p, counted over the lines through p: how many hold k own stones and none of
    the other player, and how many hold k stones of the other and no own one, k = 1 ... length − 1.
    The largest k says that the move wins, or that it keeps the other from winning. Where stones
    fall, the same for the place above p, which the move opens to the other player. Moves that are
    not legal have zeros. AlphaGo's fast policy has patterns of stones around the move instead.

    Source: Silver et al. 2016, extended data table 4.

    >>> from dl.games.game import named
    >>> planes = jnp.zeros((3, 3, 2)).at[0, :2, 0].set(1)
    >>> move_features(named("tic_tac_toe"), planes)[2].tolist()  # wins
    [0.0, 1.0, 0.0, 0.0]
    """
    if game.name not in LENGTHS:
        raise InputError(f"the moves of {game.name} have no features: take {' or '.join(LENGTHS)}")
    length = LENGTHS[game.name]
    own, other = planes.reshape(-1, 2).T
    by_place = _counts(own, other, game.planes[0], game.planes[1], length)
    if game.moves == by_place.shape[0]:
        return by_place * (own + other == 0)[:, None]
    return _of_columns(by_place, planes.sum(axis=-1))


def _counts(own: Array, other: Array, height: int, width: int, length: int) -> Array:
    """The open lines through each place, by their player and their stones [H · W, F]."""
    each = jnp.asarray(lines(height, width, length))
    owns, others = each @ own, each @ other
    numbers = jnp.arange(1, length)
    kinds = jnp.concatenate(
        [
            (owns[:, None] == numbers) & (others == 0)[:, None],
            (others[:, None] == numbers) & (owns == 0)[:, None],
        ],
        axis=1,
    )
    return each.T @ kinds.astype(jnp.float32)


def _of_columns(by_place: Array, taken: Array) -> Array:
    """The features of the places where stones fall, and of those above them [W, 2 F]."""
    height, width = taken.shape
    rows = height - 1 - taken.sum(axis=0).astype(jnp.int32)
    places = jnp.maximum(rows, 0) * width + jnp.arange(width)
    above = jnp.pad(by_place, ((width, 0), (0, 0)))[:-width]  # of the top row there is none
    both = jnp.concatenate([by_place, above], axis=1)
    return both[places] * (rows >= 0)[:, None]
