"""What a board remembers of its games."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dl.games.connect_four import connect_four
from dl.games.game import Game, named
from dl.games.replay import draw_lessons, empty_replay, settle, store
from dl.games.symmetric import turned

GAME = named("tic_tac_toe")
ROOM = 12


@jax.jit
def told(replay: Any, number: Any, side: Any, over: Any, score: Any, at_random: Any = False) -> Any:
    """One more position, which is the number `number`, and perhaps the end of its game."""
    planes = jnp.full(GAME.planes, number % 2)
    policy = jnp.full(GAME.moves, number, jnp.float32)
    replay = store(
        replay, planes, jnp.ones(GAME.moves, bool), policy, jnp.float32(0.5), side, at_random
    )
    return settle(replay, over, score, 0.25)


@jax.jit
def drawn(replay: Any) -> Any:
    return draw_lessons(jax.random.key(1), replay, 64, GAME)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from([-1, 0, 1]), st.integers(-1, 4))))
def test_a_ring_remembers_what_a_list_does(games: list[tuple[int, int, int]]) -> None:
    """Games of a length and a score, with a random move; the list keeps everything."""
    replay, kept, number = empty_replay(GAME, ROOM), [], 0
    for length, score, at_random in games:
        for move in range(length):
            side = 1 - 2 * (move % 2)
            ends = move == length - 1
            replay = told(replay, number, jnp.int32(side), ends, score, move == at_random)
            result = 0.75 * side * score + 0.25 * 0.5
            kept.append((number, 0.5 if move <= at_random < length else result))
            number += 1
    assert int(replay.began) == int(replay.written) == number
    lessons = drawn(replay)
    if not kept:
        assert not lessons.known.any()
        return
    newest = dict(kept[-ROOM:])
    for policy, value in zip(lessons.policy[:, 0], lessons.value, strict=True):
        np.testing.assert_allclose(value, newest[int(policy)], atol=1e-6)


def test_positions_of_a_game_that_goes_on_are_not_drawn() -> None:
    replay = empty_replay(GAME, ROOM)
    for number, over in enumerate([False, False, True, False, False]):
        replay = told(replay, number, jnp.int32(1), over, 1)
    lessons = drawn(replay)
    assert set(np.asarray(lessons.policy[:, 0]).astype(int)) == {0, 1, 2}
    assert lessons.known.all()


def test_a_turned_position_has_its_moves_turned_with_it() -> None:
    """A stone is where the share of its own move is, in all images."""

    def played(game: Game, move: jax.Array) -> jax.Array:
        return game.observe(game.play(game.start(), move))

    def both(game: Game, number: jax.Array, move: jax.Array) -> tuple[jax.Array, jax.Array]:
        share = jax.nn.one_hot(move, game.moves)
        planes, moved = turned(game, number, played(game, move), share)
        return planes, played(game, jnp.argmax(moved))

    for game in (GAME, connect_four()):
        places = np.indices((len(game.symmetries), game.moves)).reshape(2, -1)
        image, again = jax.jit(jax.vmap(partial(both, game)))(*places)
        np.testing.assert_array_equal(image, again)
