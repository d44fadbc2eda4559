"""One process at a time trains in a run's folder; a dead process holds no lock."""

import errno
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dl.errors import InputError
from dl.runs.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from dl.runs.lock import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of `tmp_path`."""
    root = Path(__file__).resolve().parents[2]
    words = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_at_once(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    start = time.monotonic()
    with (
        pytest.raises(InputError, match=f"{tmp_path} is being trained by another process: wait"),
        locked(tmp_path),
    ):
        pass
    assert time.monotonic() - start < 5
    (tmp_path / "config.json").write_text("{}")
    assert (tmp_path / "config.json").read_text() == "{}", "files of the folder are not locked"


def test_the_lock_of_a_killed_process_is_released(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    entered = False
    with locked(tmp_path):
        entered = True
    assert entered


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError), locked(tmp_path):
        raise ValueError("training failed")
    with locked(tmp_path):
        pass


def fail(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    fcntl = pytest.importorskip("fcntl")

    def flock(file: int, operation: int) -> None:
        raise OSError(number, "from the file system")

    monkeypatch.setattr(fcntl, "flock", flock)


def hold(folder: Path) -> str:
    """What the file that stands for a lock says while it is held."""
    with pytest.warns(UserWarning, match="has no locks: lock.owner stands for one"), locked(folder):
        return (folder / "lock.owner").read_text()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_stands_for_a_lock_where_there_are_none(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, number)
    assert hold(tmp_path) == f"{os.getpid()} {socket.gethostname()}"
    assert not (tmp_path / "lock.owner").exists()


GONE = 2**22 + 1  # Linux gives no process a number above 2²²


@pytest.mark.parametrize("left", [f"{GONE} {socket.gethostname()}", f"x {socket.gethostname()}"])
def test_the_file_of_a_killed_process_is_taken_over(
    left: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, errno.ENOLCK)
    (tmp_path / "lock.owner").write_text(left)
    assert hold(tmp_path).startswith(f"{os.getpid()} ")


@pytest.mark.parametrize(
    "holder", [f"{os.getppid()} {socket.gethostname()}", f"{GONE} elsewhere", "", "\xff\x1b[2J"]
)
def test_the_file_of_a_process_that_may_live_refuses(
    holder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, errno.ENOLCK)
    (tmp_path / "lock.owner").write_text(holder)
    with (
        pytest.raises(InputError, match="or remove that file if the process is gone"),
        locked(tmp_path),
    ):
        pass
    assert (tmp_path / "lock.owner").read_text() == holder


@pytest.mark.parametrize("number", [errno.EROFS, errno.EPERM])
def test_a_folder_that_cannot_be_written_into_is_named(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, number)
    words = f"{tmp_path} cannot be written into .from the file system.: copy it"
    with pytest.raises(InputError, match=words), locked(tmp_path):
        pass


def test_other_errors_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, errno.EIO)
    with (
        pytest.raises(InputError, match=r"lock cannot be used \(from the file system\): remove"),
        locked(tmp_path),
    ):
        pass
