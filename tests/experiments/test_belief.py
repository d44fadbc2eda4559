"""Runs of Boltzmann machines and stacks of them: greedy, resumed exactly, and unrolled."""

import json
import signal
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.runs.experiment import load_experiment
from dl.runs.folder import open_folder
from dl.runs.initial import take_initial
from dl.runs.load import restore_training
from dl.runs.run import resume_run, start_run
from dl.train.interrupt import StopRequest
from dl.train.names import by_path

SMALL = {
    "dataset": "digits",
    "train_examples": 64,
    "batch_size": 16,
    "devices": 1,
    "steps_per_call": 4,
    "log_every": 2,
}


def run(name: str, folder: Path, *, stop: StopRequest | None = None, **options: Any) -> Any:
    experiment = load_experiment(f"experiments.{name}")
    return start_run(
        experiment,
        experiment.options(**{**SMALL, **options}),
        run_dir=folder,
        stop=stop or StopRequest(),
        show=False,
    ).result


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a stack, three epochs of four steps, an epoch a layer."""
    folder = tmp_path_factory.mktemp("runs") / "stack"
    assert run("dbn_mnist", folder, layers="6-5-4", linear_code=True, epochs=3)["steps"] == 12
    return folder


def begun(name: str, source: Path, **options: Any) -> Any:
    """What an experiment takes of a run before its first step."""
    experiment = load_experiment(f"experiments.{name}")
    chosen = experiment.options(**{**SMALL, **options})
    return take_initial(source, experiment, chosen, dl.load(source).spec)


@pytest.mark.slow
def test_f4_a_classifier_begins_with_the_stack_and_a_new_head(stack: Path) -> None:
    """Hinton 2006: the weights upwards are those of the machines, the softmax is new."""
    initial, loaded = begun("dbn_classifier_mnist", stack, layers="6-5-4"), dl.load(stack)
    for name, machine in loaded.params.items():
        for part in ("kernel", "bias"):
            np.testing.assert_array_equal(initial.params[name][part], machine[part])
    assert initial.origin.new == ("output/bias", "output/kernel")
    assert len(initial.origin.taken) == 6
    assert initial.model_state == {}


@pytest.mark.slow
def test_f4_a_deep_auto_encoder_is_the_stack_itself_with_another_objective(stack: Path) -> None:
    initial = begun("autoencoder_deep_mnist", stack, layers="6-5-4")
    jax.tree.map(np.testing.assert_array_equal, initial.params, dl.load(stack).params)
    assert initial.origin.new == ()


def test_a_stack_that_begins_with_another_counts_its_own_steps(stack: Path) -> None:
    """With the steps of the other its lower machines would never have their turn."""
    loaded = dl.load(stack)
    assert int(loaded.model_state["pretraining"]["steps"]) == 12
    experiment = load_experiment("experiments.dbn_mnist")
    options = experiment.options(**{**SMALL, "layers": "6-5-4", "linear_code": True})
    recipe, init = experiment.recipe(options, loaded.spec), (loaded.params, loaded.model_state)
    first = dl.train.state.first_state(recipe, loaded.spec, options, init=init)
    assert int(first.model_state["pretraining"]["steps"]) == 0
    jax.tree.map(np.testing.assert_array_equal, first.params, loaded.params)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("dbn_classifier_mnist", {"layers": "6-5-3"}, "hidden3/bias is float32.4. in the source"),
        ("autoencoder_deep_mnist", {"layers": "6-5"}, "hidden3/bias is .*absent here"),
        pytest.param("lenet_digits", {}, "absent in the source", marks=pytest.mark.slow),
    ],
)
def test_nets_of_other_sizes_are_refused(
    stack: Path, name: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        begun(name, stack, **options)


@pytest.mark.slow
def test_layers_are_learned_one_after_the_other(tmp_path: Path) -> None:
    """After a third of the steps the upper machines still are what they were at first."""
    options = {"layers": "6-5-4", "epochs": 3}
    with pytest.MonkeyPatch.context() as patch, StopRequest() as stop:
        stop_at(patch, step=4)
        assert run("dbn_mnist", tmp_path / "run", stop=stop, **options) is None
    state = stored(tmp_path / "run")
    experiment = load_experiment("experiments.dbn_mnist")
    chosen = experiment.options(**{**SMALL, **options})
    spec = dl.load(tmp_path / "run").spec
    first = dl.train.state.first_state(experiment.recipe(chosen, spec), spec, chosen)
    assert (int(state.step), int(state.model_state["pretraining"]["steps"])) == (4, 4)
    now, before = (by_path(jax.device_get(tree.params)) for tree in (state, first))
    moved = {path.split("/")[0] for path, leaf in now.items() if np.any(leaf != before[path])}
    assert moved == {"hidden1"}
    assert resume_run(tmp_path / "run", stop=StopRequest(), show=False).result is not None
    end = by_path(jax.device_get(stored(tmp_path / "run").params))
    moved = {path.split("/")[0] for path, leaf in end.items() if np.any(leaf != now[path])}
    assert moved == {"hidden2", "hidden3"}


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "devices"), [("jit", 1), ("pmap", 2)])
def test_stopped_with_persistent_chains_and_resumed_equals_uninterrupted(
    tmp_path: Path, mode: str, devices: int
) -> None:
    options = {
        "layers": "6-5",
        "persistent": True,
        "epochs": 4,
        "parallel": mode,
        "devices": devices,
    }
    result = run("dbn_mnist", tmp_path / "whole", **options)
    for step in (6, 10):  # while the one layer learns and while the other does
        folder = tmp_path / f"parts{step}"
        with pytest.MonkeyPatch.context() as patch, StopRequest() as stop:
            stop_at(patch, step=step)
            assert run("dbn_mnist", folder, stop=stop, **options) is None
        chains = jax.device_get(stored(folder).carry)
        assert jax.tree.map(np.shape, chains) == {"hidden1": (16, 784), "hidden2": (16, 6)}
        assert len({row.tobytes() for row in chains["hidden1"]}) == 16, "each row has its own"
        resume_run(folder, stop=StopRequest(), show=False)
        ends = (stored(tmp_path / name) for name in (folder.name, "whole"))
        states = [jax.device_get((s.params, s.model_state, s.opt_state, s.carry)) for s in ends]
        jax.tree.map(np.testing.assert_array_equal, *states)
        assert json.loads((folder / "result.json").read_text())["metrics"] == result["metrics"]


@pytest.mark.slow
def test_unrolled_nets_train_from_the_stack(stack: Path, tmp_path: Path) -> None:
    for name in ("dbn_classifier_mnist", "autoencoder_deep_mnist"):
        experiment = load_experiment(f"experiments.{name}")
        options = experiment.options(**{**SMALL, "layers": "6-5-4", "epochs": 1})
        outcome = start_run(
            experiment,
            options,
            run_dir=tmp_path / name,
            stop=StopRequest(),
            show=False,
            init_from=stack,
        )
        assert outcome.result is not None
        assert np.isfinite(outcome.result["metrics"]["test"]["loss"])


@pytest.mark.parametrize("layers", ["", "5-", "5-0", "5,4", "five"])
def test_layers_that_are_no_numbers_are_refused(layers: str) -> None:
    experiment = load_experiment("experiments.dbn_mnist")
    spec = dl.load_data("digits").spec
    with pytest.raises(InputError, match="give units from the first layer on: 500-500-2000"):
        experiment.recipe(experiment.options(layers=layers), spec)


def test_data_that_are_no_pictures_are_refused() -> None:
    experiment = load_experiment("experiments.rbm_mnist")
    with pytest.raises(InputError, match="moons has other numbers"):
        experiment.recipe(experiment.options(), dl.load_data("moons").spec)


@pytest.mark.parametrize("early", [{"patience": 2, "validation": 0.1}, {"stop_below": 1.0}])
def test_a_stack_does_not_stop_early_since_its_machines_have_losses_of_their_own(
    early: dict[str, Any],
) -> None:
    spec = dl.load_data("digits").spec
    stack, one = (load_experiment(f"experiments.{name}") for name in ("dbn_mnist", "rbm_mnist"))
    with pytest.raises(InputError, match="nothing about a stack of 2: leave patience"):
        stack.recipe(stack.options(layers="6-5", **early), spec)
    one.recipe(one.options(hidden_size=6, **early), spec)


def stored(folder: Path) -> dl.TrainState:
    """The state in the newest checkpoint."""
    return restore_training(*open_folder(folder))[0].state


def stop_at(patch: pytest.MonkeyPatch, *, step: int) -> None:
    """Raise SIGTERM once `step` is recorded."""
    original = dl.train.progress.Progress.record

    def record(self: Any, new: dl.Record) -> None:
        original(self, new)
        if new.step >= step:
            signal.raise_signal(signal.SIGTERM)

    patch.setattr(dl.train.progress.Progress, "record", record)
