"""A signal gives a run so many seconds to save; a run that needs longer says so and leaves."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dl.cli import main
from dl.train.interrupt import StopRequest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_takes_longer_than_the_grace_is_told(number: int) -> None:
    late, told = threading.Event(), []

    def leave(heard: int) -> None:
        told.append(heard)
        late.set()

    with StopRequest(grace=0.01, late=leave) as stop:
        signal.raise_signal(number)
        assert late.wait(10)
        assert stop.requested
    assert told == [number]


@pytest.mark.parametrize("grace", [0.0, 0.2])
def test_what_is_saved_in_time_is_left_alone(grace: float) -> None:
    told: list[int] = []
    with StopRequest(grace=grace, late=told.append):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)  # schedulers send it more than once
    time.sleep(2 * grace)
    assert told == []


def test_without_a_signal_no_time_runs() -> None:
    before = threading.active_count()
    with StopRequest(grace=1e-9, late=lambda number: pytest.fail("no signal came")):
        time.sleep(0.01)
    assert threading.active_count() == before


def test_a_negative_grace_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = f"run mlp_xor --grace -1 --run-dir {tmp_path / 'run'}"
    assert main("experiments", words.split()) == 2
    assert "grace is -1.0; it must be at least 0" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_that_cannot_save_in_time_says_so_and_leaves(tmp_path: Path) -> None:
    """It is still compiling, so that nothing can be saved within a tenth of a second."""
    words = f"-m experiments run lenet_digits --grace 0.1 --quiet --run-dir {tmp_path / 'run'}"
    process = subprocess.Popen(
        [sys.executable, *words.split()], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "run" / "config.json").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "not saved within 0.1 s of SIGTERM: left; the checkpoints before are kept" in said
    assert "Traceback" not in said
