"""Self-play: what a step plays, remembers and learns; what evaluation says."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dl import metrics
from dl.games.game import named
from dl.models import board_net, with_earlier_selves
from dl.objectives import self_play, with_boards
from dl.train.state import TrainState, init_state
from dl.train.step import make_train_step
from dl.types import Model

GAME = named("tic_tac_toe")
ROWS, MOVES, EVERY = 6, 3, 2
BATCH = {
    "inputs": jnp.zeros((ROWS, *GAME.planes)),
    "targets": jnp.zeros((ROWS, GAME.moves + 1)),
    "mask": jnp.ones(ROWS),
    "index": jnp.arange(ROWS),
}


@cache
def net() -> Model:
    model = board_net(GAME.moves, features=4, blocks=1, hidden_size=4)
    return with_boards(with_earlier_selves(model, 3), GAME, room=24)


@cache
def step() -> Any:
    objective = self_play(net(), GAME, simulations=4, moves=MOVES, lessons=4, keep_every=EVERY)
    return jax.jit(make_train_step(objective, optax.adam(1e-2), padded=False))


@cache
def trained(steps: int) -> tuple[TrainState, dict[str, float]]:
    """The state after so many steps, and the figures of the last of them."""
    if not steps:
        planes = jnp.zeros((1, *GAME.planes))
        return init_state(net(), optax.adam(1e-2), planes, seed=0, carried_rows=ROWS), {}
    state, sums = step()(trained(steps - 1)[0], BATCH)
    return state, metrics.compute(sums)


@pytest.mark.slow
def test_every_board_goes_on_by_so_many_legal_moves() -> None:
    """9 moves: every game has ended, 5 to 9 moves long; the stones on the board are those since."""
    state, figures = trained(3)
    replay = state.carry.replay
    assert replay.written.tolist() == [3 * MOVES] * ROWS
    assert np.all((replay.began >= 5) & (replay.began <= 9))
    assert state.carry.position.made.tolist() == (replay.written - replay.began).tolist()
    stones = state.carry.position.stones
    assert not np.any(stones[:, 0] & stones[:, 1])
    assert 5 <= figures["game_length"] <= 9


def test_remembered_policies_are_of_legal_moves_and_results_of_finished_games() -> None:
    replay = trained(3)[0].carry.replay
    for row in range(ROWS):
        written = slice(0, int(replay.written[row]))
        policy, legal = replay.policy[row, written], replay.legal[row, written]
        np.testing.assert_allclose(policy.sum(axis=-1), 1.0, rtol=1e-5)
        assert np.all(np.asarray(policy)[~np.asarray(legal)] < 1e-6)
        # Stones on the planes are those of the moves before, and the sides alternate.
        stones = replay.planes[row, : int(replay.began[row])].sum(axis=(1, 2, 3))
        assert stones.tolist() == list(range(int(replay.began[row])))
        assert replay.side[row, : int(replay.began[row])].tolist() == [
            1 - 2 * (move % 2) for move in range(int(replay.began[row]))
        ]


def test_nothing_is_learned_before_the_first_game_is_over() -> None:
    begin, (state, figures) = trained(0)[0], trained(1)
    assert figures["loss"] == 0
    jax.tree.map(np.testing.assert_array_equal, begin.params, state.params)
    after = trained(4)[0]
    moved = jax.tree.map(lambda old, new: bool(np.any(old != new)), begin.params, after.params)
    assert all(jax.tree.leaves(moved))


def test_the_net_is_remembered_as_it_was() -> None:
    """Before steps 0, 2 and 4."""
    pool = trained(6)[0].model_state["earlier"]["params"]
    for place in range(3):
        own = jax.tree.map(lambda leaf: leaf[place], pool)  # noqa: B023
        jax.tree.map(np.testing.assert_array_equal, own, trained(EVERY * place)[0].params)


@pytest.mark.parametrize(
    ("logits", "value", "agreement", "error"),
    [
        ([9.0, 0, 0, 0, 0, 0, 0, 0, 0], 1.0, 1.0, 0.0),
        ([0, 9.0, 0, 0, 0, 0, 0, 0, 0], 0.0, 0.0, 1.0),
        ([0, 8.0, 9.0, 0, 0, 0, 0, 0, 0], -1.0, 0.0, 4.0),
    ],
)
def test_evaluation_asks_whether_the_likeliest_legal_move_keeps_the_value(
    logits: list[float], value: float, agreement: float, error: float
) -> None:
    """Move 0 wins, move 1 draws, move 2 is illegal, and in the second position all moves draw."""
    outputs = jnp.array([*logits, jnp.arctanh(value * 0.999999)])
    model = Model("fixed", None, lambda *_, **__: (jnp.stack([outputs, outputs]), {}, ()))  # type: ignore[arg-type]
    targets = jnp.array([[1, 0, -2, 0, 0, 0, 0, 0, 0, 1], [0, 0, -2, 0, 0, 0, 0, 0, 0, 0]])
    batch = {"inputs": jnp.zeros((2, 3, 3, 2)), "targets": targets.astype(jnp.float32)}
    batch["mask"] = jnp.array([1.0, 1.0])
    found = self_play(model, GAME)({}, {}, batch)[0]
    assert metrics.compute(found)["agreement"] == agreement
    assert int(found["agreement"].count) == 1
    first = {**batch, "mask": jnp.array([1.0, 0.0])}
    figures = metrics.compute(self_play(model, GAME)({}, {}, first)[0])
    np.testing.assert_allclose(figures["value_error"], error, atol=1e-4)
