"""The first section of a page: how well the run did, beside what its experiment expects."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from dl.reports.page.expected import Expected, expected_of
from dl.reports.page.html import Html, tag
from dl.reports.page.material import Material
from dl.reports.page.scales import Scale, brief, span
from dl.reports.page.tables import html_table
from dl.tables import Table
from dl.train.progress_text import describe_seconds

RATINGS = ("elo", "elo_error")
"""Figures by player, which have a chart of their own (`playing.py`)."""


def result_section(runs: Sequence[Material]) -> Html:
    """The figures of the test part; of several runs, side by side."""
    body = [_one(runs[0])] if len(runs) == 1 else [_compared(runs)]
    return tag("section", tag("h2", "Result"), *body, id="result")


def state_of(run: Material) -> str:
    """In a few words whether the run is finished, and how far it came."""
    if run.result is not None:
        best = run.result.get("best_step")
        kept = f", figures of step {best:,}" if best is not None else ""
        steps = f" after {run.result['steps']:,} steps" if run.result["steps"] else ""
        return f"finished{steps}{kept}"
    if not run.records:
        return "not finished, no records yet"
    last = run.records[-1]
    return (
        f"not finished: step {last.step:,}, epoch {last.epoch:.4g} of {run.config.options.epochs}"
    )


def written(name: str, value: float) -> str:
    """A figure as people read it: accuracies in percent."""
    return f"{100 * value:.2f}\u00a0%" if is_share(name) else brief(value)


def is_share(metric: str) -> bool:
    """Whether the values of this metric are shares from 0 to 1."""
    return "accuracy" in metric.split("_")


def changed_options(run: Material) -> list[tuple[str, Any]]:
    """The options in which a run differs from its experiment's own values."""
    own, options = run.config.experiment.options(), run.config.options
    names = [option.name for option in fields(options)]
    return [
        (name, getattr(options, name))
        for name in names
        if getattr(options, name) != getattr(own, name)
    ]


def _one(run: Material) -> Html:
    metrics = _metrics(run)
    expected = expected_of(run.docstring)
    return tag(
        "div",
        _headline(metrics, expected),
        _beside(run, metrics, expected),
        _figures(metrics, finished=run.result is not None) if metrics else None,
    )


def _metrics(run: Material) -> dict[str, dict[str, float]]:
    """The figures of each part: of the result, or the newest records of a run that has none yet."""
    if run.result is not None:
        figures = run.result["metrics"]
        return {part: values for part, values in figures.items() if part not in RATINGS}
    return {record.split: record.values for record in run.records}


def _headline(metrics: dict[str, dict[str, float]], expected: Expected | None) -> Html | None:
    """The figure that matters, in large."""
    chosen = _main_figure(metrics, expected)
    if chosen is None:
        return None
    part, name, value = chosen
    return tag(
        "p",
        tag("strong", written(name, value)),
        tag("span", f"{part} {name.replace('_', ' ')}"),
        class_="headline",
    )


def _main_figure(
    metrics: dict[str, dict[str, float]], expected: Expected | None
) -> tuple[str, str, float] | None:
    """That which is expected, otherwise accuracy, otherwise the first; of test if it was tested."""
    for part in ("test", "validation", "train", *metrics):
        values = metrics.get(part, {})
        wanted = [expected.metric] if expected and expected.metric else []
        for name in (*wanted, "accuracy", *values):
            if name in values:
                return part, name, values[name]
    return None


def _beside(
    run: Material, metrics: dict[str, dict[str, float]], expected: Expected | None
) -> Html | None:
    """What the experiment expects, and how far from it the run is."""
    if expected is None:
        return None
    value = metrics.get("test", {}).get(expected.metric or "")
    judged = strip = None
    if value is not None and expected.mean is not None:
        assert expected.metric is not None
        judged = tag("p", f"This run is {expected.judge(value)}.{_why(run)}", class_="judged")
        strip = _strip(expected, value) if expected.band else None
    told = tag("p", tag("b", "Expected: "), expected.text, class_="expected")
    return tag("div", judged, strip, told)


def _why(run: Material) -> str:
    changed = [name for name, _ in changed_options(run) if name not in _HARMLESS]
    if not changed:
        return ""
    names = ", ".join(name.replace("_", " ") for name in changed[:4])
    more = f" and {len(changed) - 4} more" if len(changed) > 4 else ""
    return f" It was run with other options than the experiment's own: {names}{more}."


_HARMLESS = {"seed", "keep", "checkpoint_every", "log_every", "parallel", "devices"}


def _strip(expected: Expected, value: float) -> Html:
    """A line with the expected band and, on it, this run."""
    assert expected.band is not None
    assert expected.metric is not None
    low, high = span([*expected.band, value])
    room = 0.12 * (high - low)
    x = Scale(low - room, high + room, 10, 410)
    left, right = (x(end) for end in expected.band)
    ends = [written(expected.metric, end) for end in expected.band]
    said = f"this run {written(expected.metric, value)}, expected {ends[0]} to {ends[1]}"
    return tag(
        "svg",
        tag("title", said, id="strip-title"),
        tag("line", x1=10, x2=410, y1=16, y2=16, class_="rail"),
        tag(
            "rect",
            x=f"{left:.1f}",
            y=10,
            width=f"{right - left:.1f}",
            height=12,
            rx=6,
            class_="expected-band",
        ),
        tag("circle", cx=f"{x(value):.1f}", cy=16, r=7, class_="this-run"),
        *_ends(left, right, ends),
        role="img",
        viewBox="0 0 420 44",
        aria_labelledby="strip-title",
        class_="strip",
    )


def _ends(left: float, right: float, ends: Sequence[str]) -> list[Html]:
    """The numbers below the ends of the band; one below its middle where they would touch."""
    if right - left < 110:
        middle = min(max((left + right) / 2, 75), 345)
        return [tag("text", f"{ends[0]} to {ends[1]}", x=f"{middle:.1f}", y=40)]
    return [
        tag("text", end, x=f"{x:.1f}", y=40) for x, end in zip((left, right), ends, strict=True)
    ]


def _figures(metrics: dict[str, dict[str, float]], *, finished: bool) -> Html:
    names = list(dict.fromkeys(name for values in metrics.values() for name in values))
    table = Table(
        ("part", *names),
        [
            (part, *(written(name, values[name]) if name in values else None for name in names))
            for part, values in metrics.items()
        ],
        headings={name: name.replace("_", " ") for name in names},
        title="figures by part of the data" if finished else "the newest records",
        missing="",
    )
    return html_table(table)


def _compared(runs: Sequence[Material]) -> Html:
    """A row for each run: state, figures of the test part (or the newest validation), time."""
    metrics = [_metrics(run) for run in runs]
    parts = [each.get("test") or each.get("validation") or {} for each in metrics]
    names = list(dict.fromkeys(name for values in parts for name in values))
    rows = [
        (
            run.name,
            run.config.experiment.name,
            *(written(name, values[name]) if name in values else None for name in names),
            describe_seconds(run.result["wall_seconds"]) if run.result else None,
            state_of(run),
        )
        for run, values in zip(runs, parts, strict=True)
    ]
    table = Table(
        ("run", "experiment", *names, "time", "state"),
        rows,
        headings={name: name.replace("_", " ") for name in names},
        title="the test part; validation where a run has not been tested",
    )
    return html_table(table)
