"""From measured points to slopes, a Markdown table and a picture."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.growth.axes import AXES
from benchmarks.table import figures

Points = Mapping[int, Mapping[str, float]]
"""{size: {"seconds", "call_mib", "peak_mib"}}"""

COLUMNS = {"seconds": "ms", "call_mib": "MiB of a call", "peak_mib": "MiB at the peak"}


def slope(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """The slope of the line of least squares through log(value) against log(size).

    1 is linear growth, 0 none, 2 quadratic. None for fewer than two positive points.

    >>> slope([1, 10, 100], [2.0, 20.0, 200.0])
    1.0
    >>> round(slope([1, 2, 4, 8], [3.0, 12.0, 48.0, 192.0]), 6)
    2.0
    """
    known = [pair for pair in zip(sizes, values, strict=True) if min(pair) > 0]
    xs, ys = ([math.log10(pair[place]) for pair in known] for place in (0, 1))
    if len(set(xs)) < 2:
        return None
    x_mean, y_mean = math.fsum(xs) / len(xs), math.fsum(ys) / len(ys)
    above = math.fsum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return above / math.fsum((x - x_mean) ** 2 for x in xs)


def upper_decade(sizes: Sequence[int]) -> list[int]:
    """The sizes within a factor of ten of the largest, where what is constant counts least.

    >>> upper_decade([1, 4, 16, 64])
    [16, 64]
    """
    return [size for size in sizes if size * 10 >= max(sizes)]


def table(name: str, points: Points) -> str:
    """The points of one axis, and below them their slopes, as a Markdown table."""
    axis, sizes = AXES[name], sorted(points)
    head = [name, *(f"ms, one {axis.each}" if unit == "ms" else unit for unit in COLUMNS.values())]
    rows = [
        [f"{size:,}", *(figures(_shown(column, points[size])) for column in COLUMNS)]
        for size in sizes
    ]
    rows.append(["slope", *_slopes(points, sizes)])
    if len(upper_decade(sizes)) < len(sizes):
        rows.append(["slope, upper decade", *_slopes(points, upper_decade(sizes))])
    lines = [" | ".join(row) for row in [head, ["---:"] * len(head), *rows]]
    return "\n".join(
        [f"{axis.about}; expected slope {axis.expected:.1f}:", "", *(f"| {x} |" for x in lines)]
    )


def draw(found: Mapping[str, Points], path: Path) -> None:
    """Time and memory of a call, against the size, both relative to the smallest; log-log."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    panels = zip(figure.subplots(1, 2), ("seconds", "call_mib"), strict=True)
    for axis, column in panels:
        for name, points in found.items():
            xs, ys = relative(points, column)
            axis.plot(xs, ys, marker="o", markersize=3, label=f"{name}{_told(xs, ys)}")
        widest = max(max(points) / min(points) for points in found.values())
        axis.plot([1, widest], [1, widest], ":", color="grey", label="linear")
        axis.set(xscale="log", yscale="log", xlabel="size ÷ smallest", ylabel="÷ smallest")
        axis.set_title({"seconds": "time", "call_mib": "memory of a compiled call"}[column])
        axis.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def relative(points: Points, column: str) -> tuple[list[float], list[float]]:
    """Sizes and values as multiples of the first."""
    sizes = sorted(points)
    first = points[sizes[0]][column]
    return [size / sizes[0] for size in sizes], [points[size][column] / first for size in sizes]


def _told(xs: Sequence[float], ys: Sequence[float]) -> str:
    found = slope(xs, ys)
    return "" if found is None else f" ({found:.2f})"


def _slopes(points: Points, sizes: Sequence[int]) -> list[str]:
    found = [slope(sizes, [points[size][column] for size in sizes]) for column in COLUMNS]
    return ["–" if each is None else f"{each:.2f}" for each in found]


def _shown(column: str, point: Mapping[str, float]) -> Any:
    return point[column] * (1000 if column == "seconds" else 1)
