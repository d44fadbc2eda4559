"""Attention on the page: a matrix of two sentences as SVG, places of a picture in its pixels."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from dl.reports.page.html import Html, tag
from dl.runs.translate import Translation

CELL, LETTER = 18, 7.5
"""Pixels of a cell's side, and of a letter's width."""
LEAST = 0.02
"""A weight below it is not drawn."""
_MOST_LETTERS, _LONGEST_SIDE = 16, 128
_DIMMED, _STRENGTH = 0.6, 0.85
_VERMILION = np.array([213.0, 94.0, 0.0])


def alignment_svg(translation: Translation, key: str) -> Html:
    """A row for each written symbol, a column for each one that was read.

    The opacity of a cell is its weight. `key` is a name that the page has once.
    """
    source, written = (
        [_short(each) for each in side] for side in (translation.source, translation.symbols)
    )
    left, top = (LETTER * max(map(len, side)) + 10 for side in (written, source))
    width, height = left + CELL * len(source) + 4, top + CELL * len(written) + 4
    return tag(
        "svg",
        tag("title", f"attention of “{translation.text}”", id=f"{key}-title"),
        tag("desc", _in_words(translation), id=f"{key}-desc"),
        tag("g", *_names(source, written, left, top), class_="names"),
        tag("g", *_cells(translation.attention, left, top), class_="weights"),
        tag(
            "rect",
            x=f"{left:g}",
            y=f"{top:g}",
            width=CELL * len(source),
            height=CELL * len(written),
            class_="frame",
        ),
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
        class_="alignment",
        width=f"{width:g}",
        height=f"{height:g}",
        viewBox=f"0 0 {width:g} {height:g}",
    )


def overlaid(pixels: Any, weights: np.ndarray) -> np.ndarray:
    """A dimmed picture with red places where weights [h, w] are high: uint8 [H', W', 3].

    The places lie evenly over the picture [H, W, C], of which large ones are thinned out.

    >>> overlaid(np.full((2, 4, 1), 100, np.uint8), np.array([[0.0, 1.0]]))[0, :, 0].tolist()
    [60, 60, 190, 190]
    """
    picture = np.asarray(pixels, np.float64)
    step = -(-max(picture.shape[:2]) // _LONGEST_SIDE)
    grey = _DIMMED * picture[::step, ::step].mean(axis=-1)
    rows, columns = (
        np.arange(side) * places // side
        for side, places in zip(grey.shape, weights.shape, strict=True)
    )
    strength = weights[rows[:, None], columns] / (weights.max() or 1.0)
    alpha = _STRENGTH * strength[..., None]
    return np.rint((1 - alpha) * grey[..., None] + alpha * _VERMILION).astype(np.uint8)


def _cells(weights: np.ndarray, left: float, top: float) -> Iterator[Html]:
    for row, column in np.argwhere(weights >= LEAST):
        yield tag(
            "rect",
            x=f"{left + CELL * column:g}",
            y=f"{top + CELL * row:g}",
            width=CELL,
            height=CELL,
            fill_opacity=f"{min(1.0, float(weights[row, column])):.2f}",
        )


def _names(source: list[str], written: list[str], left: float, top: float) -> Iterator[Html]:
    for number, name in enumerate(source):
        x, y = left + CELL * (number + 0.5) + 4, top - 5
        yield tag("text", name, transform=f"translate({x:g} {y:g}) rotate(-90)")
    for number, name in enumerate(written):
        yield tag(
            "text", name, x=f"{left - 5:g}", y=f"{top + CELL * (number + 0.5) + 4:g}",
            class_="at-left",
        )  # fmt: skip


def _short(symbol: str) -> str:
    return symbol if len(symbol) <= _MOST_LETTERS else f"{symbol[: _MOST_LETTERS - 1]}…"


def _in_words(translation: Translation) -> str:
    """For those who do not see it: which symbol each written one looked at most."""
    looked = translation.attention.argmax(axis=1)
    pairs = (
        f"{symbol}: {translation.source[place]}"
        for symbol, place in zip(translation.symbols, looked, strict=True)
    )
    return f"Looked at most for each written symbol: {'; '.join(pairs)}."
