"""Roll-outs and the evaluators made of them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.games.game import named
from dl.games.notation import read_moves
from dl.games.rollout import by_rollout, draw_moves, draw_uniformly, mixed, roll_out

GAME = named("tic_tac_toe")
ROWS = 2000


def many(text: str) -> Any:
    position = read_moves(text, GAME)
    return jax.tree.map(lambda leaf: np.broadcast_to(leaf, (ROWS, *leaf.shape)), position)


@pytest.fixture(scope="module")
def roll_outs() -> Any:
    return jax.jit(lambda positions: roll_out(jax.random.key(0), positions, None, GAME))


def test_a_finished_game_has_its_result(roll_outs: Any) -> None:
    assert np.all(roll_outs(many("a3 a2 b3 b2 c3")) == -1)  # X has won, and O would be to move


def test_the_mean_result_is_that_of_all_games(roll_outs: Any) -> None:
    """X is to move, with three places left, of which one wins for X and one for O.

    After a3 b3 c3 / a2 b2 c2 / a1 b1 c1 = X O X / O O . / X . . the places are c2, b1 and c1. X at
    c2 (1/3): O at b1 wins (1/2), or at c1, and X at b1 draws. X at b1: O at c2 wins, or at c1, and
    X at c2 draws. X at c1: O at c2 or b1 wins. So the mean is −(1/6 + 1/6 + 1/3) = −2/3.
    """
    results = roll_outs(many("a3 b3 c3 a2 a1 b2"))
    error = np.std(results) / np.sqrt(ROWS)
    assert abs(float(results.mean()) + 2 / 3) < 4 * error


def test_a_policy_decides_what_is_played() -> None:
    """Both sides prefer the last places: X c1, O b1, X a1 wins nothing; it is then O's a2 ..."""

    def last_places(planes: Any) -> Any:
        return jnp.broadcast_to(100.0 * jnp.arange(9), (len(planes), 9))

    run = jax.jit(lambda p: roll_out(jax.random.key(0), p, last_places, GAME))
    # c1 b1 a1 c2 b2 a2 c3: X has c1 a1 b2 c3, the diagonal; X was to move at the start
    assert np.all(run(many("")) == 1)


def test_uniform_draws_are_uniform_and_legal() -> None:
    allowed = np.zeros((8000, 5), bool)
    allowed[:, [0, 2, 3]] = True
    drawn = np.bincount(draw_uniformly(jax.random.key(1), allowed), minlength=5)
    assert drawn[[1, 4]].sum() == 0
    assert np.all(np.abs(drawn[[0, 2, 3]] - 8000 / 3) < 4 * np.sqrt(8000 * 2 / 9))


def test_moves_follow_the_policy_and_its_temperature() -> None:
    positions = many("a3")
    logits = np.array([50.0, 1.0, 0, 0, 0, 0, 0, 0, 0])

    def draw(temperature: float) -> np.ndarray:
        policy = lambda planes: jnp.broadcast_to(logits, (len(planes), 9))  # noqa: E731
        moves = draw_moves(jax.random.key(2), positions, policy, GAME, temperature)
        return np.bincount(moves, minlength=9) / ROWS

    assert draw(0.0)[1] == 1.0
    for temperature in (1.0, 0.5):
        odds = np.exp(1 / temperature)
        assert draw(temperature)[0] == 0
        assert abs(draw(temperature)[1] - odds / (odds + 7)) < 0.05


def test_a_mixture_is_between_its_parts() -> None:
    positions = many("a3 a2 b3 b2 c3")

    def net(key: Any, positions: Any) -> tuple[Any, Any]:
        return jnp.ones((ROWS, 9)), jnp.full(ROWS, 0.5)

    run = jax.jit(lambda evaluate: evaluate(jax.random.key(0), positions))
    for lam, value in ((0.0, 0.5), (0.25, 0.125), (1.0, -1.0)):
        logits, values = run(mixed(net, by_rollout(GAME), lam))
        np.testing.assert_allclose(values, value, rtol=1e-6)
        assert np.all(logits == 1)
    assert run._cache_size() == 1
