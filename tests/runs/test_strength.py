"""The earlier selves of a net, by the steps at which they were kept."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

import dl
from dl.data.spec import DataSpec
from dl.games.game import named
from dl.models.earlier_selves import renewed
from dl.runs.strength import selves_of
from dl.runs.trained import Trained
from dl.train.state import init_state
from dl.types import EARLIER

GAME, EVERY, ENDED = named("tic_tac_toe"), 4, 10


def test_selves_of_a_training_that_ended_early_are_called_by_their_steps() -> None:
    """Of 32 steps with 8 selves 10 were made; at step s all parameters were s."""
    net = dl.models.board_net(GAME.moves, features=2, blocks=1, hidden_size=2)
    model, sgd = dl.models.with_earlier_selves(net, 8), dl.optimizers.sgd(0.1)
    state = init_state(model, sgd, jnp.zeros((1, *GAME.planes)), seed=0)

    def at(step: int) -> object:
        return jax.tree.map(lambda leaf: np.full(leaf.shape, step, np.float32), state.params)

    pool, renew = state.model_state[EARLIER], jax.jit(renewed, static_argnames="every")
    for step in range(ENDED):
        pool = renew(pool, at(step), every=EVERY)
    state = replace(state, step=ENDED, params=at(ENDED), model_state={EARLIER: pool})
    names = (*GAME.move_names, "value")
    spec = DataSpec("play:tic_tac_toe", "play", GAME.planes, "float32", names, 1, game=GAME.name)
    recipe = dl.Recipe(model, dl.objectives.self_play(model, GAME), sgd)
    selves = selves_of(Trained(recipe, spec, dl.TrainOptions(), state, []), 2, every=EVERY)
    kept = {
        name: {float(np.ravel(leaf)[0]) for leaf in jax.tree.leaves(_params(agent))}
        for name, agent in selves.items()
    }
    assert kept == {"step 0": {0.0}, "step 4": {4.0}, "step 8": {8.0}, "step 10": {10.0}}


def _params(agent: jax.tree_util.Partial) -> object:
    """The parameters of a player that searches with a net."""
    evaluate, _ = agent.args
    return evaluate.args[0]
