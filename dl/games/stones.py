"""Games on a board where the first with enough stones in a line wins."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.types import Array


class Stones(NamedTuple):
    """A position: `stones` [2, H · W] of the first and the second player, moves made, the score."""

    stones: Array
    made: Array
    score: Array


def empty_board(height: int, width: int) -> Stones:
    """The position before the first move."""
    return Stones(jnp.zeros((2, height * width), bool), jnp.int32(0), jnp.int32(0))


def lines(height: int, width: int, length: int) -> np.ndarray:
    """Every straight line of `length` places, as rows [lines, H · W] of zeros and ones.

    >>> lines(3, 3, 3).shape, lines(6, 7, 4).shape
    ((8, 9), (69, 42))
    """
    found = []
    for row, column in np.ndindex(height, width):
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            places = [(row + down * k, column + right * k) for k in range(length)]
            if all(0 <= r < height and 0 <= c < width for r, c in places):
                line = np.zeros((height, width), np.float32)
                line[tuple(zip(*places, strict=True))] = 1
                found.append(line.ravel())
    return np.stack(found)


def place_stone(position: Stones, place: Array, won_by: np.ndarray) -> Stones:
    """The position after the player to move has put a stone at `place` [], if the game goes on.

    `won_by` are the `lines` of which one, filled, wins the game.
    """
    player = mover(position)
    stones = position.stones.at[player, place].set(True)
    filled = jnp.asarray(won_by) @ stones[player].astype(jnp.float32)
    wins = jnp.any(filled == won_by[0].sum())
    after = Stones(stones, position.made + 1, jnp.where(wins, 1 - 2 * player, 0))
    finished = is_over(position)
    return jax.tree.map(lambda old, new: jnp.where(finished, old, new), position, after)


def mover(position: Stones) -> Array:
    """0 if the first player is to move, else 1."""
    return position.made % 2


def is_over(position: Stones) -> Array:
    """Whether a line or the whole board is filled."""
    return (position.score != 0) | (position.made == position.stones.shape[-1])


def taken(position: Stones) -> Array:
    """The places that hold a stone [H · W]."""
    return position.stones.any(axis=0)


def observe(position: Stones, height: int, width: int) -> Array:
    """Planes [H, W, 2]: stones of the player to move, and those of the other player."""
    own_first = jnp.where(mover(position) == 0, position.stones, position.stones[::-1])
    return own_first.reshape(2, height, width).transpose(1, 2, 0).astype(jnp.float32)


def from_planes(planes: Array) -> Stones:
    """The position that is seen as `planes` [H, W, 2], of a game that is not over.

    >>> position = from_planes(jnp.zeros((3, 3, 2)).at[1, 1, 1].set(1))
    >>> int(mover(position)), position.stones[0].tolist().index(True)
    (1, 4)
    """
    seen = planes.reshape(-1, 2).T > 0
    made = seen.sum(dtype=jnp.int32)
    return Stones(jnp.where(made % 2 == 0, seen, seen[::-1]), made, jnp.int32(0))


def board(position: Stones, height: int, width: int) -> Array:
    """The board [H, W]: 1 for stones of the first player, 2 for those of the second, else 0."""
    return (position.stones[0] + 2 * position.stones[1].astype(jnp.int32)).reshape(height, width)
