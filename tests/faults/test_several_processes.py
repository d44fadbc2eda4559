"""Two processes of two CPU devices each, on the loopback: equal to one, and stopped together."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from process_group import ROOT, End, ProcessGroup, free_port

import dl

pytestmark = pytest.mark.slow

EPOCHS = 30
LONGEST = 60
"""Seconds within which the death of one process ends the others."""


def words(folder: Path) -> list[str]:
    options = {"devices": 4, "batch_size": 48, "parallel": "jit", "epochs": EPOCHS}
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return ["run", "logistic_moons", "--quiet", "--no-page", "--run-dir", str(folder), *given]


def finish(started: list[str], count: int) -> None:
    for end in ProcessGroup(started, count=count).ends():
        assert end.code == 0, end


def records(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    kept = [json.loads(line) for line in lines]
    return [{**record, "examples_per_second": None, "waiting": None} for record in kept]


def bits(folder: Path) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(dl.load(folder).params)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in two processes that nothing interrupts."""
    folder = tmp_path_factory.mktemp("several") / "whole"
    finish(words(folder), 2)
    return folder


def test_one_process_with_four_devices_has_the_same_bits(whole: Path, tmp_path: Path) -> None:
    finish(words(tmp_path / "one"), 1)
    assert bits(tmp_path / "one") == bits(whole)
    assert records(tmp_path / "one") == records(whole)


def test_signal_and_death_stop_both_and_another_number_goes_on(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "stopped"
    ends = interrupted(folder, words(folder), 1, signal.SIGTERM)
    assert [end.code for end in ends] == [143, 143]
    assert ends[0].output == f"{folder}\n"
    assert "stopped by SIGTERM; saved" in ends[0].errors

    ends = interrupted(folder, ["resume", str(folder), "--quiet"], 1, signal.SIGKILL)
    assert ends[0].code == 1
    assert ends[0].seconds < LONGEST
    assert "another process" in ends[0].errors.splitlines()[-1]
    assert "Traceback" not in ends[0].errors
    assert "***" not in ends[0].errors

    finish(["resume", str(folder), "--quiet", "--no-page"], 1)
    assert bits(folder) == bits(whole)
    assert records(folder) == records(whole)


def interrupted(
    folder: Path, started: list[str], process: int, number: signal.Signals
) -> list[End]:
    group, before = ProcessGroup(started), lines(folder)
    group.wait_for(lambda: lines(folder) > before + 2)
    group.signal(process, number)
    return group.ends(seconds=2 * LONGEST)


def lines(folder: Path) -> int:
    metrics = folder / "metrics.jsonl"
    return len(metrics.read_text().splitlines()) if metrics.exists() else 0


def test_processes_started_differently_refuse_in_one_line(tmp_path: Path) -> None:
    own = [["--seed", "0"], ["--seed", "1"]]
    for end in ProcessGroup(words(tmp_path / "new"), own_words=own).ends():
        assert end.code == 2
        assert end.errors == (
            "error: process 1 has another option seed (1) than process 0 (0): start all alike\n"
        )
    assert not (tmp_path / "new").exists()


def test_a_process_that_stays_alone_says_so_and_ends() -> None:
    work = f"""
import dl.runs.joined
from dl.runs.joining import Joining

dl.runs.joined._TO_JOIN = 2
with dl.runs.joined.joined(Joining("127.0.0.1:{free_port()}", 2, 0)):
    pass
"""
    started = [sys.executable, "-c", work]
    ended = subprocess.run(started, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert ended.stderr == (
        "error: the processes do not find each other (they wait 2 s for each other): start "
        "all of them, with one --coordinator that each can reach\n"
    )
