"""A training with patience answers with the parameters that validated best, and goes on from its
last ones.
"""

import json
import shutil
import signal
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from started_runs import records

import dl
from dl.errors import InputError
from dl.runs.evaluate import evaluate_run
from dl.runs.experiment import load_experiment
from dl.runs.run import resume_run, start_run
from dl.train.interrupt import StopRequest
from experiments import logistic_moons

MOONS = load_experiment("experiments.logistic_moons")
OPTIONS = logistic_moons.Options(
    epochs=200, validation=0.2, patience=3, checkpoint_every=150, devices=1
)


def run(folder: Path, **changes: Any) -> dict[str, Any] | None:
    options = replace(OPTIONS, **changes)
    return start_run(MOONS, options, run_dir=folder, stop=StopRequest(), show=False).result


def resume(folder: Path) -> dict[str, Any] | None:
    return resume_run(folder, stop=StopRequest(), show=False).result


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that stopped early, uninterrupted; tests share it and change nothing in it."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run(folder)
    return folder


@cache
def fitted(**changes: Any) -> dl.Trained:
    return fit(**changes)


def fit(*, resume: dl.Trained | None = None, stop_after: int = 0, **changes: Any) -> dl.Trained:
    """A training in memory; a signal ends it after the record of step `stop_after`."""
    options = replace(OPTIONS, **changes)
    data = dl.load_data("moons", validation=0.2)
    recipe = logistic_moons.build(options, data.spec)

    def hear(record: dl.Record) -> None:
        if record.step == stop_after and record.split == "validation":
            signal.raise_signal(signal.SIGINT)

    return dl.fit(recipe, data, options, resume=resume, progress=False, on_record=hear)


def bits(tree: Any) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


def bits_of(trained: dl.Trained) -> list[bytes]:
    """The last parameters, and all that is kept of the best but its key, which never changes."""
    assert trained.best is not None
    best = trained.best.state
    return bits((trained.state.params, best.step, best.params, best.opt_state, trained.best.totals))


def losses(history: list[Any]) -> dict[int, float]:
    """Validation losses by step, of records or of their lines in metrics.jsonl."""
    plain = [each if isinstance(each, dict) else each.as_json() for each in history]
    return {r["step"]: r["values"]["loss"] for r in plain if r["split"] == "validation"}


def best_and_last(found: dict[int, float]) -> tuple[int, int]:
    return min(found, key=lambda step: found[step]), max(found)


@pytest.mark.slow
def test_the_result_belongs_to_the_parameters_that_validated_best(whole: Path) -> None:
    found = losses(records(whole))
    best, last = best_and_last(found)
    assert last - best == OPTIONS.patience * 16
    result = json.loads((whole / "result.json").read_text())
    assert result["metrics"]["validation"]["loss"] == pytest.approx(found[best], rel=1e-6)
    assert (result["best_step"], result["steps"]) == (best, last)
    assert evaluate_run(whole, part="test") == (pytest.approx(result["metrics"]["test"]), best)


def test_either_checkpoint_can_be_asked_for(whole: Path) -> None:
    found = losses(records(whole))
    best, last = best_and_last(found)
    for checkpoint, step in ((None, best), ("best", best), ("last", last)):
        values, evaluated = evaluate_run(whole, part="validation", checkpoint=checkpoint)
        assert evaluated == step
        assert values["loss"] == pytest.approx(found[step], rel=1e-6)


def test_the_best_parameters_are_those_of_a_training_that_ends_there(whole: Path) -> None:
    best, _ = best_and_last(losses(records(whole)))
    short = fit(patience=0, epochs=best // 16)
    assert bits(dl.load(whole).params) == bits(short.params)
    assert losses(short.history).items() <= losses(records(whole)).items()


def test_in_memory_it_is_the_same_training_with_the_same_answers(whole: Path) -> None:
    loaded = dl.load(whole)
    assert bits_of(fitted()) == bits_of(loaded)
    assert losses(fitted().history) == losses(loaded.history)
    assert fitted().evaluate("test") == loaded.evaluate("test")
    assert not fitted().interrupted


def test_without_patience_the_last_parameters_answer() -> None:
    trained = fit(patience=0, epochs=3)
    assert trained.best is None
    assert bits(trained.params) == bits(trained.state.params)


@pytest.mark.slow
@pytest.mark.parametrize("before_best", [True, False])
def test_a_fit_goes_on_from_its_last_state_and_knows_its_best(before_best: bool) -> None:
    best, last = best_and_last(losses(fitted().history))
    cut = best - 16 if before_best else last - 16
    stopped = fit(stop_after=cut)
    assert stopped.interrupted
    assert stopped.step == cut
    assert (stopped.answering.steps_made == best) is not before_best
    resumed = fit(resume=stopped)
    assert bits_of(resumed) == bits_of(fitted())
    assert losses(resumed.history) == losses(fitted().history)


@pytest.mark.slow
def test_a_loaded_run_goes_on_as_if_it_had_not_stopped(whole: Path) -> None:
    patient = fit(patience=6)
    resumed = fit(patience=6, resume=dl.load(whole))
    assert bits_of(resumed) == bits_of(patient)


def test_a_best_that_was_not_kept_is_not_made_up() -> None:
    impatient = fit(patience=0, epochs=fitted().step // 16)
    with pytest.raises(InputError, match=r"had no patience, and its best .* were not kept"):
        fit(resume=impatient)
    rising = fit(patience=0, epochs=2)
    assert best_and_last(losses(rising.history)) == (32, 32)
    assert bits_of(fit(resume=rising)) == bits_of(fitted())


@pytest.mark.slow
def test_both_are_saved_and_an_interrupted_one_can_be_resumed_on_disk(tmp_path: Path) -> None:
    folder = fitted().save(tmp_path / "done")
    loaded = dl.load(folder)
    assert bits_of(loaded) == bits_of(fitted())
    _, last = best_and_last(losses(fitted().history))
    stopped = fit(stop_after=last - 16)
    result = resume(stopped.save(tmp_path / "stopped"))
    assert result is not None
    assert bits(dl.load(tmp_path / "stopped").params) == bits(fitted().params)
    done = json.loads((folder / "result.json").read_text())
    assert result["best_step"] == done["best_step"]
    assert result["metrics"]["test"] == pytest.approx(done["metrics"]["test"], rel=1e-6)


def test_without_its_best_checkpoint_a_run_answers_with_the_next(
    whole: Path, tmp_path: Path
) -> None:
    best, last = best_and_last(losses(records(whole)))
    folder = tmp_path / "copy"
    shutil.copytree(whole, folder)
    shutil.rmtree(folder / "checkpoints" / str(best))
    assert dl.load(folder).answering.steps_made == last


@pytest.mark.slow
def test_of_a_population_the_mean_loss_decides() -> None:
    trained = fit(members=2, learning_rate=3.0)
    assert trained.best is not None
    best, _ = best_and_last(losses(trained.history))
    assert trained.answering.steps_made == best
    assert [member.answering.steps_made for member in trained.members] == [best, best]
    recorded = next(
        each.members["loss"]
        for each in trained.history
        if each.split == "validation" and each.step == best and each.members
    )
    for member, loss in zip(trained.members, recorded, strict=True):
        assert member.evaluate("validation")["loss"] == pytest.approx(loss, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["jit", "pmap", "fsdp"])
def test_on_several_devices_the_best_answers_too(parallel: str, tmp_path: Path) -> None:
    result = run(tmp_path / "run", parallel=parallel, devices=2)
    assert result is not None
    found = losses(records(tmp_path / "run"))
    assert (result["best_step"], result["steps"]) == best_and_last(found)
    assert result["metrics"]["validation"]["loss"] == pytest.approx(min(found.values()), rel=1e-5)
    in_memory = fit(parallel=parallel, devices=2)
    assert bits_of(in_memory) == bits_of(dl.load(tmp_path / "run"))
