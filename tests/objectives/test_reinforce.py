"""Policy gradient in games: what is played, the gradient, the earlier selves."""

from dataclasses import replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dl import metrics
from dl.errors import InputError
from dl.games.game import named
from dl.models import mlp, with_earlier_selves
from dl.objectives import reinforce
from dl.objectives.reinforce import play_pairs
from dl.train.state import TrainState, init_state
from dl.train.step import make_train_step
from dl.types import EARLIER

GAME = named("tic_tac_toe")
ROWS, EVERY, SELVES = 6, 2, 3
BATCH = {
    "inputs": jnp.zeros((ROWS, *GAME.planes)),
    "targets": jnp.zeros((ROWS, GAME.moves)),
    "mask": jnp.ones(ROWS).at[-1].set(0),
    "index": jnp.arange(ROWS),
}
MODEL = with_earlier_selves(mlp(GAME.moves, hidden_sizes=()), SELVES)
OBJECTIVE = reinforce(MODEL, GAME, every=EVERY)


@cache
def step() -> Any:
    return jax.jit(make_train_step(OBJECTIVE, optax.sgd(0.5), padded=False))


@cache
def trained(steps: int) -> tuple[TrainState, dict[str, float]]:
    if not steps:
        state = init_state(MODEL, optax.sgd(0.5), jnp.zeros((1, *GAME.planes)), seed=0)
        other_runs = jax.tree.map(jnp.ones_like, state.params)
        return replace(state, params=other_runs), {}
    state, sums = step()(trained(steps - 1)[0], BATCH)
    return state, metrics.compute(sums)


def kernels(state: TrainState) -> np.ndarray:
    return np.asarray(state.model_state[EARLIER]["params"]["output"]["kernel"])


def test_the_pool_begins_with_the_first_parameters_and_keeps_the_newest() -> None:
    params = [np.asarray(trained(n)[0].params["output"]["kernel"]) for n in range(6)]
    assert (kernels(trained(1)[0]) == params[0]).all()
    for steps, selves in ((3, (0, 2, 0)), (5, (0, 2, 4))):
        assert [*map(np.ndarray.tolist, kernels(trained(steps)[0]))] == [
            params[place].tolist() for place in selves
        ]
    assert int(trained(5)[0].model_state[EARLIER]["steps"]) == 5


def test_loss_is_the_share_of_points_that_was_lost() -> None:
    figures = trained(1)[1]
    assert figures["loss"] == pytest.approx(1 - figures["score"], abs=1e-6)
    assert (figures["score"] * 4 * (ROWS - 1)) == pytest.approx(
        round(figures["score"] * 4 * (ROWS - 1)), abs=1e-4
    )


def test_the_gradient_is_that_of_a_slow_sum_over_games() -> None:
    """−½ Σ (z − b) Σ ∇ log π of every move, with b from the other games of the same colour."""
    state = trained(0)[0]
    key = jax.random.fold_in(state.key, state.step)
    keys = jax.vmap(lambda n: jax.random.fold_in(jax.random.split(key)[1], n))(jnp.arange(ROWS))
    weights, bias = (np.asarray(state.params["output"][name]) for name in ("kernel", "bias"))

    def policy(planes: jax.Array) -> jax.Array:
        return planes.reshape(len(planes), -1) @ weights + bias

    played = jax.jit(lambda keys: play_pairs(GAME, keys, policy, policy))(keys)
    played = jax.tree.map(np.asarray, played)
    gradient = np.zeros_like(weights)
    for pair in range(ROWS - 1):
        for ply in range(GAME.longest):
            colour = ply % 2
            others = [played.results[colour, n] for n in range(ROWS - 1) if n != pair]
            advantage = played.results[colour, pair] - np.mean(others)
            planes, legal = played.planes[ply, pair].ravel(), played.legal[ply, pair]
            if not played.real[ply, pair]:
                continue
            logits = np.where(legal, planes @ weights + bias, -np.inf)
            shares = np.exp(logits - logits.max())
            chosen = np.eye(GAME.moves)[played.moves[ply, pair]]
            slope = chosen - shares / shares.sum()
            gradient -= 0.5 * advantage * planes[:, None] * slope / (ROWS - 1)
    after = np.asarray(trained(1)[0].params["output"]["kernel"])
    np.testing.assert_allclose(after, weights - 0.5 * gradient, atol=1e-6)


def test_games_are_legal_and_end() -> None:
    """Of the moves of one side the other's follow from the planes that are seen next."""
    keys = jax.random.split(jax.random.key(1), 20)
    policy = lambda planes: jnp.zeros((len(planes), GAME.moves))  # noqa: E731
    played = jax.tree.map(
        np.asarray, jax.jit(lambda keys: play_pairs(GAME, keys, policy, policy))(keys)
    )
    legal = np.take_along_axis(played.legal, played.moves[..., None], axis=-1)[..., 0]
    assert legal[played.real == 1].all()
    stones = played.planes.sum(axis=(2, 3, 4))
    plies = np.broadcast_to(np.arange(GAME.longest)[:, None], stones.shape)
    assert (stones[played.real == 1] == plies[played.real == 1]).all()
    assert set(np.unique(played.results)) <= {-1.0, 0.0, 1.0}
    assert played.results[0].mean() > played.results[1].mean()  # the first move is worth something


def test_evaluation_plays_the_same_games_against_where_it_began() -> None:
    state = trained(3)[0]
    evaluate = jax.jit(lambda params: OBJECTIVE(params, state.model_state, BATCH)[0]["score"])
    first = jax.tree.map(lambda leaf: leaf[0], state.model_state[EARLIER]["params"])
    assert evaluate(state.params) == evaluate(state.params)
    assert evaluate(first).count == ROWS - 1


def test_a_model_without_earlier_selves_is_refused() -> None:
    net = mlp(GAME.moves, hidden_sizes=())
    params, state = net.init(jax.random.key(0), BATCH["inputs"])
    with pytest.raises(InputError, match="reinforce needs earlier selves"):
        reinforce(net, GAME)(params, state, BATCH)
