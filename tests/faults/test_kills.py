"""Runs that are killed and resumed end like runs that are left alone; the driver sees what differs.

`python tests/faults/kill_and_resume.py` is the long form.
"""

import os
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from deaths import Death, codes_of, problem
from kill_cases import CASES, Case
from same_end import differences

from dl.runs.experiment import load_experiment

HERE = Path(__file__).parent


@pytest.mark.slow
def test_a_run_that_dies_four_times_ends_like_a_whole_one(tmp_path: Path) -> None:
    """It stops early, keeps every third epoch, and its result is that of its best epoch."""
    table = tmp_path / "table.md"
    words = [HERE / "kill_and_resume.py", "patience", "--kills", "4", "--table", table]
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counts = [int(cell) for cell in table.read_text().strip(" |\n").split(" | ")[2:]]
    kinds, moments, ends = counts[:3], counts[3:6], counts[7]
    assert sum(kinds) == sum(moments) == 4
    assert ends >= 1


@pytest.mark.parametrize("name", CASES)
def test_a_case_has_options_of_its_experiment(name: str) -> None:
    case = CASES[name]
    options = load_experiment(f"experiments.{case.experiment}").options
    assert case.options.keys() <= {field.name for field in fields(options)}


def test_each_of_several_processes_has_its_number_and_all_meet_at_one_port() -> None:
    case = Case("MLP", "mlp_mnist", processes=2)
    for first, second in (case.commands({}, Path("run")), case.again(Path("run"))):
        assert first[-2:] == ["--process-id", "0"]
        assert second == [*first[:-1], "1"]
        name, coordinator, *rest = first[-6:-2]
        assert (name, coordinator.rpartition(":")[0]) == ("--coordinator", "127.0.0.1")
        assert rest == ["--processes", "2"]
    assert [words[:2] for words in case.again(Path("run"))] == [["resume", "run"]] * 2


def test_processes_that_hang_are_named_and_ended() -> None:
    hanging, ended = (subprocess.Popen(["sleep", seconds]) for seconds in ("60", "0"))
    with pytest.raises(TimeoutError, match=r"^SIGKILL to 0, saving: of 2 processes \[0\] were"):
        codes_of([hanging.pid, ended.pid], 0.2, before="SIGKILL to 0, saving")
    hanging.returncode = ended.returncode = 0  # they were waited for
    with pytest.raises(ProcessLookupError):
        os.kill(hanging.pid, 0)


@pytest.mark.parametrize(
    ("codes", "said", "wrong"),
    [
        ((-signal.SIGKILL,), "", ""),
        ((0,), "", ""),
        ((-signal.SIGKILL, 1), "error: process 0 is gone", ""),
        ((1,), "error: disk", "exit codes (1,)"),
        ((-signal.SIGSEGV,), "", "exit codes"),
        ((-signal.SIGKILL,), "Traceback (most recent call last)", "a traceback"),
        ((-signal.SIGKILL,), "checkpoint 3: ...; it is put aside in", "an unreadable checkpoint"),
    ],
)
def test_a_death_that_is_not_as_it_should_be_is_told(
    codes: tuple[int, ...], said: str, wrong: str
) -> None:
    found = problem(Death("SIGKILL", "training", codes, (said,)))
    assert found.startswith(wrong)
    assert bool(found) == bool(wrong)


def test_what_differs_between_two_ends_is_named() -> None:
    whole = {"state": "a", "records": [1, 2], "result": [0.5], "names": ["x"], "leftovers": []}
    assert differences(whole, whole) == []
    assert differences(whole, {**whole, "records": [1, 2, 2]}) == ["records"]
    torn = {**whole, "state": "b", "leftovers": ["config.json.tmp"]}
    assert differences(whole, torn) == ["state", "leftovers", "left over: config.json.tmp"]
