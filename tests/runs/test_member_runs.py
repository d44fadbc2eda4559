"""Populations through the runner: records, result, committee, exact resume, refusals."""

import json
import math
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from started_runs import records

import dl
from dl.cli import main
from dl.runs.evaluate import evaluate_run
from dl.runs.experiment import load_experiment
from dl.runs.files import append_line
from dl.runs.run import resume_run, start_run
from dl.runs.stored import read_records
from dl.train.interrupt import StopRequest
from dl.train.record import Record

MOONS = load_experiment("experiments.logistic_moons")


def moons(**changes: Any) -> Any:
    small = {"epochs": 4, "batch_size": 50, "members": 3, "devices": 1, "log_every": 7}
    return MOONS.options(**{**small, **changes})


def run(folder: Path, options: Any) -> dict[str, Any]:
    outcome = start_run(MOONS, options, run_dir=folder, stop=StopRequest(), show=False)
    assert outcome.result is not None
    return outcome.result


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("members") / "run"
    return folder, run(folder, moons(validation=0.2))


def assert_same_run(left: Path, right: Path) -> None:
    bits = [
        [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(dl.load(folder).params)]
        for folder in (left, right)
    ]
    assert bits[0] == bits[1]
    assert records(left) == records(right)


def test_records_have_every_member_and_the_result_has_committee_and_spread(
    finished: tuple[Path, dict[str, Any]],
) -> None:
    folder, result = finished
    for line in map(json.loads, (folder / "metrics.jsonl").read_text().splitlines()):
        for name, mean in line["values"].items():
            assert len(line["members"][name]) == 3
            assert mean == pytest.approx(np.mean(line["members"][name]), rel=1e-6)
    metrics, loaded = result["metrics"], dl.load(folder)
    assert metrics.keys() == {"validation", "test", "members"}
    losses = [member.evaluate("test")["loss"] for member in loaded.members]
    spread = {
        "loss": np.mean(losses),
        "loss_std": np.std(losses, ddof=1),
        "loss_min": min(losses),
        "loss_max": max(losses),
    }
    assert {name: metrics["members"][name] for name in spread} == pytest.approx(spread, rel=1e-5)
    assert metrics["test"]["loss"] <= metrics["members"]["loss"]  # −log is convex
    assert evaluate_run(folder)[0] == pytest.approx(metrics["test"], rel=1e-6)
    assert json.loads((folder / "config.json").read_text())["chosen"]["parallel"] == "members"


def test_the_verbs_take_the_run_of_a_population(
    finished: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, result = finished
    for words, code, says in (
        (f"evaluate {folder}", 0, f'"loss": {result["metrics"]["test"]["loss"]}'[:12]),
        (f"evaluate {folder} --report", 0, "accuracy"),
        (f"evaluate {folder} --dataset moons", 0, '"accuracy"'),
        (f"show {folder}", 0, "logistic"),
        (f"predict {folder} a.png", 2, "takes inputs of shape (2,), not pictures"),
        (f"sample {folder}", 2, "writes no text"),
        (f"show {folder} --filters {folder.parent / 'f.png'}", 2, "no convolution"),
    ):
        assert main("experiments", words.split()) == code, words
        out, err = capsys.readouterr()
        assert says in out + err, words
        assert "Traceback" not in err
        assert code == 0 or err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("experiment", ["logistic_moons", "lenet_mnist"])
def test_a_lost_end_is_made_again_with_the_same_bits(tmp_path: Path, experiment: str) -> None:
    """Checkpoints after the first are lost, of nets side by side and of nets in turn."""
    loaded = load_experiment(f"experiments.{experiment}")
    small = {"epochs": 3, "members": 2, "devices": 1, "batch_size": 50, "keep": 9}
    if experiment != "logistic_moons":
        small |= {"dataset": "digits", "train_examples": 100, "validation": 0.1}
    options = loaded.options(**small)
    start_run(loaded, options, run_dir=tmp_path / "whole", stop=StopRequest(), show=False)
    shutil.copytree(tmp_path / "whole", tmp_path / "parts")
    (tmp_path / "parts" / "result.json").unlink()
    checkpoints = sorted((tmp_path / "parts" / "checkpoints").iterdir(), key=lambda p: int(p.name))
    for newest in checkpoints[1:]:
        shutil.rmtree(newest)
    resume_run(tmp_path / "parts", stop=StopRequest(), show=False)
    assert_same_run(tmp_path / "whole", tmp_path / "parts")
    results = [json.loads((tmp_path / w / "result.json").read_text()) for w in ("whole", "parts")]
    assert results[0]["metrics"] == results[1]["metrics"]


@pytest.mark.slow
@pytest.mark.parametrize("devices", [1, 3])
def test_however_it_is_cut_into_calls_the_bits_are_the_same(tmp_path: Path, devices: int) -> None:
    for steps in (1, 2, 10):
        run(tmp_path / str(steps), moons(steps_per_call=steps, devices=devices))
    assert_same_run(tmp_path / "1", tmp_path / "2")
    assert_same_run(tmp_path / "1", tmp_path / "10")


@pytest.mark.slow
def test_patience_and_the_best_look_at_the_mean_over_the_members(tmp_path: Path) -> None:
    stopping = {"patience": 2, "epochs": 40, "keep": 1, "checkpoint_every": 1}
    result = run(tmp_path / "run", moons(learning_rate=30.0, **stopping))
    lines = records(tmp_path / "run")
    losses = {r["step"]: r["values"]["loss"] for r in lines if r["split"] == "validation"}
    best = min(losses, key=lambda step: losses[step])
    assert result["steps"] < 40 * 18
    assert list(losses)[-3] == best
    assert dl.load(tmp_path / "run", checkpoint="best").step == best


def test_values_that_are_not_finite_are_valid_json(tmp_path: Path) -> None:
    """A record of a member that diverged, as a reader of another language would see it."""
    members = {"loss": [0.5, math.nan, math.inf]}
    record = Record(18, 1.0, "train", {"loss": 0.5}, members=members)
    append_line(path := tmp_path / "metrics.jsonl", record.as_json())

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    stored = json.loads(path.read_text(), parse_constant=refuse)
    assert stored["members"]["loss"] == [0.5, "NaN", "Infinity"]
    (again,) = read_records(path)
    assert again.members is not None
    assert [str(value) for value in again.members["loss"]] == ["0.5", "nan", "inf"]


@pytest.mark.slow
def test_a_population_in_code_is_saved_and_goes_on_as_a_run(tmp_path: Path) -> None:
    options = moons(epochs=2)
    data = dl.load_data("moons", validation=options.validation)
    rates = {"learning_rate": (0.1, 0.5, 2.0)}
    recipe = MOONS.recipe(options, data.spec).varied(rates)
    trained = dl.fit(recipe, data, options, progress=False)
    folder = trained.save(tmp_path / "run")
    loaded = dl.load(folder)
    jax.tree.map(np.testing.assert_array_equal, loaded.params, trained.params)
    assert [member.options.learning_rate for member in loaded.members] == [0.1, 0.5, 2.0]
    assert loaded.evaluate("test") == pytest.approx(trained.evaluate("test"))
    whole = dl.fit(recipe, data, moons(epochs=2), progress=False)
    (folder / "result.json").unlink()
    resume_run(folder, stop=StopRequest(), show=False)
    jax.tree.map(np.testing.assert_array_equal, dl.load(folder).params, whole.params)
    member = trained.members[1].save(tmp_path / "one")
    assert dl.load(member).history[-1].values == trained.members[1].history[-1].values


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("run lenet_digits --members 0", "members is 0; it must be at least 1"),
        ("run autoencoder_mnist --dataset digits --members 2", "gives no answers that could be"),
        ("run lenet_digits --members 2 --parallel pmap", "parallel pmap is for a single net"),
        ("run lenet_digits --members 3 --devices 2", "3 members do not divide over 2 devices"),
        ("run lenet_digits --members 2 --init-from x", "--init-from is for a single net"),
        (
            "run logistic_moons --momentum 0.5",
            "momentum has no effect here: it needs the optimizer",
        ),
        ("run lenet_digits --drop-every 3", "drop_every has no effect here"),
        (
            "run autoencoder_mnist --dataset digits --label-smoothing 0.1",
            "label_smoothing is 0.1, and the targets of autoencoder_mnist are no classes",
        ),
        (
            "run perceptron_gates --label-smoothing 0.1",
            "label_smoothing is 0.1, and the targets of perceptron_gates are no classes",
        ),
        ("run lenet_digits --accumulate 3", "accumulate is 3; it must divide the batch size, 32"),
        (
            "run lenet_digits --accumulate 8 --batch-size 32 --parallel pmap --devices 8",
            "accumulate is 8; it must divide the 4 examples of a batch on each device",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    words: str,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main("experiments", words.split()) == 2
    err = capsys.readouterr().err
    assert says in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_language_models_answer_together_along_the_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.txt").write_text("to be or not to be " * 60)
    words = f"run rnn_shakespeare --dataset text:{tmp_path}/text.txt --members 2 --batch-size 4"
    sizes = f"--segment 8 --hidden-size 4 --epochs 1 --run-dir {tmp_path}/run"
    assert main("experiments", [*words.split(), *sizes.split()]) == 0
    figures = json.loads((tmp_path / "run" / "result.json").read_text())["metrics"]
    assert figures["members"]["loss_std"] > 0
    # −log of the mean probability is at most the mean of −log, and exp(loss) is the perplexity.
    assert figures["test"]["loss"] < figures["members"]["loss"]
    assert math.isclose(figures["test"]["perplexity"], math.exp(figures["test"]["loss"]))
    assert main("experiments", ["sample", f"{tmp_path}/run", "--prime", "to", "--length", "5"]) == 0
    assert len(capsys.readouterr().out.strip()) > 0
