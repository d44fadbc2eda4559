"""The curves of one run or several: one chart for each metric."""

import math
import statistics
from collections.abc import Sequence

from dl.reports.page.chart import Axes, Line, charts, line_chart
from dl.reports.page.html import Html, tag
from dl.reports.page.material import Material
from dl.reports.page.result import is_share
from dl.train.record import Record

MOST_CHARTS = 8


def curves_section(runs: Sequence[Material]) -> Html:
    """Loss and metrics over the epochs, as training and validation recorded them."""
    metrics = _metrics(runs)
    figures = [
        line_chart(
            Axes(name.replace("_", " "), "epoch", f"chart-{number}", is_share(name)),
            _lines(runs, name),
        )
        for number, name in enumerate(metrics[:MOST_CHARTS])
    ]
    if not figures:
        said = tag("p", "There are no records, so there are no curves.")
    else:
        said = tag("p", _caption(runs), class_="note")
    return tag("section", tag("h2", "Curves"), said, charts(figures), id="curves")


def _metrics(runs: Sequence[Material]) -> list[str]:
    """All metrics with a finite value, the loss first."""
    found = {
        name: None
        for run in runs
        for record in run.records
        for name, value in record.values.items()
        if math.isfinite(value)
    }
    return sorted(found, key=lambda name: name != "loss")


def _caption(runs: Sequence[Material]) -> str:
    parts = ["Dashed lines are of the validation part, solid ones of training."]
    if any(record.members for run in runs for record in run.records):
        parts.append("Lines are means over the members, bands one standard deviation wide to both "
                     "sides.")  # fmt: skip
    return " ".join(parts)


def _lines(runs: Sequence[Material], metric: str) -> list[Line]:
    lines = []
    for number, run in enumerate(runs):
        splits = list(dict.fromkeys(record.split for record in run.records))
        for split in splits:
            records = [r for r in run.records if r.split == split and metric in r.values]
            if not records:
                continue
            alone = len(runs) == 1
            name = _named(split) if alone else f"{run.name}, {_named(split)}"
            colour = splits.index(split) if alone else number
            lines.append(_line(name, records, metric, colour=colour, dashed=split != "train"))
    return lines


def _named(split: str) -> str:
    return "training" if split == "train" else split


def _line(name: str, records: list[Record], metric: str, *, colour: int, dashed: bool) -> Line:
    xs = [record.epoch for record in records]
    ys = [record.values[metric] for record in records]
    members = [(record.members or {}).get(metric, []) for record in records]
    line = Line(name, xs, ys, colour=colour, dashed=dashed)
    if not all(len(values) > 1 and all(map(math.isfinite, values)) for values in members):
        return line
    bands = [_band(y, values) for y, values in zip(ys, members, strict=True)]
    return line._replace(low=[low for low, _ in bands], high=[high for _, high in bands])


def _band(mean: float, values: list[float]) -> tuple[float, float]:
    """A standard deviation to either side of the mean, but not past the last member.

    >>> _band(0.75, [0.5, 1.0, 0.75])
    (0.5, 1.0)
    """
    spread = statistics.stdev(values)
    return max(mean - spread, min(values)), min(mean + spread, max(values))
