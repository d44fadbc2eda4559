"""Rounds of processes: every system once a round, one after the other, so that a slow minute hits all of them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.catalog import Benchmark
from benchmarks.table import Row, figures, make_rows
from dl.errors import RunError

Work = Callable[[str, str], dict[str, Any]]
"""(benchmark, system) -> {"value", "note"}, in a process of its own."""


@dataclass
class Outcome:
    """The rows so far, and a line for each process that failed."""

    rows: list[Row] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def run_benchmarks(
    benchmarks: Sequence[Benchmark], left_out: set[str], outcome: Outcome, *, rounds: int, work: Work
) -> None:
    """Measure all `benchmarks` on all systems but those `left_out`, and add to `outcome` after each benchmark."""
    for benchmark in benchmarks:
        systems = [system for system in benchmark.systems if system not in left_out]
        values: dict[str, list[float]] = {system: [] for system in systems}
        notes: dict[str, str] = {}
        for number in range(1, rounds + 1):
            for system in systems:
                label = f"{benchmark.name}, {system}, round {number}/{rounds}"
                try:
                    found = work(benchmark.name, system)
                except RunError as error:
                    outcome.failures.append(label)
                    say(f"{label}: failed: {error}")
                    continue
                values[system].append(found["value"])
                notes[system] = found.get("note", "")
                say(f"{label}: {figures(found['value'])} {benchmark.unit}  {notes[system]}".rstrip())
        outcome.rows.extend(make_rows(benchmark, values, notes))


def work_in_process(name: str, system: str, *, quick: bool) -> dict[str, Any]:
    """Start a worker, wait for it, and read what it measured."""
    return start_worker(name, system, *(["--quick"] if quick else []))


def start_worker(*words: str) -> dict[str, Any]:
    """The JSON that `python -m benchmarks.worker WORDS` prints last.

    Raises:
        RunError: with the last line of its standard error, when it fails.
    """
    command = [sys.executable, "-m", "benchmarks.worker", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=with_project_on_path())
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}, nothing said"]
        raise RunError(said[-1])
    return json.loads(done.stdout.strip().splitlines()[-1])


def with_project_on_path() -> dict[str, str]:
    """The environment of a worker: this project is found in it whatever the working directory is."""
    project = str(Path(__file__).resolve().parents[1])
    paths = [project, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def say(line: str) -> None:
    """Progress is for people: it goes to standard error."""
    print(line, file=sys.stderr, flush=True)
