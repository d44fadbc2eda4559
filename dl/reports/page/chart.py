"""A chart of curves as SVG, with its legend, and beside it the numbers as a table."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from dl.reports.page.html import Html, join, tag
from dl.reports.page.scales import Scale, brief, span, ticks
from dl.reports.page.tables import html_table
from dl.reports.page.thin import kept_points
from dl.tables import Table

WIDTH, HEIGHT = 420.0, 250.0
LEFT, TOP, RIGHT, BOTTOM = 58.0, 12.0, 408.0, 208.0
"""Edges of the area in which curves are drawn."""
COLUMNS, MOST_ROWS = 700, 40


class Line(NamedTuple):
    """One curve: its name, points [N], and if it is a mean the ends of its band [N].

    `colour` counts from 0; a `dashed` line differs from another of the same colour.
    """

    name: str
    xs: Sequence[float]
    ys: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    colour: int = 0
    dashed: bool = False


class Axes(NamedTuple):
    """What a chart shows over what, and a name for it that the page has once.

    The title is what the vertical axis measures; if that is a `percent`, its numbers are shares
    from 0 to 1.
    """

    title: str
    x: str
    key: str
    percent: bool = False

    def written(self, value: float) -> str:
        """A number of the vertical axis."""
        return f"{brief(100 * value)} %" if self.percent else brief(value)


def line_chart(axes: Axes, lines: Sequence[Line]) -> Html:
    """A figure with the curves, their legend, and a table of the numbers.

    Of curves with very many points the first, last, lowest and highest of each column of pixels
    are drawn, so that no peak is lost.
    """
    drawn = [_thinned(line) for line in lines]
    return tag(
        "figure",
        tag("figcaption", axes.title),
        _svg(axes, lines, drawn),
        _legend(lines),
        _numbers(axes, lines),
        class_="chart",
    )


def _thinned(line: Line) -> Line:
    kept = kept_points(line.xs, line.ys, COLUMNS)
    parts = {
        name: [values[place] for place in kept]
        for name in ("xs", "ys", "low", "high")
        if len(values := getattr(line, name))
    }
    return line._replace(**parts)


def _svg(axes: Axes, lines: Sequence[Line], drawn: Sequence[Line]) -> Html:
    x, y = _scales(drawn)
    return tag(
        "svg",
        tag("title", axes.title, id=f"{axes.key}-title"),
        tag("desc", _in_words(axes, lines), id=f"{axes.key}-desc"),
        tag("g", *_vertical_ticks(axes, y), *_horizontal_ticks(x), class_="ticks"),
        tag("text", axes.x, class_="axis", x=(LEFT + RIGHT) / 2, y=HEIGHT - 8),
        tag("svg", *_curves(drawn, x, y), **_plot_area(), class_="curves"),
        role="img",
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        aria_labelledby=f"{axes.key}-title {axes.key}-desc",
        data_domain=f"{x.low!r} {x.high!r} {y.low!r} {y.high!r}",
        data_area=f"{LEFT:g} {TOP:g} {RIGHT:g} {BOTTOM:g}",
        data_percent=axes.percent,
        data_x=axes.x,
    )


def _plot_area() -> dict[str, str]:
    """A clip: what lies outside of the axes is not seen, also when the script enlarges a part."""
    edges = (LEFT, TOP - 2, RIGHT - LEFT, BOTTOM - TOP + 4)
    x, y, width, height = (f"{edge:g}" for edge in edges)
    view = f"{x} {y} {width} {height}"
    return {"x": x, "y": y, "width": width, "height": height, "viewBox": view}


def _scales(lines: Sequence[Line]) -> tuple[Scale, Scale]:
    xs = [x for line in lines for x in line.xs]
    ys = [
        y for line in lines for values in (line.ys, line.low, line.high) for y in values
        if math.isfinite(y)
    ]  # fmt: skip
    low, high = span(ys)
    room = 0.04 * (high - low)
    first, last = span(xs)
    return Scale(first, last, LEFT, RIGHT), Scale(low - room, high + room, BOTTOM, TOP)


def _curves(lines: Sequence[Line], x: Scale, y: Scale) -> Iterator[Html]:
    for line in lines:
        if len(line.low):
            yield tag(
                "path", class_=f"band c{line.colour % 8}", d=_band(line, x, y), **_band_data(line)
            )
    for line in lines:
        yield tag(
            "path",
            class_=_classes(line),
            d=_path(line.xs, line.ys, x, y),
            data_name=line.name,
            data_xs=_numbers_of(line.xs),
            data_ys=_numbers_of(line.ys),
        )


def _classes(line: Line) -> str:
    kind = " dot" if len(line.xs) == 1 else " dashed" if line.dashed else ""
    return f"line c{line.colour % 8}{kind}"


def _band(line: Line, x: Scale, y: Scale) -> str:
    there = [f"{x(a):.1f},{y(b):.1f}" for a, b in zip(line.xs, line.high, strict=True)]
    back = [f"{x(a):.1f},{y(b):.1f}" for a, b in zip(line.xs, line.low, strict=True)]
    return f"M{' '.join([*there, *reversed(back)])}z"


def _band_data(line: Line) -> dict[str, str]:
    return {
        "data_xs": _numbers_of(line.xs),
        "data_low": _numbers_of(line.low),
        "data_high": _numbers_of(line.high),
    }


def _path(xs: Sequence[float], ys: Sequence[float], x: Scale, y: Scale) -> str:
    """A path through the finite points, broken at the others; a lone point is a dot.

    The first point of a piece stands twice: a line without length has round ends, none has not.
    """
    parts = []
    pairs = zip(xs, ys, strict=True)
    for finite, group in groupby(pairs, key=lambda pair: math.isfinite(pair[1])):
        points = [f"{x(a):.1f},{y(b):.1f}" for a, b in group if finite]
        if points:
            parts.append(f"M{' '.join([points[0], *points])}")
    return "".join(parts)


def _numbers_of(values: Sequence[float]) -> str:
    return " ".join(f"{value:.6g}" for value in values)


def _vertical_ticks(axes: Axes, y: Scale) -> Iterator[Html]:
    for value in ticks(y.low, y.high, most=6):
        yield tag("line", x1=LEFT, x2=RIGHT, y1=f"{y(value):.1f}", y2=f"{y(value):.1f}")
        yield tag(
            "text", axes.written(value), class_="at-left", x=LEFT - 6, y=f"{y(value) + 4:.1f}"
        )


def _horizontal_ticks(x: Scale) -> Iterator[Html]:
    for value in ticks(x.low, x.high, most=6):
        yield tag("text", brief(value), class_="below", x=f"{x(value):.1f}", y=BOTTOM + 18)


def _legend(lines: Sequence[Line]) -> Html:
    items = (
        tag(
            "li",
            tag(
                "svg",
                tag("path", class_=_classes(line), d="M0 5h26"),
                viewBox="0 0 26 10",
                aria_hidden="true",
            ),
            f" {line.name}",
        )
        for line in lines
    )
    return tag("ul", *items, class_="legend")


def _in_words(axes: Axes, lines: Sequence[Line]) -> str:
    """The chart for those who do not see it: where each curve begins, ends and is lowest."""
    return " ".join(f"{line.name}: {_course(axes, line)}." for line in lines)


def _course(axes: Axes, line: Line) -> str:
    points = [(y, x) for x, y in zip(line.xs, line.ys, strict=True) if math.isfinite(y)]
    if not points:
        return "no finite number"
    (first, start), (last, end) = points[0], points[-1]
    (low, at_low), (high, at_high) = min(points), max(points)
    return (
        f"from {axes.written(first)} at {axes.x} {brief(start)} to {axes.written(last)} at "
        f"{brief(end)}, lowest {axes.written(low)} at {brief(at_low)}, highest "
        f"{axes.written(high)} at {brief(at_high)}"
    )


def _numbers(axes: Axes, lines: Sequence[Line]) -> Html:
    """A table with a row for each place of any curve; of many, some at even distances."""
    places = sorted({x for line in lines for x in line.xs})
    shown = _some(places, MOST_ROWS)
    values = [dict(zip(line.xs, line.ys, strict=True)) for line in lines]
    names = [f"{number}" for number in range(len(lines))]
    table = Table(
        ("x", *names),
        [(x, *(column.get(x) for column in values)) for x in shown],
        formats={"x": brief, **dict.fromkeys(names, axes.written)},
        headings={"x": axes.x, **{key: line.name for key, line in zip(names, lines, strict=True)}},
        title=axes.title,
        missing="",
    )
    note = (
        tag("p", f"{len(shown)} of {len(places):,} places; metrics.jsonl has all.", class_="note")
        if len(shown) < len(places)
        else None
    )
    return tag("details", tag("summary", "The numbers"), html_table(table), note)


def _some(places: Sequence[float], most: int) -> list[float]:
    if len(places) <= most:
        return list(places)
    return [places[round(number * (len(places) - 1) / (most - 1))] for number in range(most)]


def charts(figures: Sequence[Html]) -> Html:
    """Charts beside each other where there is room."""
    return tag("div", join(figures), class_="charts")
