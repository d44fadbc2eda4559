"""Every model in training: batch statistics, learning by heart, eight devices, a state saved and gone on from."""

from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from model_cases import (
    LINE,
    Case,
    compiled_apply,
    compiled_gradient,
    compiled_step,
    every_convolutional_model,
    every_model,
)

import dl
from dl import metrics, optimizers
from dl.runs.checkpoint import Checkpoints
from dl.train.parallel import AXIS

MOMENTUM = 0.9
normalised = pytest.mark.parametrize("case", [param for param in LINE if param.values[0].normalised])


def first_state(case: Case) -> dl.TrainState:
    params, model_state = case.init()
    return dl.TrainState(jnp.int32(0), jax.random.key(0), params, model_state, case.optimizer.init(params))


@normalised
def test_batch_statistics_move_by_their_momentum_in_training(case: Case) -> None:
    params, before = case.init()
    inputs, apply = case.batch()["inputs"], compiled_apply(case.model)
    states = [before]
    for _ in range(2):
        states.append(apply(params, states[-1], inputs, train=True, key=jax.random.key(0))[1])

    def batch_s(after: jax.Array, before: jax.Array) -> jax.Array:
        return (after - MOMENTUM * before) / (1 - MOMENTUM)

    # The statistics of one batch under fixed parameters, found from either step, are the same.
    first, second = (jax.tree.map(batch_s, after, before) for before, after in pairwise(states))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4), first, second)
    for path, leaf in jax.tree_util.tree_leaves_with_path(jax.tree.map(jnp.subtract, states[1], before)):
        assert bool((leaf != 0).any()), path


@every_model
def test_one_batch_of_eight_is_learned_by_heart(case: Case) -> None:
    batch, state, history = jax.tree.map(jnp.array, case.batch()), first_state(case), []
    for _ in range(40):
        state, sums = compiled_step(case)(state, batch)  # a step's metrics are those of the parameters before it
        history.append(sums)
    before, after = metrics.compute(history[0]), metrics.compute(history[-1])
    assert before["accuracy"] < 1.0, "it knew the labels before training"
    assert after["accuracy"] == 1.0
    assert after["loss"] < 0.2


@every_convolutional_model
def test_eight_devices_give_the_step_of_one(case: Case) -> None:
    state = first_state(case)
    gradients, model_state = compiled_gradient(case)(state.params, state.model_state)
    optimizer = optimizers.sgd(1.0)  # a step is the gradient: w - (w - g)
    step = dl.make_train_step(case.objective_over(AXIS), optimizer, axis_name=AXIS)
    state = dl.TrainState(state.step, state.key, state.params, state.model_state, optimizer.init(state.params))
    after, _ = dl.unreplicate(dl.pmap_step(step)(dl.replicate(state, jax.devices()), dl.shard(case.batch(), 8)))
    taken = jax.tree.map(jnp.subtract, case.init()[0], jax.device_get(after.params))
    largest = max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(gradients))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * largest), taken, gradients)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), after.model_state, model_state)


@every_convolutional_model
def test_a_restored_state_trains_on_bit_for_bit(case: Case, tmp_path: Path) -> None:
    batch, step = jax.tree.map(jnp.array, case.batch()), compiled_step(case)
    once, _ = step(first_state(case), batch)
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, once, notes={})
        checkpoints.wait()
        restored, _ = checkpoints.restore(1, first_state(case))
    expected, actual = step(once, batch)[0], step(restored, batch)[0]
    assert int(actual.step) == 2
    for tree, other in ((expected.params, actual.params), (expected.model_state, actual.model_state)):
        jax.tree.map(np.testing.assert_array_equal, tree, other)
