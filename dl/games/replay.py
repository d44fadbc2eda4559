"""The last positions of a game that is played again and again, with what came of them."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from dl.games.game import Game
from dl.types import Array, Key


class Lesson(NamedTuple):
    """What a position teaches: `planes` [H, W, C], `legal` [A], `policy` [A], `value` [].

    `policy` is what a search made of the moves, `value` the expected result for the player who is
    to move; `known` is 1, or 0 if there is nothing yet to learn from.
    """

    planes: Array
    legal: Array
    policy: Array
    value: Array
    known: Array


class Replay(NamedTuple):
    """The newest R positions of one board, in a ring.

    `planes` [R, H, W, C] (of zeros and ones), `legal` [R, A], `policy` [R, A]; `value` [R] is the
    search's own estimate until the game is over, and a mean with the result from then on. `side`
    [R] is 1 where the first player is to move and −1 for the second. `written` counts all positions
    that were ever stored, `began` those before the game that is being played, and `fair` those
    before the part of it that is played as well as the search can: since the last random move.
    """

    planes: Array
    legal: Array
    policy: Array
    value: Array
    side: Array
    written: Array
    began: Array
    fair: Array


def empty_replay(game: Game, room: int) -> Replay:
    """A replay with `room` for R positions. R should be several times the longest game."""
    return Replay(
        planes=jnp.zeros((room, *game.planes), bool),
        legal=jnp.zeros((room, game.moves), bool),
        policy=jnp.zeros((room, game.moves)),
        value=jnp.zeros(room),
        side=jnp.zeros(room),
        written=jnp.int32(0),
        began=jnp.int32(0),
        fair=jnp.int32(0),
    )


def store(
    replay: Replay,
    planes: Array,
    legal: Array,
    policy: Array,
    value: Array,
    side: Array,
    at_random: Array,
) -> Replay:
    """The replay with one more position, in the place of the oldest.

    If its move is made `at_random` [], the result says nothing of it and of those before.
    """
    place, written = replay.written % len(replay.value), replay.written + 1
    return Replay(
        planes=replay.planes.at[place].set(planes.astype(bool)),
        legal=replay.legal.at[place].set(legal),
        policy=replay.policy.at[place].set(policy),
        value=replay.value.at[place].set(value),
        side=replay.side.at[place].set(side.astype(jnp.float32)),
        written=written,
        began=replay.began,
        fair=jnp.where(at_random, written, replay.fair),
    )


def settle(replay: Replay, over: Array, score: Array, trust: float | Array) -> Replay:
    """Where a game is `over` [], tell its positions the `score` [] that the first player reached.

    Their value becomes (1 − trust) · result + trust · the search's estimate. Positions up to the
    last random move keep the estimate.
    """
    room = len(replay.value)
    age = (replay.written - 1 - jnp.arange(room)) % room  # 0 for the newest
    told = (age < replay.written - replay.fair) & over
    value = (1.0 - trust) * replay.side * score + trust * replay.value
    return replay._replace(
        value=jnp.where(told, value, replay.value),
        began=jnp.where(over, replay.written, replay.began),
        fair=jnp.where(over, replay.written, replay.fair),
    )


def draw_lessons(key: Key, replay: Replay, count: int, game: Game) -> Lesson:
    """`count` positions of finished games, drawn with replacement: leaves [count, ...].

    >>> from dl.games.game import named
    >>> game = named("tic_tac_toe")
    >>> draw_lessons(jax.random.key(0), empty_replay(game, 20), 3, game).known.tolist()
    [0.0, 0.0, 0.0]
    """
    room = len(replay.value)
    oldest = jnp.maximum(replay.written - room, 0)
    finished = replay.began - oldest
    drawn = jax.random.randint(key, (count,), 0, jnp.maximum(finished, 1))
    place = (oldest + drawn) % room
    return Lesson(
        planes=replay.planes[place].astype(jnp.float32),
        legal=replay.legal[place],
        policy=replay.policy[place],
        value=replay.value[place],
        known=jnp.full(count, finished > 0, jnp.float32),
    )
