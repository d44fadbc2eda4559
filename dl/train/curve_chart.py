"""The curves of a training as a drawing in SVG, for notebooks: small, and without matplotlib.

Axes and text take the colour of the page, so that they can be read on light and on dark ones.
"""

import math
from collections.abc import Sequence
from html import escape

from dl.train.record import Record

_LINES = {"train": ("#0072B2", ""), "validation": ("#D55E00", "6 3")}
"""Colour (Okabe & Ito 2008) and dashes of each part."""
_WIDTH, _HEIGHT = 320, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 24, 34
_MOST_POINTS = 200
_MOST_METRICS = 3


def curves_html(records: Sequence[Record], *, epochs: int) -> str:
    """The newest values of each part and all curves; "" before there is a record."""
    return _legend(records) + curve_chart(records, epochs=epochs) if records else ""


def curve_chart(records: Sequence[Record], *, epochs: int) -> str:
    """A chart for each metric, the loss first, with a curve for each part over the epochs.

    Of many metrics the first three are drawn. Values that are not finite leave a gap.

    >>> svg = curve_chart([Record(1, 1.0, "train", {"loss": 0.5})], epochs=2)
    >>> svg[:4], svg.count("<circle")
    ('<svg', 1)
    """
    names = dict.fromkeys(name for record in records for name in record.values)
    shown = sorted(names, key=lambda name: name != "loss")[:_MOST_METRICS]
    charts = [_chart(records, name, epochs, place) for place, name in enumerate(shown)]
    width = _WIDTH * max(len(charts), 1)
    told = escape(f"Curves of {', '.join(shown) or 'nothing yet'} over the epochs")
    return (
        f'<svg role="img" aria-label="{told}" viewBox="0 0 {width} {_HEIGHT}" width="{width}" '
        'style="max-width:100%;height:auto" font-family="sans-serif" font-size="11" '
        f'fill="currentColor">{"".join(charts)}</svg>'
    )


def ticks(low: float, high: float) -> list[float]:
    """Round numbers, the first at or below `low`, the last at or above `high`.

    There are 3 to 6 of them, or 2 if the ends are equal.

    >>> ticks(0.0, 2.4), ticks(0.93, 0.97), ticks(2.0, 2.0)
    ([0.0, 1.0, 2.0, 3.0], [0.93, 0.94, 0.95, 0.96, 0.97], [2.0, 3.0])
    """
    size = max(abs(low), abs(high)) or 1.0
    span = high - low if high - low > 1e-9 * size else size
    unit = 10.0 ** math.floor(math.log10(span / 2))
    step = next(unit * factor for factor in (1, 2, 5, 10) if span / (unit * factor) <= 4)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    last = max(last, first + 1)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def _chart(records: Sequence[Record], name: str, epochs: int, place: int) -> str:
    curves = {split: _points(records, split, name) for split in _LINES}
    values = [value for points in curves.values() for _, value in points if math.isfinite(value)]
    rungs = ticks(min(values), max(values)) if values else [0.0, 1.0]
    low, high = rungs[0], rungs[-1]

    def at(epoch: float, value: float) -> tuple[float, float]:
        right = _LEFT + epoch / epochs * (_WIDTH - _LEFT - _RIGHT)
        return right, _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    frame = "".join(_rung(rung, at(0, rung)[1]) for rung in rungs) + _foot(epochs)
    drawn = "".join(
        _curve(
            [(at(epoch, value) if math.isfinite(value) else None) for epoch, value in points], *line
        )
        for (points, line) in zip(curves.values(), _LINES.values(), strict=True)
    )
    return (
        f'<g transform="translate({place * _WIDTH} 0)"><text x="{_LEFT}" y="14" '
        f'font-weight="bold">{escape(name)}</text>{frame}{drawn}</g>'
    )


def _points(records: Sequence[Record], split: str, name: str) -> list[tuple[float, float]]:
    """Epochs and values of one curve; of very many points some, and the last."""
    points = [
        (record.epoch, record.values[name])
        for record in records
        if record.split == split and name in record.values
    ]
    every = math.ceil(len(points) / _MOST_POINTS)
    return points[:: -every or None][::-1]


def _rung(value: float, height: float) -> str:
    """A number on the left and its thin line through the chart."""
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}" '
        'stroke="currentColor" stroke-opacity="0.2"/>'
        f'<text x="{_LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{value:g}</text>'
    )


def _foot(epochs: int) -> str:
    right, below = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM + 15
    return (
        f'<text x="{_LEFT}" y="{below}" text-anchor="middle">0</text>'
        f'<text x="{right}" y="{below}" text-anchor="end">{epochs}</text>'
        f'<text x="{(_LEFT + right) / 2}" y="{below + 12}" text-anchor="middle">epoch</text>'
    )


def _curve(places: Sequence[tuple[float, float] | None], colour: str, dashes: str) -> str:
    """A line through the places, broken where there is none, with a dot at its end."""
    words, pen_is_down = [], False
    for place in places:
        if place is not None:
            words.append(f"{'L' if pen_is_down else 'M'}{place[0]:.1f} {place[1]:.1f}")
        pen_is_down = place is not None
    ends = [place for place in places if place is not None][-1:]
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in ends)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    pen = f'fill="none" stroke="{colour}" stroke-width="2"{dashed}'
    return f'<path d="{" ".join(words)}" {pen}/>{dots}'


def _legend(records: Sequence[Record]) -> str:
    """The newest values of each part beside a piece of its line."""
    newest = {record.split: record for record in records}
    return "".join(
        _legend_row(newest[split], *_LINES[split]) for split in _LINES if split in newest
    )


def _legend_row(record: Record, colour: str, dashes: str) -> str:
    values = "  ".join(f"{name} {value:.4f}" for name, value in record.values.items())
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        '<div style="white-space:pre-wrap"><svg width="30" height="10" aria-hidden="true">'
        f'<path d="M0 5H30" stroke="{colour}" stroke-width="2"{dashed}/></svg> '
        f"{escape(record.split)}: {escape(values)}</div>"
    )
