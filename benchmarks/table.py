"""From measured values to rows, ratios, a Markdown table and JSON."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.catalog import Benchmark

Row = dict[str, Any]
US = "dl"


def make_rows(
    benchmark: Benchmark, rounds: dict[str, list[float]], notes: dict[str, str]
) -> list[Row]:
    """A row for each measured system: its median over rounds, and how much faster `dl` is."""
    values = {
        system: statistics.median(measured) for system, measured in rounds.items() if measured
    }
    rows = []
    for system, value in values.items():
        row = {
            "benchmark": benchmark.name,
            "system": system,
            "value": value,
            "unit": benchmark.unit,
            "ratio": speed_ratio(values.get(US), value, benchmark.unit),
            "rounds": rounds[system],
        }
        rows.append({**row, "note": notes[system]} if notes.get(system) else row)
    return rows


def speed_ratio(ours: float | None, theirs: float, unit: str) -> float | None:
    """How many times faster or smaller `dl` is; None where a value is missing or 0.

    >>> speed_ratio(300.0, 200.0, "examples/s"), speed_ratio(20.0, 10.0, "ms")
    (1.5, 0.5)
    """
    if not ours or not theirs:
        return None
    return ours / theirs if unit.endswith("/s") else theirs / ours


def family_rows(benchmarks: Sequence[Benchmark], rows: Sequence[Row]) -> list[Row]:
    """Geometric means over each family's shapes, for systems that were measured at all of them."""
    means = []
    for family in dict.fromkeys(case.family for case in benchmarks if case.family):
        members = {case.name for case in benchmarks if case.family == family}
        mine = [row for row in rows if row["benchmark"] in members]
        for system in dict.fromkeys(row["system"] for row in mine):
            own = [row for row in mine if row["system"] == system]
            if len(own) == len(members) > 1:
                means.append(_mean_row(f"{family} (geometric mean)", own))
    return means


def _mean_row(name: str, rows: Sequence[Row]) -> Row:
    # A failed round makes a list shorter.
    by_round = zip(*(row["rounds"] for row in rows), strict=False)
    return {
        "benchmark": name,
        "system": rows[0]["system"],
        "value": geometric_mean([row["value"] for row in rows]),
        "unit": rows[0]["unit"],
        "ratio": geometric_mean([row["ratio"] for row in rows]),
        "rounds": [geometric_mean(values) for values in by_round],
    }


def geometric_mean(values: Sequence[float | None]) -> float | None:
    """The n-th root of the product of n positive values; None when one is missing.

    >>> geometric_mean([2.0, 8.0])
    4.0
    """
    known = [value for value in values if value is not None and value > 0]
    if not values or len(known) < len(values):
        return None
    return math.exp(math.fsum(map(math.log, known)) / len(known))


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| benchmark | system | value | unit | dl is faster by |", "|---|---|---:|---|---:|"]
    for row in rows:
        ratio = "–" if row["ratio"] is None else f"{row['ratio']:.2f}×"
        lines.append(
            f"| {row['benchmark']} | {row['system']} | {figures(row['value'])} | {row['unit']} | "
            f"{ratio} |"
        )
    return "\n".join(lines)


def figures(value: float | None) -> str:
    """A number with three significant figures, but all digits before the point.

    >>> figures(12345.6), figures(12.345), figures(0.012345), figures(None)
    ('12,346', '12.3', '0.0123', '–')
    """
    if value is None:
        return "–"
    if not value:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"
