"""Processes that take turns: they live as long as their benchmark, and say why they ended."""

from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import turns
from benchmarks.turns import Turns
from dl.errors import RunError

WORKER = """
import json, os, sys
name, system, _ = sys.argv[1:]
if system == "broken":
    sys.exit("no such device")
print("a library says hello", flush=True)
for number, line in enumerate(sys.stdin):
    if system == "dies":
        print("first\\nout of luck", file=sys.stderr)
        os._exit(3)
    answer = {"value": number + float(line), "note": f"{name} {os.getpid()}"}
    print(json.dumps({**answer, "done": system == "once"}), flush=True)
"""


@pytest.fixture
def fake_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes run `WORKER` in place of the worker."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "worker.py").write_text(WORKER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(turns, "environment", dict)


def pid(answer: dict) -> str:
    return answer["note"].split()[1]


@pytest.mark.usefixtures("fake_worker")
def test_a_process_makes_all_turns_of_its_benchmark_and_no_others() -> None:
    with Turns(0.5) as work:
        first, other, second = work("one", "dl"), work("one", "torch"), work("one", "dl")
        assert [first["value"], second["value"]] == [0.5, 1.5]
        assert pid(first) == pid(second) != pid(other)
        assert work("two", "dl")["value"] == 0.5
        assert not Path(f"/proc/{pid(first)}").exists()


@pytest.mark.usefixtures("fake_worker")
def test_what_is_measured_in_one_piece_gets_a_process_at_every_turn() -> None:
    with Turns(0.5) as work:
        first, second = work("one", "once"), work("one", "once")
    assert first["value"] == second["value"] == 0.5
    assert pid(first) != pid(second)


@pytest.mark.usefixtures("fake_worker")
@pytest.mark.parametrize(
    ("system", "words"), [("broken", "no such device"), ("dies", "out of luck")]
)
def test_a_process_that_ends_says_why(system: str, words: str) -> None:
    with Turns(0.5) as work, pytest.raises(RunError, match=words):
        work("one", system)


@pytest.mark.parametrize("words", [["--turns", "0"], ["--turns", "nan"], ["--turns=1", "--quick"]])
def test_turns_that_cannot_be_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(words) == 2
    assert "error: turns of" in capsys.readouterr().err
