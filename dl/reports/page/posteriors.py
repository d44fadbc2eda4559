"""A spectrogram with the posteriors of CTC below it, as SVG."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

import numpy as np

from dl.decoding.ctc import Emission, emissions
from dl.layers.spectra import STEP_MS
from dl.reports.page.html import Html, tag
from dl.reports.page.pictures import png
from dl.reports.page.scales import Scale, brief, ticks

_Path: TypeAlias = Sequence[Emission]
WIDTH, LEFT, RIGHT = 640, 46, 630
SOUND, NAMES, CURVES, HEIGHT = (6, 116), 132, (142, 242), 282
"""From where to where spectrogram and curves reach, and the line of names between them."""
LEAST = 0.01
"""Where a posterior is below it, its curve is not drawn."""


def posteriors_svg(
    energies: np.ndarray, posteriors: np.ndarray, labels: Sequence[str], key: str
) -> Html:
    """Log-mel energies [F, M] as a picture, and the curves of [P, K + 1], over the time in seconds.

    The names stand where the best path emits labels. `key` is a name that the page has once.
    """
    step = -(-len(energies) // len(posteriors)) * STEP_MS / 1000
    sound = len(energies) * STEP_MS / 1000
    seconds = max(sound, step * len(posteriors))
    x = Scale(0.0, seconds, LEFT, RIGHT)
    path = emissions(posteriors)
    said = " ".join(labels[each.label] for each in path) or "nothing"
    upside_down = np.asarray(energies).T[::-1, :, None]
    return tag(
        "svg",
        tag("title", f"posteriors of “{said}”", id=f"{key}-title"),
        tag("desc", _in_words(path, labels, step), id=f"{key}-desc"),
        tag(
            "image",
            href=png(upside_down),
            x=LEFT,
            y=SOUND[0],
            width=f"{x(sound) - LEFT:.1f}",
            height=SOUND[1] - SOUND[0],
            preserveAspectRatio="none",
        ),
        tag("g", *_ticks(x), class_="ticks"),
        *_curves(posteriors, path, x, step),
        tag("g", *_names(path, labels, x, step), class_="names"),
        tag("text", "time in s", class_="axis", x=(LEFT + RIGHT) / 2, y=HEIGHT - 4),
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
        class_="posteriors",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
    )


_Y = Scale(0.0, 1.0, CURVES[1], CURVES[0])


def _ticks(x: Scale) -> Iterator[Html]:
    for value in (0.0, 0.5, 1.0):
        y = f"{_Y(value):.1f}"
        yield tag("line", x1=LEFT, x2=RIGHT, y1=y, y2=y)
        yield tag("text", brief(value), class_="at-left", x=LEFT - 6, y=f"{_Y(value) + 4:.1f}")
    for value in ticks(x.low, x.high, most=8):
        yield tag("text", brief(value), class_="below", x=f"{x(value):.1f}", y=CURVES[1] + 18)


def _curves(posteriors: np.ndarray, path: _Path, x: Scale, step: float) -> Iterator[Html]:
    yield tag("path", d=_line(posteriors[:, 0], x, step), class_="line c6 dashed blank")
    own = sorted({each.label for each in path})
    for colour, label in enumerate(own):
        line = _line(posteriors[:, label + 1], x, step)
        yield tag("path", d=line, class_=f"line c{colour % 6}", data_label=label)


def _line(values: np.ndarray, x: Scale, step: float) -> str:
    """A path through the values that can be seen, each piece with the points beside it."""
    near = np.convolve(values >= LEAST, [1, 1, 1], mode="same") > 0
    pieces = []
    for seen, places in groupby(range(len(values)), key=lambda place: bool(near[place])):
        if seen:
            points = [f"{x((n + 0.5) * step):.1f},{_Y(float(values[n])):.1f}" for n in places]
            pieces.append(f"M{' '.join(points)}")
    return "".join(pieces)


def _names(path: _Path, labels: Sequence[str], x: Scale, step: float) -> Iterator[Html]:
    for each in path:
        at = f"{x((each.step + 0.5) * step):.1f}"
        yield tag("text", labels[each.label], class_="below", x=at, y=NAMES)
        yield tag("line", x1=at, x2=at, y1=NAMES + 4, y2=CURVES[1])


def _in_words(path: _Path, labels: Sequence[str], step: float) -> str:
    heard = (f"{labels[each.label]} at {(each.step + 0.5) * step:.2f} s" for each in path)
    return f"Emitted: {', '.join(heard) or 'nothing'}."
