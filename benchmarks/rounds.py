"""Run benchmarks in rounds: each system once a round, so that a slow minute affects them all."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.catalog import Benchmark
from benchmarks.processes import run_module
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
    benchmarks: Sequence[Benchmark],
    left_out: set[str],
    outcome: Outcome,
    *,
    rounds: int,
    work: Work,
) -> None:
    """Measure `benchmarks` on all systems but `left_out`; `outcome` grows after each benchmark."""
    for benchmark in benchmarks:
        systems = [name for name in benchmark.systems if name.split()[0] not in left_out]
        values: dict[str, list[float]] = {system: [] for system in systems}
        notes: dict[str, str] = {}
        for number in range(1, rounds + 1):
            for system in systems:
                label = f"{benchmark.name}, {system}, round {number}/{rounds}"
                try:
                    measured = work(benchmark.name, system)
                except RunError as error:
                    outcome.failures.append(label)
                    say(f"{label}: failed: {error}")
                    continue
                values[system].append(measured["value"])
                notes[system] = measured.get("note", "")
                value = figures(measured["value"])
                say(f"{label}: {value} {benchmark.unit}  {notes[system]}".rstrip())
        outcome.rows.extend(make_rows(benchmark, values, notes))


def work_in_process(name: str, system: str, *, quick: bool) -> dict[str, Any]:
    """Start a worker, wait for it, and read what it measured."""
    return start_worker(name, system, *(["--quick"] if quick else []))


def start_worker(*words: str) -> dict[str, Any]:
    """The JSON in the last line of `python -m benchmarks.worker WORDS`."""
    return json.loads(run_module("benchmarks.worker", *words).strip().splitlines()[-1])


def say(line: str) -> None:
    """Print progress to standard error."""
    print(line, file=sys.stderr, flush=True)
