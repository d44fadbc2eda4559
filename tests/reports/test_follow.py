"""Following a run that grows, is resumed, ends or dies; and its lock, which is only looked at."""

import json
from pathlib import Path

import pytest

from dl.reports.follow import Tail, follow
from dl.runs.folder import RunFolder
from dl.runs.lock import is_locked, locked


def line(step: int) -> str:
    return json.dumps({"step": step, "epoch": step / 10, "split": "train", "values": {"loss": 1.0}})


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_lines_come_once_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    tail = Tail(path)
    assert tail.read() == []
    path.write_text("one\ntw")
    assert tail.read() == [b"one"]
    append(path, "o\nthree\n")
    assert tail.read() == [b"two", b"three"]
    assert tail.read() == []


def test_records_before_the_cut_of_a_resume_are_not_told_again(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("one\ntwo\nthree\n")
    tail = Tail(path)
    assert len(tail.read()) == 3
    cut = tmp_path / "new"
    cut.write_text("one\n")
    cut.replace(path)
    assert tail.read() == []
    append(path, "two again\n")
    assert tail.read() == [b"two again"]


def test_a_run_is_followed_to_its_result(folder: RunFolder) -> None:
    waits = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        append(folder.metrics, line(len(waits)) + "\n")
        if len(waits) == 3:
            folder.result.write_text("{}")

    with locked(folder.path):
        told = [record.step for record in follow(folder, pause=pause)]
    assert told == [1, 2, 3]


def test_a_run_that_died_is_not_waited_for(folder: RunFolder) -> None:
    (folder.path / "lock").touch()
    folder.metrics.write_text(f"{line(1)}\n{line(2)}\nno record\n")

    def pause(seconds: float) -> None:
        raise AssertionError("nobody trains here")

    assert [record.step for record in follow(folder, pause=pause)] == [1, 2]


def test_the_lock_of_a_run_is_seen_and_stays_free(tmp_path: Path) -> None:
    assert is_locked(tmp_path) is False
    with locked(tmp_path):
        assert is_locked(tmp_path) is True
    assert is_locked(tmp_path) is False
    with locked(tmp_path):
        pass


def test_where_the_system_lists_no_locks_it_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dl.runs.lock._TABLE", tmp_path / "no-such-file")
    (tmp_path / "lock").touch()
    assert is_locked(tmp_path) is None
