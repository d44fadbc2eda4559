"""A run that begins from another: what it takes, and that it then needs the other no more."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dl
from dl.errors import InputError, RunError
from dl.runs.checkpoint import Checkpoints
from dl.runs.checksums import checksum
from dl.runs.evaluate import evaluate_run
from dl.runs.experiment import load_experiment
from dl.runs.run import Outcome, resume_run, start_run
from dl.train.interrupt import StopRequest
from dl.train.names import by_path

pytestmark = pytest.mark.slow

TINY = load_experiment("tiny_nin")
HEAD = ("output/conv/bias", "output/conv/kernel")


def run(
    folder: Path,
    *,
    stop: StopRequest | None = None,
    start: dict[str, Any] | None = None,
    **options: Any,
) -> Outcome:
    return start_run(
        TINY,
        TINY.options(**options),
        run_dir=folder,
        stop=stop or StopRequest(),
        show=False,
        **(start or {}),
    )


def resumed(folder: Path) -> Outcome:
    return resume_run(folder, stop=StopRequest(), show=False, package="tiny_nin")


def leaves(folder: Path) -> dict[str, np.ndarray]:
    """Parameters and batch statistics of a run."""
    loaded = dl.load(folder, package="tiny_nin")
    return {
        path: np.asarray(leaf)
        for path, leaf in by_path({**loaded.params, **loaded.model_state}).items()
    }


def bits(folder: Path) -> list[bytes]:
    return [leaf.tobytes() for leaf in leaves(folder).values()]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on ten digits."""
    folder = tmp_path_factory.mktemp("runs") / "source"
    run(folder)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of grey pictures of three classes."""
    folder, rng = tmp_path_factory.mktemp("data") / "pictures", np.random.default_rng(0)
    for name in ("circle", "cross", "square"):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            Image.fromarray(rng.integers(0, 255, (28, 28), np.uint8)).save(
                folder / name / f"{number}.png"
            )
    return f"folder:{folder}"


def test_frozen_layers_are_those_of_the_source_bit_for_bit_and_the_head_is_new(
    source: Path, pictures: str, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    start = {"init_from": source, "freeze": ["conv1", "mlp*/norm"]}
    run(folder, dataset=pictures, train_examples=0, start=start)
    before, after = leaves(source), leaves(folder)
    frozen = [path for path in after if "conv1" in path or "mlp1_1/norm" in path]
    assert len(frozen) == 3 + 2 + 4
    assert all(after[path].tobytes() == before[path].tobytes() for path in frozen)
    assert not np.array_equal(after["mlp1_1/conv/kernel"], before["mlp1_1/conv/kernel"])
    assert after["output/conv/kernel"].shape[-1] == 3
    config = json.loads((folder / "config.json").read_text())
    loaded = dl.load(source, package="tiny_nin")
    assert config["freeze"] == ["conv1", "mlp*/norm"]
    assert config["origin"]["run"] == str(source)
    assert config["origin"]["step"] == loaded.step == 6
    assert config["origin"]["checksum"] == checksum((loaded.params, loaded.model_state))
    assert tuple(config["origin"]["new"]) == HEAD
    assert len(config["origin"]["taken"]) == len(before) - 2
    (begun,) = json.loads((folder / "manifest.json").read_text())["starts"]
    assert begun["origin"] == {name: config["origin"][name] for name in ("run", "step", "checksum")}
    metrics, step = evaluate_run(folder, package="tiny_nin")
    assert metrics == pytest.approx(
        json.loads((folder / "result.json").read_text())["metrics"]["test"]
    )
    assert step == 6


def test_resume_is_exact_and_needs_the_source_no_more(
    source: Path, pictures: str, tmp_path: Path
) -> None:
    copied = shutil.copytree(source, tmp_path / "source")
    options: dict[str, Any] = {"dataset": pictures, "train_examples": 0, "log_every": 1}
    options["start"] = {"init_from": copied, "freeze": ["conv1"]}
    for name in ("whole", "killed"):
        run(tmp_path / name, **options)
    with pytest.MonkeyPatch.context() as patch, StopRequest() as stop:
        stop_at(patch, step=4)
        assert run(tmp_path / "stopped", stop=stop, **options).result is None
    # As if it had died before its first checkpoint.
    shutil.rmtree(tmp_path / "killed" / "checkpoints")
    (tmp_path / "killed" / "result.json").unlink()
    shutil.rmtree(copied)
    for name in ("stopped", "killed"):
        assert (
            resume_run(tmp_path / name, stop=StopRequest(), show=False, package="tiny_nin").result
            is not None
        )
        assert bits(tmp_path / name) == bits(tmp_path / "whole")


def stop_at(patch: pytest.MonkeyPatch, *, step: int) -> None:
    """Raise SIGTERM once `step` is recorded."""
    original = dl.train.progress.Progress.record

    def record(self: Any, new: dl.Record) -> None:
        original(self, new)
        if new.step == step:
            signal.raise_signal(signal.SIGTERM)

    patch.setattr(dl.train.progress.Progress, "record", record)


def test_head_of_the_same_classes_is_taken_too_and_a_damaged_beginning_is_not_made_up(
    source: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    (folder / "initial").mkdir(parents=True)  # as a start leaves it that dies at once
    (folder / "initial" / "half").touch()
    run(folder, epochs=1, start={"init_from": source, "init_checkpoint": "best"})
    origin = json.loads((folder / "config.json").read_text())["origin"]
    assert origin["new"] == []
    assert set(HEAD) < set(origin["taken"])
    best = dl.load(source, checkpoint="best", package="tiny_nin")
    assert (
        origin["checksum"] == checksum((best.params, best.model_state)) == initial_checksum(folder)
    )
    shutil.rmtree(folder / "checkpoints")
    (folder / "result.json").unlink()
    shutil.rmtree(folder / "initial" / "0" / "state")
    with pytest.raises(RunError, match=r"initial is damaged \(.*\): start a new run"):
        resume_run(folder, stop=StopRequest(), show=False, package="tiny_nin")


def initial_checksum(folder: Path) -> int:
    """That of the parameters that a run keeps of its beginning."""
    loaded = dl.load(folder, package="tiny_nin")
    with Checkpoints(folder / "initial", read_only=True) as checkpoints:
        return checksum(checkpoints.restore(0, (loaded.params, loaded.model_state))[0])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            {"features": 4},
            r"conv1/conv/kernel is float32\[5, 5, 1, 2\] in the source, float32\[5, 5, 1, 4\] here",
        ),
        (
            {"dataset": "colour"},
            r"float32\[5, 5, 3, 2\] here; .* its inputs are 28×28×1, these are 20×20×3: "
            r"--image-size and --colour",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_nothing_written(
    source: Path, tmp_path: Path, options: dict[str, Any], says: str
) -> None:
    if options.get("dataset") == "colour":
        options = {
            "dataset": f"folder:{make_colour_pictures(tmp_path / 'colour')}",
            "train_examples": 0,
        }
    with pytest.raises(InputError, match=f"^--init-from .* does not fit: .*{says}"):
        run(tmp_path / "run", start={"init_from": source}, **options)
    assert not (tmp_path / "run").exists()


def test_other_symbols_of_the_same_number_are_refused(tmp_path: Path) -> None:
    """They would fit, and mean something else."""
    names = load_experiment("experiments.lstm_names")
    for name, letters in (("old", "abcd"), ("new", "wxyz")):
        (tmp_path / f"{name}.txt").write_text(
            "\n".join(letters[place % 4] * 2 for place in range(40))
        )
    small = {"epochs": 1, "batch_size": 4, "hidden_size": 3, "devices": 1}

    def start(name: str, folder: str, unit: str, **how: Any) -> Outcome:
        options = names.options(dataset=f"lines:{tmp_path}/{name}.txt", unit=unit, **small)
        return start_run(
            names, options, run_dir=tmp_path / folder, stop=StopRequest(), show=False, **how
        )

    for unit in ("char", "byte"):
        start("old", unit, unit)
    with pytest.raises(
        InputError,
        match="reads other symbols, 6 chars, these texts have 6 others: with --unit byte",
    ):
        start("new", "refused", "char", init_from=tmp_path / "char")
    assert not (tmp_path / "refused").exists()
    assert start("new", "bytes", "byte", init_from=tmp_path / "byte").result


def make_colour_pictures(folder: Path) -> Path:
    for name in ("blue", "red"):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            Image.new("RGB", (20, 20), (20 * number, 3, 250)).save(folder / name / f"{number}.png")
    return folder
