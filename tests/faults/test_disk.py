"""A disk that is full or cannot be written into, for real: small file systems in memory."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from same_end import differences, summary

from dl.cli import main

WORDS = "logistic_moons --epochs 8 --batch-size 50 --checkpoint-every 1 --devices 1 --quiet"


def mount(place: Path, *options: str) -> None:
    try:
        subprocess.run(["mount", *options, str(place)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A function that makes a file system of this size in memory, or changes the one there is."""
    place = tmp_path / "disk"
    place.mkdir()

    def make(options: str) -> Path:
        again = ["-o", f"remount,{options}"] if place.is_mount() else []
        mount(place, *(again or ["-t", "tmpfs", "-o", options, "tmpfs"]))
        return place

    yield make
    subprocess.run(["umount", str(place)], capture_output=True)


def fill(path: Path) -> None:
    """A file that takes all the room there is."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of a command, and the last line that it says."""
    capsys.readouterr()
    code = main("experiments", words)
    return code, capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.slow
def test_a_run_that_fills_the_disk_goes_on_where_there_is_room(
    disk: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, whole = disk("size=300k") / "run", tmp_path / "whole"
    code, line = said(["run", *WORDS.split(), "--keep", "8", "--run-dir", str(run)], capsys)
    assert code == 1
    assert line.startswith(f"error: cannot save in {run}/checkpoints: ")
    assert line.endswith("No space left on device; earlier checkpoints are kept")
    assert 0 < len(list((run / "checkpoints").glob("[0-9]*"))) < 8
    assert said(["evaluate", str(run)], capsys)[0] == 0
    fill(run / "filler")
    code, line = said(["resume", str(run), "--quiet"], capsys)
    assert code == 1
    assert line.endswith("manifest.json: No space left on device; what it held before is kept")
    (run / "filler").unlink()
    disk("size=9m")
    assert said(["resume", str(run), "--quiet"], capsys)[0] == 0
    words = ["run", *WORDS.split(), "--keep", "8", "--run-dir", str(whole)]
    assert said(words, capsys)[0] == 0
    assert differences(summary(whole), summary(run)) == []


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_into_is_read_and_not_trained_in(
    disk: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run = disk("size=9m") / "run"
    assert said(["run", *WORDS.split(), "--run-dir", str(run)], capsys)[0] == 0
    (run / "result.json").unlink()
    disk("ro")
    assert said(["evaluate", str(run)], capsys)[0] == 0
    why = "cannot be written into (Read-only file system): copy it to a folder that can"
    assert said(["resume", str(run)], capsys) == (2, f"error: {run} {why}")
    code, line = said(["report", str(run)], capsys)
    assert code == 2
    assert "cannot be written into; name another file" in line
    code, line = said(["run", "mlp_xor", "--run-dir", str(run.with_name("new"))], capsys)
    assert code == 2
    assert line.endswith("new: Read-only file system")
