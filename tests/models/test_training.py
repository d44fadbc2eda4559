"""Models in training: batch statistics, learning by heart, eight devices, a state saved and
gone on from.
"""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from model_cases import (
    Case,
    compiled_apply,
    compiled_step,
    first_state,
    most_deep_models,
    most_models,
    most_normalised_models,
    sibling_models,
)

import dl
from dl import metrics
from dl.runs.checkpoint import Checkpoints
from dl.train.parallel import AXIS

MOMENTUM = 0.9


@most_models
def test_gradients_are_finite_and_move_every_layer(case: Case) -> None:
    before = first_state(case)
    after, sums = compiled_step(case)(before, case.batch())
    if case.zeros:
        after, sums = compiled_step(case)(after, case.batch())
    assert np.isfinite(metrics.compute(sums)["loss"])
    for path, change in jax.tree_util.tree_leaves_with_path(
        jax.tree.map(jnp.subtract, after.params, before.params)
    ):
        assert bool(jnp.isfinite(change).all()), path
        assert bool((change != 0).any()), path


@pytest.mark.slow
@sibling_models
def test_a_step_of_a_sibling_gives_a_state_for_the_next(case: Case) -> None:
    inputs = case.example()
    make = partial(dl.init_state, case.model, case.optimizer, inputs, seed=0)
    state = jax.eval_shape(make)
    step = dl.make_train_step(case.objective, case.optimizer)
    after, sums = jax.eval_shape(step, state, case.batch())
    assert after == state
    assert "loss" in sums


@most_models
def test_without_dropout_and_batch_norm_the_loss_of_training_is_that_of_evaluation(
    case: Case,
) -> None:
    if case.normalised:
        return
    state, batch = first_state(case), case.batch()
    trained = metrics.compute(compiled_step(case)(state, batch)[1])
    outputs, _, _ = compiled_apply(case.model)(state.params, {}, batch["inputs"])
    evaluated, _, _ = case.objective_of(outputs)({}, {}, batch)
    assert trained == pytest.approx(metrics.compute(evaluated), rel=1e-5)


@most_normalised_models
def test_batch_statistics_move_by_their_momentum_in_training(case: Case) -> None:
    start, batch = first_state(case), case.batch()
    states = [start.model_state]
    for _ in range(2):
        state = replace(start, model_state=states[-1])
        states.append(compiled_step(case)(state, batch)[0].model_state)

    def of_batch(after: jax.Array, before: jax.Array) -> jax.Array:
        return (after - MOMENTUM * before) / (1 - MOMENTUM)

    # The statistics of one batch under the same parameters, found from either step, are the same.
    first, second = (jax.tree.map(of_batch, after, before) for before, after in pairwise(states))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4), first, second)
    for path, leaf in jax.tree_util.tree_leaves_with_path(
        jax.tree.map(jnp.subtract, states[1], states[0])
    ):
        assert bool((leaf != 0).any()), path


@most_models
def test_one_batch_of_eight_is_learned_by_heart(case: Case) -> None:
    batch, state, history = jax.tree.map(jnp.array, case.batch()), first_state(case), []
    for _ in range(40):
        state, sums = compiled_step(case)(
            state, batch
        )  # a step's metrics are those of the parameters before it
        history.append(sums)
    before, after = metrics.compute(history[0]), metrics.compute(history[-1])
    if case.reconstructs:
        assert after["mse"] < 0.1 * before["mse"]
        return
    if "label_error" in after:  # the first steps of CTC find blanks alone
        assert after["loss"] < 0.5 * before["loss"]
        return
    if "mae" in after:  # of ratings
        assert after["mse"] < 0.1 * before["mse"]
        return
    if "accuracy" not in after:  # of items that are taken
        assert after["loss"] < 0.2 < before["loss"]
        return
    assert before["accuracy"] < 1.0, "it knew the labels before training"
    assert after["accuracy"] == 1.0
    assert after["loss"] < 0.2


@pytest.mark.slow
@most_deep_models
def test_eight_devices_give_the_gradients_and_statistics_of_one(case: Case) -> None:
    state, batch = first_state(case), case.batch()
    one, one_sums = compiled_step(case)(state, batch)
    step = dl.make_train_step(case.objective, case.optimizer, axis_name=AXIS)
    eight, sums = dl.unreplicate(
        dl.pmap_step(step)(dl.replicate(state, jax.devices()), dl.shard(batch, 8))
    )
    assert metrics.compute(sums) == pytest.approx(metrics.compute(one_sums), rel=1e-4)
    jax.tree.map(
        partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5),
        eight.model_state,
        one.model_state,
    )
    # Adam's first moments are the gradient times a constant; its steps would blow up the last bits
    # of small ones.
    gradients, expected = (
        optax.tree_utils.tree_get(after.opt_state, "mu") for after in (eight, one)
    )
    atol = 1e-4 * max(float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(expected))
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-3, atol=atol), gradients, expected)


@most_deep_models
def test_a_restored_state_trains_on_bit_for_bit(case: Case, tmp_path: Path) -> None:
    batch, step = jax.tree.map(jnp.array, case.batch()), compiled_step(case)
    once, _ = step(first_state(case), batch)
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, once, notes={})
        checkpoints.wait()
        restored, _ = checkpoints.restore(1, first_state(case))
    expected, actual = step(once, batch)[0], step(restored, batch)[0]
    assert int(actual.step) == 2
    for tree, other in (
        (expected.params, actual.params),
        (expected.model_state, actual.model_state),
    ):
        jax.tree.map(np.testing.assert_array_equal, tree, other)
