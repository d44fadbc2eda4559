"""Two stored runs side by side: what became slower, beyond the noise of their rounds.

The spread of a row is the range of its rounds divided by their median. The noise of a comparison is
the root of the sum of both squared spreads, but at least `FLOOR`, and at least `FLOOR_OF_FEW` where
one side has fewer than `MANY` rounds, because few rounds do not show how far they spread. A row is
slower beyond noise when its ratio is below 1 / (1 + noise). Of unchanged rows with three rounds,
normally distributed, this calls 0.2 % slower at a standard deviation of 2 % and 1.9 % at one of 5 %
(simulated), so a row that is named is worth measuring again.
"""

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.catalog import Benchmark
from benchmarks.table import US, Row, figures, speed_ratio
from dl.errors import InputError

FLOOR, FLOOR_OF_FEW, MANY = 0.05, 0.15, 3
NOISE = (
    f"Noise: the range of the rounds divided by their median, of both runs, as the root of the sum "
    f"of squares; at least {FLOOR:.0%}, and {FLOOR_OF_FEW:.0%} where a run has fewer than {MANY} "
    f"rounds. A row is slower beyond noise when its ratio is below 1 / (1 + noise)."
)


@dataclass(frozen=True)
class Change:
    """A row of both runs: medians, how many times as fast the new one is, and the noise."""

    benchmark: str
    system: str
    unit: str
    old: float
    new: float
    ratio: float
    noise: float

    @property
    def verdict(self) -> str:
        """ "slower" or "faster" beyond noise, or "" within it."""
        if self.ratio < 1 / (1 + self.noise):
            return "slower"
        return "faster" if self.ratio > 1 + self.noise else ""


def read_run(path: Path) -> dict[str, Any]:
    """The run that `--json` stored in `path`.

    Raises:
        InputError: when the file cannot be read, is none of these, or has no single rounds.
    """
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the stored run {path}: {error}") from error
    rows = run.get("rows") if isinstance(run, dict) else None
    if not isinstance(rows, list) or not all(map(_has_rounds, rows)):
        raise InputError(
            f"{path} does not hold the single rounds of each row: "
            "store the run again with python -m benchmarks --json"
        )
    return run


def those_of(run: Mapping[str, Any], benchmarks: Sequence[Benchmark]) -> list[Benchmark]:
    """Those of `benchmarks` that the run measured; raises an `InputError` when there are none."""
    measured = {row["benchmark"] for row in run["rows"]}
    chosen = [one for one in benchmarks if one.name in measured]
    if not chosen:
        raise InputError(f"the stored run has none of these; it has {', '.join(sorted(measured))}")
    return chosen


def check_same_work(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise an `InputError` when one run is `--quick` and the other is not."""
    if bool(old.get("quick")) != bool(new.get("quick")):
        with_it = "old" if old.get("quick") else "new"
        raise InputError(f"the {with_it} run alone is --quick: its work is smaller; compare alike")


def changes(old: Sequence[Row], new: Sequence[Row]) -> list[Change]:
    """A `Change` for each row that both runs have, in the order of the new one.

    >>> row = {"benchmark": "one", "system": "dl", "unit": "ms", "value": 2.0, "rounds": [2.0] * 3}
    >>> changes([row], [{**row, "value": 4.0, "rounds": [4.0] * 3}])[0].verdict
    'slower'
    """
    known = {_key(row): row for row in old}
    both = [(known[_key(row)], row) for row in new if _key(row) in known]
    return [_change(before, after) for before, after in both if before["value"] and after["value"]]


def noise_of(old: Sequence[float], new: Sequence[float]) -> float:
    """How far apart two medians may be by chance, as a share.

    >>> noise_of([10.0, 10.0, 10.0], [10.0, 10.0, 10.0]), noise_of([10.0], [10.0, 10.0, 10.0])
    (0.05, 0.15)
    >>> round(noise_of([9.0, 10.0, 12.0], [8.0, 10.0, 12.0]), 2)
    0.5
    """
    floor = FLOOR if min(len(old), len(new)) >= MANY else FLOOR_OF_FEW
    return max(floor, math.hypot(_spread(old), _spread(new)))


def table_of(found: Sequence[Change]) -> str:
    """Old, new, ratio and noise of each row as a Markdown table."""
    lines = [
        "| benchmark | system | old | new | unit | ratio | noise | |",
        "|---|---|---:|---:|---|---:|---:|---|",
    ]
    for row in found:
        lines.append(
            f"| {row.benchmark} | {row.system} | {figures(row.old)} | {figures(row.new)} | "
            f"{row.unit} | {row.ratio:.2f}× | {row.noise:.0%} | {row.verdict} |"
        )
    return "\n".join(lines)


def slower(found: Sequence[Change]) -> list[str]:
    """The rows of `dl` that became slower beyond noise.

    Another system that became slower says that the machine did, and fails nothing.
    """
    return [
        f"{row.benchmark}, {row.system} ({row.ratio:.2f}×, noise {row.noise:.0%})"
        for row in found
        if row.verdict == "slower" and row.system.split()[0] == US
    ]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What else differs between two runs: device, cores, versions, and rows of one alone."""
    found = [
        f"the {name} differs: {old.get(name)} before, {new.get(name)} now"
        for name in ("device", "cores")
        if old.get(name) != new.get(name)
    ]
    before, now = old.get("versions") or {}, new.get("versions") or {}
    found += [
        f"{name} was {before.get(name)} and is {now.get(name)}"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    keys = {_key(row) for row in old["rows"]}
    alone = [", ".join(_key(row)) for row in new["rows"] if _key(row) not in keys]
    return found + ([f"not in the old run: {'; '.join(alone)}"] if alone else [])


def _change(old: Row, new: Row) -> Change:
    ratio = speed_ratio(new["value"], old["value"], new["unit"])
    assert ratio is not None
    noise = noise_of(old["rounds"], new["rounds"])
    return Change(*_key(new), new["unit"], old["value"], new["value"], ratio, noise)


def _key(row: Row) -> tuple[str, str]:
    return row["benchmark"], row["system"]


def _spread(rounds: Sequence[float]) -> float:
    return (max(rounds) - min(rounds)) / statistics.median(rounds)


def _has_rounds(row: Any) -> bool:
    return isinstance(row, dict) and bool(row.get("rounds")) and "value" in row
