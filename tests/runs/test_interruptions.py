"""Death at any moment, signals, faults: nothing is lost, and the end is the same."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from started_runs import command, finish, records, run_words

import dl
from dl.cli import main
from dl.runs.experiment import load_experiment
from dl.runs.run import resume_run, start_run
from dl.train.interrupt import StopRequest
from dl.train.record import Record

ROOT = Path(__file__).resolve().parents[2]
MOONS = load_experiment("experiments.logistic_moons")


def moons(**changes: Any) -> Any:
    options = {
        "epochs": 6,
        "batch_size": 50,
        "checkpoint_every": 1,
        "log_every": 7,
        "devices": 1,
        **changes,
    }
    return MOONS.options(**options)


def run(folder: Path, options: Any, *, stop: StopRequest | None = None) -> Any:
    return start_run(MOONS, options, run_dir=folder, stop=stop or StopRequest(), show=False)


def resume(folder: Path) -> Any:
    return resume_run(folder, stop=StopRequest(), show=False)


def bits(folder: Path) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(dl.load(folder).params)]


def assert_same_run(left: Path, right: Path) -> None:
    assert bits(left) == bits(right)
    assert records(left) == records(right)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_saves_says_so_and_resumes_to_the_same_bits(
    tmp_path: Path, number: int, code: int
) -> None:
    words = run_words(tmp_path / "stopped", epochs=8)
    process = subprocess.Popen(
        command(*words), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(tmp_path / "stopped" / "metrics.jsonl", process)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert out.strip() == str(tmp_path / "stopped")
    assert (
        f"stopped by {signal.Signals(number).name}; saved. Go on with: python -m experiments resume"
        in err
    )
    assert "Traceback" not in err
    assert max(int(path.name) for path in (tmp_path / "stopped" / "checkpoints").iterdir()) > 0
    assert not (tmp_path / "stopped" / "result.json").exists()
    if number == signal.SIGTERM:
        finish(["resume", str(tmp_path / "stopped"), "--quiet"])
        finish(run_words(tmp_path / "whole", epochs=8))
        assert_same_run(tmp_path / "stopped", tmp_path / "whole")


@pytest.mark.slow
def test_second_interrupt_leaves_at_once(tmp_path: Path) -> None:
    words = run_words(tmp_path / "run", epochs=30)
    process = subprocess.Popen(
        command(*words), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(tmp_path / "run" / "config.json", process)
    # Compiling takes seconds: the first signal is noted, the second does not wait for the loop.
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err


def wait_for(path: Path, process: subprocess.Popen) -> None:
    while not path.exists() or not path.stat().st_size:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.mark.slow
def test_stopped_in_the_middle_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    run(tmp_path / "whole", moons())
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, step=40)
        with StopRequest() as stop:
            outcome = run(tmp_path / "parts", moons(steps_per_call=0), stop=stop)
        assert outcome.result is None
    assert resume(tmp_path / "parts").result["metrics"]
    assert_same_run(tmp_path / "whole", tmp_path / "parts")
    starts = json.loads((tmp_path / "parts" / "manifest.json").read_text())["starts"]
    assert len(starts) == 2


def stop_at(patch: pytest.MonkeyPatch, *, step: int) -> None:
    """Raise SIGTERM once `step` is recorded."""
    original = dl.train.progress.Progress.record

    def record(self: Any, new: Record) -> None:
        original(self, new)
        if new.step >= step:
            signal.raise_signal(signal.SIGTERM)

    patch.setattr(dl.train.progress.Progress, "record", record)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "devices"), [("jit", 2), ("pmap", 2), ("fsdp", 2)])
def test_several_devices_resume_to_the_same_bits(tmp_path: Path, mode: str, devices: int) -> None:
    options = moons(parallel=mode, devices=devices, epochs=3)
    run(tmp_path / "whole", options)
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, step=20)
        with StopRequest() as stop:
            assert run(tmp_path / "parts", options, stop=stop).result is None
    resume(tmp_path / "parts")
    assert_same_run(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.slow
def test_resume_with_only_config_begins_at_step_0(tmp_path: Path) -> None:
    run(tmp_path / "whole", moons())
    run(tmp_path / "bare", moons())
    for name in ("manifest.json", "metrics.jsonl", "result.json"):
        (tmp_path / "bare" / name).unlink()
    import shutil

    shutil.rmtree(tmp_path / "bare" / "checkpoints")
    resume(tmp_path / "bare")
    assert_same_run(tmp_path / "whole", tmp_path / "bare")


@pytest.mark.slow
def test_a_run_that_stops_at_a_low_loss_ends_alike_when_it_was_interrupted(tmp_path: Path) -> None:
    options = moons(epochs=200, stop_below=0.25, checkpoint_every=150)
    result = run(tmp_path / "whole", options).result
    assert 18 < result["steps"] < 200 * 18
    losses = [r["values"]["loss"] for r in records(tmp_path / "whole") if r["split"] == "train"]
    assert losses[-1] < 0.25 <= min(losses[:-1])
    assert resume(tmp_path / "whole").result == result
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, step=result["steps"] - 5)
        with StopRequest() as stop:
            run(tmp_path / "cut", options, stop=stop)
    resume(tmp_path / "cut")
    assert_same_run(tmp_path / "cut", tmp_path / "whole")


# Reading a damaged file, Orbax's remaining reads complete after its event loop is closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("files", "content"), [("d/*", b"garbage"), ("_CHECKPOINT_METADATA", b"[]")]
)
def test_damaged_newest_checkpoint_is_said_and_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: str, content: bytes
) -> None:
    run(tmp_path / "whole", moons())
    run(tmp_path / "damaged", moons())
    (tmp_path / "damaged" / "result.json").unlink()
    newest = max((tmp_path / "damaged" / "checkpoints").iterdir(), key=lambda path: int(path.name))
    for file in newest.rglob(files):
        file.write_bytes(content)
    resume(tmp_path / "damaged")
    assert f"checkpoint {newest.name}: " in capsys.readouterr().err
    assert_same_run(tmp_path / "whole", tmp_path / "damaged")


def test_resume_of_a_finished_run_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "run", moons())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    assert main("experiments", ["resume", str(tmp_path / "run")]) == 0
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == before
    assert "finished already" in capsys.readouterr().err


def test_changed_data_stop_a_resume_with_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "run", moons())
    (tmp_path / "run" / "result.json").unlink()
    import dl.data.readers.synthetic as synthetic

    monkeypatch.setattr(synthetic, "_SEED", 1)
    kept = sorted((tmp_path / "run" / "checkpoints").iterdir())
    assert main("experiments", ["resume", str(tmp_path / "run")]) == 1
    assert "moons has changed since the run began (fingerprint" in capsys.readouterr().err
    assert sorted((tmp_path / "run" / "checkpoints").iterdir()) == kept


def test_checkpoint_of_other_shapes_is_refused_with_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"run mlp_xor --epochs 2 --run-dir {tmp_path / 'run'} --quiet"
    assert main("experiments", words.split()) == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    config["options"]["hidden_size"] = 5
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    (tmp_path / "run" / "result.json").unlink()
    capsys.readouterr()
    assert main("experiments", ["resume", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert "params/hidden1/bias is float32[8] in the checkpoint, float32[5] in the model" in said
    assert said.count("\n") == 1


def test_non_finite_loss_ends_with_exit_1_and_keeps_the_last_good_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (
        "run mlp_mnist --dataset digits --learning-rate 1e38 --epochs 3 --run-dir "
        f"{tmp_path / 'run'} --quiet"
    )
    assert main("experiments", words.split()) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "the loss is" in said or "is not finite after step" in said
    assert "lower --learning-rate" in said
    assert not (tmp_path / "run" / "result.json").exists()
    assert not list((tmp_path / "run" / "checkpoints").glob("[0-9]*"))


def test_full_disk_ends_with_exit_1_and_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    run(tmp_path / "run", moons())
    (tmp_path / "run" / "result.json").unlink()
    checkpoints = tmp_path / "run" / "checkpoints"
    newest = max(checkpoints.iterdir(), key=lambda path: int(path.name))
    import shutil

    shutil.rmtree(newest)
    import dl.runs.listener

    original = dl.runs.listener.append_line
    monkeypatch.setattr(
        dl.runs.listener, "append_line", lambda path, value: original(Path("/dev/full"), value)
    )
    kept = sorted(checkpoints.iterdir())
    assert main("experiments", ["resume", str(tmp_path / "run"), "--quiet"]) == 1
    assert "No space left on device; earlier checkpoints are kept" in capsys.readouterr().err
    assert sorted(checkpoints.iterdir()) == kept


def test_exception_saves_what_there_is(tmp_path: Path) -> None:
    run(tmp_path / "whole", moons())

    def fail(self: Any, new: Record) -> None:
        if new.step >= 30:
            raise OSError("the terminal is gone")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dl.train.progress.Progress, "record", fail)
        with pytest.raises(OSError, match="the terminal is gone"):
            run(tmp_path / "failed", moons(checkpoint_every=100))
    assert list((tmp_path / "failed" / "checkpoints").glob("[1-9]*"))
    resume(tmp_path / "failed")
    assert_same_run(tmp_path / "failed", tmp_path / "whole")


@pytest.mark.slow
def test_run_that_stops_early_keeps_its_last_parameters(tmp_path: Path) -> None:
    result = run(tmp_path / "run", moons(epochs=200, patience=2, checkpoint_every=150)).result
    assert result["steps"] < 200 * 18
    assert dl.load(tmp_path / "run").step == result["steps"]
    assert resume(tmp_path / "run").result == result


# Reading a damaged file, Orbax's remaining reads complete after its event loop is closed.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_all_checkpoints_damaged_is_said_before_beginning_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path / "whole", moons())
    run(tmp_path / "damaged", moons())
    (tmp_path / "damaged" / "result.json").unlink()
    for file in (tmp_path / "damaged" / "checkpoints").rglob("state/**/d/*"):
        file.write_bytes(b"garbage")
    resume(tmp_path / "damaged")
    assert "no intact checkpoint: beginning at step 0" in capsys.readouterr().err
    assert_same_run(tmp_path / "whole", tmp_path / "damaged")


@pytest.mark.slow
def test_wall_seconds_sum_over_the_parts(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, step=40)
        with StopRequest() as stop:
            run(tmp_path / "run", moons(), stop=stop)
    step = max(int(path.name) for path in (tmp_path / "run" / "checkpoints").iterdir())
    notes = json.loads(
        (tmp_path / "run" / "checkpoints" / str(step) / "notes" / "metadata").read_text()
    )
    result = resume(tmp_path / "run").result
    assert result["wall_seconds"] > notes["wall_seconds"] > 0


@pytest.mark.slow
def test_a_disk_without_room_for_a_checkpoint_is_one_line(tmp_path: Path) -> None:
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from dl.cli import main\n"
        "words = 'run mlp_mnist --dataset digits --hidden-size 16 --train-examples 64 --quiet "
        "--batch-size 32 --epochs 2 --checkpoint-every 1 --devices 1 --run-dir "
        f"{tmp_path / 'run'}'\n"
        "raise SystemExit(main('experiments', words.split()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    *before, said = done.stderr.splitlines()
    assert said.endswith("File too large; earlier checkpoints are kept")
    assert len(before) == 2, done.stderr


@pytest.mark.slow
def test_a_closed_terminal_saves_and_resumes(tmp_path: Path) -> None:
    """The terminal goes away: SIGHUP comes, and nothing can be written to it any more."""
    words = f"run mlp_mnist --dataset digits --epochs 500 --run-dir {tmp_path / 'run'}"
    on_terminal = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    leader, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", on_terminal, *command(*words.split())],
        cwd=ROOT,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    os.set_blocking(leader, False)
    metrics = tmp_path / "run" / "metrics.jsonl"
    while not (metrics.exists() and metrics.stat().st_size):
        assert process.poll() is None
        with contextlib.suppress(BlockingIOError):
            os.read(leader, 4096)
        time.sleep(0.02)
    os.close(leader)
    assert process.wait(timeout=60) == 129
    assert list((tmp_path / "run" / "checkpoints").glob("[1-9]*"))
    assert not (tmp_path / "run" / "result.json").exists()
