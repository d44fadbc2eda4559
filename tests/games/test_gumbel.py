"""Gumbel search behind the functions of a game."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.games.evaluators import by_net, policy_and_value
from dl.games.game import named
from dl.games.gumbel import gumbel_search
from dl.models import board_net

GAME = named("tic_tac_toe")


@pytest.mark.slow
def test_a_win_is_found_and_a_loss_avoided() -> None:
    """X has a3, b3 and O has a2, b2. X to move wins at c3; O to move wins at c2."""
    first = GAME.start()
    for move in (0, 3, 1, 4):
        first = GAME.play(first, jnp.int32(move))
    second = GAME.play(first, jnp.int32(8))
    both = jax.tree.map(lambda *leaves: jnp.stack(leaves), first, second)
    model = board_net(9, features=4, blocks=1)
    params, state = model.init(jax.random.key(0), jnp.zeros((1, 3, 3, 2)))
    evaluate = by_net(model, params, state, GAME)
    found = jax.jit(
        lambda key: gumbel_search(key, both, evaluate, GAME, simulations=32, noise=0.0)
    )(jax.random.key(0))
    assert found.move.tolist() == [2, 5]
    assert np.all(found.value > 0)
    net, _ = policy_and_value(model.apply(params, state, jax.vmap(GAME.observe)(both))[0])
    before = jax.nn.softmax(jnp.where(jax.vmap(GAME.legal)(both), net, -jnp.inf))
    rows = np.arange(2)
    assert np.all(found.policy[rows, found.move] > before[rows, found.move])
    assert np.all(found.policy[~jax.vmap(GAME.legal)(both)] == 0)
    assert found.visits.sum(axis=1).tolist() == [32, 32]
