"""Kill runs at random moments, resume them each time, and compare with runs left alone.

    python tests/faults/kill_and_resume.py [CASE ...] [--kills 20] [--seed 0] [--table FILE]

A case is an experiment on small data and a layout (`tests/faults/kill_cases.py`). Each death is one
of SIGKILL, SIGTERM and SIGINT, while the run starts, trains or saves. When a run ends, its state
must be that of a whole run bit for bit, with each record once, the same result, no unreadable
checkpoint and nothing left over; then another run begins, until there were as many deaths as asked.
Cases of several processes are tried when they are named: the others wait 300 s for a process that
dies before it has joined them.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def kill_case(name: str, *, kills: int, seed: int, work: Path, data: dict[str, str]) -> Counter:
    """How often the run of this case died, by kind and moment, and how many ends were compared."""
    from deaths import die, problem, run_whole
    from kill_cases import CASES
    from small_runs import small_options

    from dl.cli.catalog import Catalog

    case, rng = CASES[name], random.Random(f"{name} {seed}")
    defaults = Catalog("experiments").load(case.experiment).options()
    options = small_options(case.experiment, defaults, data)
    whole, killed, counts = work / "whole", work / "killed", Counter()
    _require_ended(run_whole(case.commands(options, whole), work), work)
    expected = _summary(whole, work)
    while (count := counts["deaths"]) < kills:
        death, half = die(_next(case, options, killed), killed, work, rng)
        if wrong := problem(death):
            raise AssertionError(f"{name}, after {count} deaths, {death.kind}: {wrong}")
        if death.happened:
            counts.update(["deaths", death.kind, death.moment, *["half written"] * bool(half)])
        else:
            _compare(name, expected, killed, work, counts)
    _require_ended(run_whole(_next(case, options, killed), work), work)
    _compare(name, expected, killed, work, counts)
    return counts


def _next(case: Any, options: dict[str, Any], folder: Path) -> list[list[str]]:
    config = "search.json" if case.verb == "search" else "config.json"
    return case.again(folder) if (folder / config).exists() else case.commands(options, folder)


def _require_ended(codes: tuple[int, ...], work: Path) -> None:
    if any(codes):
        said = [(work / f"said-{number}.txt").read_text() for number in range(len(codes))]
        raise AssertionError(f"exit codes {codes}: {[text[-2000:] for text in said]}")


def _compare(
    name: str, expected: dict[str, Any], folder: Path, work: Path, counts: Counter
) -> None:
    """Raise unless the run ended as the whole one did; then remove it, so that another begins."""
    from same_end import differences

    wrong = differences(expected, _summary(folder, work))
    if wrong:
        raise AssertionError(f"{name}, {dict(counts)}: the end differs in {wrong}; see {folder}")
    counts["ends"] += 1
    shutil.rmtree(folder)


def _summary(folder: Path, work: Path) -> dict[str, Any]:
    """The summary of a finished run, made in a fork because it computes with JAX."""
    from deaths import code_of, in_fork
    from same_end import summary

    place = work / "summary.json"
    place.unlink(missing_ok=True)

    def write() -> int:
        place.write_text(json.dumps(summary(folder)))
        return 0

    _require_ended((code_of(in_fork(write, work / "said-0.txt"), 600),), work)
    return json.loads(place.read_text())


def as_row(name: str, counts: Counter) -> str:
    """A row of the table in docs/reliability.md."""
    from kill_cases import CASES

    case = CASES[name]
    numbers = [counts[each] for each in (*COLUMNS, "half written", "ends")]
    return " | ".join(["", f"`{case.experiment}`", case.kind, *map(str, numbers), ""]).strip()


def _import_what_starts_need() -> None:
    """Import it before the forks, so that none of them does."""

    from kill_cases import CASES

    from dl.cli.catalog import Catalog

    for case in CASES.values():
        Catalog("experiments").load(case.experiment)


COLUMNS = ("SIGKILL", "SIGTERM", "SIGINT", "starting", "training", "saving")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("cases", nargs="*")
    parser.add_argument("--kills", type=int, default=20, help="deaths of each case")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", type=Path, help="a file to which a row a case is added")
    given = parser.parse_args()
    from kill_cases import ALONE
    from small_runs import write_all_small_data

    _import_what_starts_need()

    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # of compiled programs, some of them torn by a death
        data = write_all_small_data(Path(folder))
        for name in given.cases or ALONE:
            work = Path(folder) / name
            work.mkdir()
            counts = kill_case(name, kills=given.kills, seed=given.seed, work=work, data=data)
            row = as_row(name, counts)
            print(row, flush=True)
            if given.table:
                with given.table.open("a") as file:
                    file.write(row + "\n")


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ.setdefault("DL_NO_PAGE", "1")
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "experiments")]
    main()
