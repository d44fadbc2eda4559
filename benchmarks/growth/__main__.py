"""`python -m benchmarks.growth [AXIS ...]`: time and memory against the size of a training.

Each size is measured in a process of its own, all sizes once a round; the medians of the rounds
make a table for each axis, with the slopes of log(value) against log(size).
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.growth.axes import AXES
from benchmarks.growth.slopes import COLUMNS, draw, table
from benchmarks.processes import run_module
from benchmarks.rounds import say
from dl.errors import RunError, did_you_mean

Found = dict[int, dict[str, float]]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; returns 1 when a process failed."""
    asked = _parse(argv)
    everything, code = {}, 0
    for name in asked.names or AXES:
        points = measure_axis(name, rounds=asked.rounds, quick=asked.quick)
        code |= len(points) < len(sizes_of(name, quick=asked.quick))
        if points:
            everything[name] = points
            print(f"{table(name, points)}\n", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    if asked.picture and everything:
        draw(everything, asked.picture)
    return code


def measure_axis(name: str, *, rounds: int, quick: bool) -> Found:
    """The medians over rounds at every size; sizes whose processes failed are left out."""
    sizes = sizes_of(name, quick=quick)
    measured: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for number in range(1, rounds + 1):
        for size in sizes:
            label = f"{name} {size}, round {number}/{rounds}"
            try:
                point = _measure(name, size, quick=quick)
            except RunError as error:
                say(f"{label}: failed: {error}")
                continue
            measured[size].append(point)
            say(f"{label}: {1000 * point['seconds']:.3g} ms, {point['call_mib']:.3g} MiB a call")
    return {size: _median(found) for size, found in measured.items() if found}


def sizes_of(name: str, *, quick: bool) -> Sequence[int]:
    """The sizes of an axis; --quick takes the two smallest."""
    return AXES[name].sizes[:2] if quick else AXES[name].sizes


def _measure(name: str, size: int, *, quick: bool) -> dict[str, float]:
    words = [name, str(size), *(["--quick"] if quick else [])]
    return json.loads(run_module("benchmarks.growth.point", *words).strip().splitlines()[-1])


def _median(found: list[dict[str, float]]) -> dict[str, float]:
    return {column: statistics.median(point[column] for point in found) for column in COLUMNS}


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="AXIS", help=f"{', '.join(AXES)}; all when none is given"
    )
    parser.add_argument("--rounds", type=int, default=3, help="processes for each size (default 3)")
    parser.add_argument("--quick", action="store_true", help="the two smallest sizes of each axis")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the medians to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw them (SVG, PNG)")
    asked = parser.parse_args(argv)
    for name in asked.names:
        if name not in AXES:
            parser.error(f"unknown axis {name!r}; {did_you_mean(name, AXES)}")
    if asked.rounds < 1:
        parser.error(f"rounds is {asked.rounds}; it must be at least 1")
    for path in filter(None, (asked.json, asked.picture)):
        if path.is_dir() or not path.absolute().parent.is_dir():
            parser.error(f"cannot write {path}: give a file in a folder that exists")
    return asked


if __name__ == "__main__":
    sys.exit(main())
