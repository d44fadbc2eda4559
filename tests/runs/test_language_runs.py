"""Runs of a language model on a stream: the carried state survives an interruption, and samples are
kept.
"""

import json
import signal
from itertools import product
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
from dl.runs.folder import open_folder
from dl.runs.load import restore_training
from dl.runs.run import resume_run, start_run
from dl.train.interrupt import StopRequest
from dl.train.record import Record
from dl.types import Ragged

pytestmark = pytest.mark.slow

RNN = load_experiment("experiments.rnn_shakespeare")
TEXT = "so shaken as we are, so wan with care, find we a time\nfor frighted peace to pant. " * 5


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a few hundred characters."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text(TEXT)
    return path


def small(text: Path, **changes: Any) -> Any:
    sizes = {
        "hidden_size": 4,
        "batch_size": 4,
        "segment": 7,
        "epochs": 3,
        "warm_up": 2,
        "validation": 0.1,
    }
    return RNN.options(
        dataset=f"text:{text}", **{**sizes, "steps_per_call": 4, "log_every": 5, **changes}
    )


def run(folder: Path, options: Any, *, stop: StopRequest | None = None) -> Any:
    return start_run(RNN, options, run_dir=folder, stop=stop or StopRequest(), show=False)


def stored(folder: Path) -> Any:
    """The parameters and the carried state of the newest checkpoint."""
    state = restore_training(*open_folder(folder))[0].state
    return jax.device_get((state.params, state.opt_state, state.carry))


def samples(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((folder / "samples").iterdir())}


@pytest.mark.parametrize(("mode", "devices"), [("jit", 1), ("pmap", 2)])
def test_stopped_with_a_carried_state_and_resumed_equals_uninterrupted(
    text: Path, tmp_path: Path, mode: str, devices: int
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    options = small(text, parallel=mode, devices=devices)
    result = run(whole, options).result
    epoch = result["steps"] // 3
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, step=epoch + 5)
        with StopRequest() as stop:
            assert run(parts, options, stop=stop).result is None
    assert sorted(samples(parts)) == [f"step-{epoch:08d}.txt"]
    _, _, carry = stored(parts)
    assert jax.tree.map(np.shape, carry) == ((4, 4),)
    assert len({row.tobytes() for row in carry[0]}) == 4, "every row has a state of its own"
    # As if it had died before it wrote the next sample, and long after.
    (parts / "samples" / f"step-{2 * epoch:08d}.txt").write_text("torn")
    resume_run(parts, stop=StopRequest(), show=False)
    jax.tree.map(np.testing.assert_array_equal, stored(parts), stored(whole))
    assert records(parts) == records(whole)
    assert samples(parts) == samples(whole)
    assert sorted(samples(whole)) == [f"step-{number * epoch:08d}.txt" for number in (1, 2, 3)]
    assert json.loads((parts / "result.json").read_text())["metrics"] == result["metrics"]
    assert evaluate_run(whole)[0] == pytest.approx(result["metrics"]["test"], rel=1e-5)


def test_samples_are_written_without_a_validation_part_too(text: Path, tmp_path: Path) -> None:
    result = run(tmp_path / "run", small(text, validation=0.0, epochs=2)).result
    assert "validation" not in result["metrics"]
    assert sorted(samples(tmp_path / "run")) == [
        f"step-{number * result['steps'] // 2:08d}.txt" for number in (1, 2)
    ]


def stop_at(patch: pytest.MonkeyPatch, *, step: int) -> None:
    """Raise SIGTERM once `step` is recorded."""
    original = dl.train.progress.Progress.record

    def record(self: Any, new: Record) -> None:
        original(self, new)
        if new.step >= step:
            signal.raise_signal(signal.SIGTERM)

    patch.setattr(dl.train.progress.Progress, "record", record)


def test_a_sample_that_cannot_be_written_ends_the_run_and_is_made_by_the_resume(
    text: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    options = small(text, devices=1, epochs=1)

    def refuse(self: Path, *_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "write_text", refuse_samples(Path.write_text, refuse))
        with pytest.raises(
            dl.RunError,
            match=r"cannot write .*samples.*No space left on device; earlier checkpoints",
        ):
            run(folder, options)
    assert not any(record["split"] == "validation" for record in records(folder))
    resume_run(folder, stop=StopRequest(), show=False)
    (kept,) = samples(folder).values()
    assert len(kept) == 401
    assert set(kept) <= {*TEXT, "�"}


def refuse_samples(original: Any, refuse: Any) -> Any:
    def write_text(self: Path, *arguments: Any, **options: Any) -> Any:
        return (refuse if self.parent.name == "samples" else original)(self, *arguments, **options)

    return write_text


def test_windows_train_and_are_resumed_too(text: Path, tmp_path: Path) -> None:
    options = small(text, order="windows", devices=1)
    whole = run(tmp_path / "whole", options).result
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, step=whole["steps"] // 2)
        with StopRequest() as stop:
            assert run(tmp_path / "parts", options, stop=stop).result is None
    resume_run(tmp_path / "parts", stop=StopRequest(), show=False)
    assert records(tmp_path / "parts") == records(tmp_path / "whole")
    losses = [
        record["values"]["loss"]
        for record in records(tmp_path / "whole")
        if record["split"] == "train"
    ]
    assert losses[-1] < losses[0]


def test_the_perplexity_of_documents_is_that_of_each_by_itself(tmp_path: Path) -> None:
    tested = ["abcabcab", "ab", "cabc"]
    (tmp_path / "train.txt").write_text(
        "\n".join("".join(letters) for letters in product("abc", repeat=3))
    )
    (tmp_path / "test.txt").write_text("\n".join(tested))
    words = (
        f"--dataset lines:{tmp_path} --validation 0 --longest 5 --hidden-size 4 --batch-size 4 "
        "--epochs 1 --quiet"
    )
    folder = tmp_path / "run"
    assert main("experiments", ["run", "lstm_names", *words.split(), "--run-dir", str(folder)]) == 0
    loaded, nats = dl.load(folder), []
    end = loaded.spec.text.end
    for name in tested:
        last = [end] if len(name) <= 5 else []  # one that is cut does not end
        row = np.array([end, *loaded.spec.text.encode(name[:5]), *last])
        inputs = Ragged(row[None, :-1], np.array([len(row) - 1]))
        nats += (
            -np.log(loaded.probabilities(inputs)[0, np.arange(len(row) - 1), row[1:]])
        ).tolist()
    assert len(nats) == 5 + 3 + 5
    figures = evaluate_run(folder)[0]
    assert figures["loss"] == pytest.approx(np.mean(nats), rel=1e-4)
    assert figures["perplexity"] == pytest.approx(np.exp(np.mean(nats)), rel=1e-4)
