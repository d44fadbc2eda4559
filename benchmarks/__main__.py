"""`python -m benchmarks [NAME ...]`: compare the speed of `dl`, PyTorch, Keras and plain Flax.

Exit codes: 0 all measured; 1 a process failed, or with --compare a row of `dl` became slower beyond
noise; 2 wrong input (one line of error); 130 after Ctrl-C. The table of what was measured so far is
printed after failures and Ctrl-C too.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from benchmarks import compare
from benchmarks.catalog import Benchmark, choose, load_benchmarks
from benchmarks.rounds import Outcome, run_benchmarks, say, start_worker, work_in_process
from benchmarks.table import family_rows, markdown
from benchmarks.turns import Turns
from dl.errors import InputError, RunError

_PEERS = ("torch", "keras", "mctx")
_PACKAGES = ("dl", "jax", "flax", "torch", "keras", "numpy")


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code."""
    try:
        asked = _parse(argv)
        chosen = choose(asked.names, load_benchmarks())
        if asked.list:
            print("\n".join(f"{benchmark.name:<22}{benchmark.about}" for benchmark in chosen))
            return 0
        stored = [compare.read_run(path) for path in asked.compare]
        if len(stored) > 1:
            return _compare(*stored)
        chosen = compare.those_of(stored[0], chosen) if stored else chosen
        return _measure(
            chosen,
            rounds=asked.rounds or (1 if asked.quick else 15 if asked.turns else 3),
            quick=asked.quick,
            turns=asked.turns,
            path=asked.json,
            stored=stored,
        )
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except (RunError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see python -m benchmarks --help")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _Parser(
        prog="python -m benchmarks",
        description="Time dl beside PyTorch, Keras and plain Flax.",
        epilog=compare.NOISE,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="benchmarks or families; all when none is given"
    )
    parser.add_argument("--list", action="store_true", help="list the benchmarks and stop")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one round of little work, to check that all of it runs",
    )
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="processes for each system (default 3)"
    )
    parser.add_argument(
        "--turns",
        type=float,
        metavar="SECONDS",
        help="keep a benchmark's processes alive; a round is then a turn of so many seconds for "
        "each (default 15 rounds), which suits a machine whose speed drifts",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write rows, versions and device to FILE"
    )
    parser.add_argument(
        "--compare",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="measure again what --json stored in FILE, and compare; exit 1 when a row of dl is "
        "slower beyond noise; two FILEs, the old and the new run, are compared without measuring",
    )
    asked = parser.parse_args(argv)
    if len(asked.compare) > 2 or (len(asked.compare) == 2 and (asked.names or asked.json)):
        raise InputError(
            "--compare takes one FILE and measures, or two and does not; names of benchmarks stand "
            "before it"
        )
    if asked.rounds is not None and asked.rounds < 1:
        raise InputError(f"rounds is {asked.rounds}; it must be at least 1")
    if asked.turns is not None and (asked.quick or not 0 < asked.turns < float("inf")):
        raise InputError(
            f"turns of {asked.turns} seconds: give more than 0, and leave out --quick, whose work "
            "is measured once"
        )
    if asked.json is not None and (
        asked.json.is_dir() or not asked.json.absolute().parent.is_dir()
    ):
        raise InputError(f"cannot write {asked.json}: give a file in a folder that exists")
    return asked


def _measure(
    chosen: list[Benchmark],
    *,
    rounds: int,
    quick: bool,
    turns: float | None,
    path: Path | None,
    stored: Sequence[dict[str, Any]] = (),
) -> int:
    for old in stored:
        compare.check_same_work(old, {"quick": quick})
    machine = start_worker("--machine")
    left_out = _leave_out_systems(compiles=machine["cuda"] or machine["compiler"])
    runnable = [benchmark for benchmark in chosen if not _leave_out(benchmark, quick=quick)]
    outcome, code = Outcome(), 0
    try:
        with Turns(turns) if turns else nullcontext(partial(work_in_process, quick=quick)) as work:
            run_benchmarks(runnable, left_out, outcome, rounds=rounds, work=work)
    except KeyboardInterrupt:
        code = 130
    outcome.rows.extend(family_rows(runnable, outcome.rows))
    if outcome.rows:
        print(markdown(outcome.rows))
    run = {"rows": outcome.rows, **_header(machine["device"]), "rounds": rounds, "quick": quick}
    if turns:
        run["turns"] = turns
    if path is not None:
        from dl.runs.files import write_json

        write_json(path, run)
    if outcome.failures:
        say(f"{len(outcome.failures)} failed: {'; '.join(outcome.failures)}")
    worse = max((_compare(old, run) for old in stored if outcome.rows), default=0)
    return code or int(bool(outcome.failures)) or worse


def _compare(old: dict[str, Any], new: dict[str, Any]) -> int:
    """Print both runs side by side; returns 1 when a row of `dl` became slower beyond noise."""
    compare.check_same_work(old, new)
    found = compare.changes(old["rows"], new["rows"])
    if not found:
        raise InputError("the two runs have no row in common: give the names of its benchmarks")
    print(compare.table_of(found))
    for line in compare.differences(old, new):
        say(f"note: {line}")
    slower = compare.slower(found)
    if slower:
        say(f"slower beyond noise: {'; '.join(slower)}")
    return int(bool(slower))


def _leave_out_systems(*, compiles: bool) -> set[str]:
    """Name the systems that cannot run; torch.compile needs a CUDA device or a C++ compiler."""
    missing = {name for name in _PEERS if find_spec(name) is None}
    for name in sorted(missing):
        say(f"{name} is left out: it is not installed; pip install -r benchmarks/requirements.txt")
    return missing if compiles and "torch" not in missing else {*missing, "torch.compile"}


def _leave_out(benchmark: Benchmark, *, quick: bool) -> bool:
    reason = benchmark.unavailable(quick)
    if reason:
        say(f"{benchmark.name} is left out: {reason}")
    return bool(reason)


def _header(device: str) -> dict[str, Any]:
    from dl.runs.manifest import git_commit, version

    versions = {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
    return {
        "versions": versions,
        "commit": git_commit(),
        "device": device,
        "cores": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    raise SystemExit(main())
