"""The running mean of the parameters: the mean of NumPy, evaluated, stored and handed on."""

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.runs.evaluate import evaluate_run
from dl.runs.experiment import load_experiment
from dl.runs.initial import take_initial
from dl.runs.run import Outcome, resume_run, start_run
from dl.train.interrupt import StopRequest
from dl.train.parallel import jit_step, make_mesh

MOONS = load_experiment("experiments.logistic_moons")


def moons(**changes: Any) -> Any:
    options = {"epochs": 2, "batch_size": 50, "devices": 1, "learning_rate": 2.0, "ema": 0.5}
    return MOONS.options(**{**options, **changes})


def assert_same_bits(left: Any, right: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_array_equal(a, b), left, right)


def assert_close(left: Any, right: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6), left, right)


def case() -> tuple[Any, Any, Any, dict[str, Any]]:
    model = dl.models.mlp(3, hidden_sizes=(4,))
    objective, optimizer = dl.objectives.classification(model), dl.optimizers.sgd(1.0)
    state = dl.init_state(model, optimizer, jnp.zeros((1, 5)), seed=1, averaged=True)
    rng = np.random.default_rng(0)
    batch = {
        "inputs": rng.normal(size=(8, 5)).astype(np.float32),
        "targets": rng.integers(0, 3, 8).astype(np.int32),
        "mask": np.ones(8, np.float32),
        "index": np.arange(8, dtype=np.int32),
    }
    return objective, optimizer, state, batch


@pytest.mark.parametrize("kept", [0.3, 0.99])
def test_the_mean_is_that_of_numpy_and_keeps_little_at_first(kept: float) -> None:
    """At step t it keeps at most (1 + t) / (10 + t), which is 2/11 at the first."""
    objective, optimizer, state, batch = case()
    mean = np.asarray(state.params["output"]["kernel"], np.float64)
    step = jax.jit(dl.make_train_step(objective, optimizer, ema=kept))
    for t in range(1, 13):
        state = step(state, batch)[0]
        share = min(kept, (1 + t) / (10 + t))
        mean = share * mean + (1 - share) * np.asarray(state.params["output"]["kernel"])
        np.testing.assert_allclose(state.average["output"]["kernel"], mean, rtol=1e-5, atol=1e-6)
    assert np.abs(mean - state.params["output"]["kernel"]).max() > 1e-3
    assert state.evaluated_params is state.average


def test_a_state_without_a_mean_keeps_none() -> None:
    objective, optimizer, _, batch = case()
    plain = dl.init_state(dl.models.mlp(3, hidden_sizes=(4,)), optimizer, jnp.zeros((1, 5)), seed=1)
    after = jax.jit(dl.make_train_step(objective, optimizer))(plain, batch)[0]
    assert (after.average, after.evaluated_params) == ((), after.params)


def test_a_mesh_takes_a_state_with_a_mean() -> None:
    objective, optimizer, state, batch = case()
    step = dl.make_train_step(objective, optimizer, ema=0.9)
    alone = jax.jit(step)(state, batch)[0]
    spread = jit_step(step, make_mesh(jax.devices()[:2]))(state, batch)[0]
    assert_close(spread.average, alone.average)


def run(folder: Path, options: Any, **how: Any) -> Outcome:
    return start_run(MOONS, options, run_dir=folder, stop=StopRequest(), show=False, **how)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("mean") / "run"
    return folder, run(folder, moons()).result


def test_a_run_evaluates_and_stores_the_mean(finished: tuple[Path, Any]) -> None:
    folder, result = finished
    loaded = dl.load(folder)
    assert_same_bits(loaded.params, loaded.state.average)
    mean, newest = (tree["output"]["kernel"] for tree in (loaded.params, loaded.state.params))
    assert float(jnp.abs(mean - newest).max()) > 0
    assert evaluate_run(folder)[0] == pytest.approx(result["metrics"]["test"], rel=1e-6)
    test = loaded.open_data().test
    odds = np.asarray(test.inputs) @ np.asarray(loaded.params["output"]["kernel"])
    odds = (odds + np.asarray(loaded.params["output"]["bias"]))[:, 0]
    loss = np.mean(np.log1p(np.exp(np.where(test.targets[:, 0] > 0, -odds, odds))))
    assert result["metrics"]["test"]["loss"] == pytest.approx(float(loss), rel=1e-5)


def test_another_run_begins_with_the_mean(finished: tuple[Path, Any]) -> None:
    folder, _ = finished
    options = moons(seed=5)
    initial = take_initial(folder, MOONS, options, dl.load(folder).spec)
    assert_same_bits(initial.params, dl.load(folder).state.average)


@cache
def fitted(epochs: int, resume: bool = False, **changes: Any) -> dl.Trained:
    options = moons(epochs=epochs, **changes)
    data = dl.load_data("moons", validation=options.validation)
    recipe = MOONS.recipe(options, data.spec)
    before = fitted(epochs - 1) if resume else None
    return dl.fit(recipe, data, options, resume=before, progress=False)


def test_a_resumed_training_has_the_same_mean_bit_for_bit() -> None:
    whole, parts = fitted(2), fitted(2, resume=True)
    assert_same_bits(whole.state.average, parts.state.average)
    assert whole.history[-1].values == parts.history[-1].values


def test_another_ema_would_change_what_is_past() -> None:
    with pytest.raises(dl.InputError, match=r"ema is 0\.9, and the training to resume has 0\.5"):
        fitted(2, resume=True, ema=0.9)


@pytest.mark.slow
def test_the_mean_is_the_same_under_pmap_and_a_mesh(
    tmp_path: Path, finished: tuple[Path, Any]
) -> None:
    expected = dl.load(finished[0]).params
    for parallel in ("pmap", "jit"):
        run(tmp_path / parallel, moons(devices=2, parallel=parallel))
        assert_close(dl.load(tmp_path / parallel).params, expected)


@pytest.mark.slow
def test_a_run_resumed_from_its_checkpoint_has_the_same_mean(
    tmp_path: Path, finished: tuple[Path, Any]
) -> None:
    run(tmp_path / "parts", moons())
    (tmp_path / "parts" / "result.json").unlink()
    newest = max((tmp_path / "parts" / "checkpoints").iterdir(), key=lambda at: int(at.name))
    shutil.rmtree(newest)
    resume_run(tmp_path / "parts", stop=StopRequest(), show=False)
    assert_same_bits(dl.load(tmp_path / "parts").params, dl.load(finished[0]).params)
