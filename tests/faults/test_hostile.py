"""Damaged and hostile inputs: each a clear line, none a traceback, a hang or a write elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from hostile import Case, complaint
from hostile_data import NUMBERS
from hostile_files import FILES
from hostile_media import PICTURES, SOUNDS
from hostile_runs import RUNS
from hostile_words import TEXTS, WORDS

CASES = [*RUNS, *FILES, *TEXTS, *NUMBERS, *SOUNDS, *PICTURES, *WORDS]
_EVERY = 8
"""Of the cases, the default suite tries one in this many."""


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "no-data"))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.name, marks=[pytest.mark.slow] if number % _EVERY else [])
        for number, case in enumerate(CASES)
    ],
)
def test_it_is_refused_in_one_line(
    case: Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (sandbox := tmp_path / "sandbox").mkdir()
    monkeypatch.chdir(sandbox)
    assert complaint(case, sandbox, lambda: tuple(capsys.readouterr())) == ""


def test_there_are_enough_of_them_and_each_has_its_name() -> None:
    assert len(CASES) == len({case.name for case in CASES}) > 150


def test_a_write_elsewhere_a_good_end_and_a_hang_are_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(end: Any) -> str:
        def main(package: str, words: list[str]) -> Any:
            return end() if callable(end) else 2

        monkeypatch.setattr("hostile.main", main)
        case = Case("a case", lambda sandbox: ["evaluate"])
        return complaint(case, tmp_path, lambda: ("", "error: no\n"))

    assert told(None) == ""
    assert "exit 0" in told(lambda: 0)
    assert "changed ['outside']" in told(lambda: (tmp_path / "outside").touch() or 2)
    monkeypatch.setattr("hostile.LIMIT", 1)
    assert "Hangs" in told(lambda: __import__("time").sleep(60) or 2)
