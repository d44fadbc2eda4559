"""Every family of models under JAX's strict rank and type promotion; steps are traced alone."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from model_cases import Case, most_models

import dl
from dl import models, objectives, optimizers
from dl.train.step import make_eval_step, make_train_step


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    with jax.numpy_rank_promotion("raise"), jax.numpy_dtype_promotion("strict"):
        yield


def trace_steps(model: Any, objective: Any, optimizer: Any, batch: Any, **options: Any) -> None:
    """Trace the first state, a train step and an evaluation on the shapes of `batch`."""
    rows = len(batch["mask"]) if model.initial_carry else 0
    first = jax.tree.map(lambda leaf: leaf[:1], batch["inputs"])
    state = jax.eval_shape(
        partial(dl.init_state, model, optimizer, first, seed=0, carried_rows=rows)
    )
    step = make_train_step(objective, optimizer, **options)
    after, _ = jax.eval_shape(step, state, batch)
    assert jax.tree.map(jax.typeof, after) == jax.tree.map(jax.typeof, state)
    jax.eval_shape(make_eval_step(objective), state, batch)


@most_models
def test_models_of_examples(case: Case) -> None:
    batch = jax.tree.map(jnp.asarray, case.batch(4))
    trace_steps(case.model, case.objective, optimizers.momentum(0.1), batch)


SYMBOLS = np.arange(20, dtype=np.int32).reshape(4, 5) % 3
STREAM = {"inputs": SYMBOLS, "targets": SYMBOLS, "mask": np.ones((4, 5), np.float32)}
CHORDS = {"inputs": np.ones((4, 5, 3), np.float32), "targets": np.ones((4, 5, 3), np.float32)}


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_models_of_steps(kind: Any, accumulate: int) -> None:
    options = {"accumulate": accumulate}
    sgd = optimizers.clipped(optimizers.sgd(0.1), norm=1.0)
    model = models.language_model(kind, 3, hidden_size=4, dropout=0.1)
    batch = {**STREAM, "fresh": np.ones(4, np.float32)}
    trace_steps(model, objectives.next_symbol(model), sgd, batch, **options)
    model = models.step_model(kind, 3, hidden_size=4)
    batch = {**STREAM, **CHORDS}
    trace_steps(model, objectives.frames(model), sgd, batch, **options)


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_stacks_of_boltzmann_machines(persistent: bool, accumulate: int) -> None:
    model = models.belief_net((3,), (4, 2), linear_code=True, persistent=persistent)
    objective = objectives.contrastive_divergence(model, steps=2, steps_per_layer=5)
    turns = {name: optimizers.momentum(0.1, weight_decay=1e-3) for name in model.machines}
    batch = {"inputs": np.ones((4, 3), np.float32), "mask": np.ones(4, np.float32)}
    batch |= {"index": np.arange(4, dtype=np.int32)}
    optimizer = dl.in_turn(turns, steps=5)
    trace_steps(model, objective, optimizer, batch, accumulate=accumulate)


EVERY = [
    optimizers.sgd,
    partial(optimizers.momentum, nesterov=True),
    optimizers.adagrad,
    optimizers.rmsprop,
    optimizers.adadelta,
    optimizers.adam,
    optimizers.adamax,
]
SCHEDULES = [
    optimizers.constant(),
    optimizers.step_decay(every=3),
    optimizers.warm_up(optimizers.cosine(steps=5), steps=2),
    optimizers.one_cycle(steps=9),
]


@pytest.mark.parametrize("build", EVERY)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_optimizers_and_schedules(build: Any, schedule: Any) -> None:
    optimizer = build(0.1, schedule=schedule, weight_decay=1e-3)
    params = {"w": jnp.zeros((2, 3)), "b": jnp.zeros(3)}
    state = jax.eval_shape(optimizer.init, params)
    _, after = jax.eval_shape(optimizer.update, params, state, params)
    assert jax.tree.map(jax.typeof, after) == jax.tree.map(jax.typeof, state)


def test_objectives_with_their_options() -> None:
    model = models.mlp(6, hidden_sizes=(4,))
    batch = {"inputs": np.ones((4, 3), np.float32), "targets": np.arange(4, dtype=np.int32)}
    batch |= {"mask": np.ones(4, np.float32)}
    smoothed = objectives.classification(model, label_smoothing=0.1, top_k=5)
    for objective in (smoothed, objectives.maximum_a_posteriori(model)):
        trace_steps(model, objective, optimizers.adam(0.1), batch)
    numbers = {**batch, "targets": np.ones((4, 6), np.float32)}
    for bind in (objectives.binary, objectives.regression, objectives.perceptron):
        trace_steps(model, bind(model), optimizers.adam(0.1), numbers)
    coder = models.autoencoder((3,), code_size=2)
    penalties = [
        objectives.reconstruction.l1_sparsity(0.1),
        objectives.reconstruction.kl_sparsity(0.1),
        objectives.reconstruction.contraction(coder, 0.1),
    ]
    for corrupt in (
        objectives.reconstruction.gaussian_noise(0.1),
        objectives.reconstruction.masking_noise(0.1),
    ):
        noisy = objectives.autoencoding(coder, corrupt=corrupt, penalties=penalties)
        trace_steps(coder, noisy, optimizers.adam(0.1), batch)


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_call", [1, 2])
def test_a_training_with_its_data_and_its_predictions(steps_per_call: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 1), np.uint8)
    data = dl.make_dataset(pictures, np.arange(30) % 2, validation=0.2)
    model = models.mlp(2, hidden_sizes=(3,))
    recipe = dl.Recipe(model, objectives.classification(model), optimizers.adam(0.1))
    options = dl.TrainOptions(epochs=1, batch_size=8, steps_per_call=steps_per_call, devices=1)
    trained = dl.fit(recipe, data, options, progress=False)
    assert len(trained.predict(pictures[:3])) == 3
    assert 0 <= trained.evaluate("test")["accuracy"] <= 1
