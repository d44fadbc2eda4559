"""What holds for every picture: each text can be read, whole and alone."""

from itertools import combinations
from typing import Any
from unittest.mock import patch

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SMALLEST = 6.5
"""Points below which a text is too small to be read."""

SLACK = 1.0
"""Pixels that the box of a text reaches beyond its letters."""


def check_layout(figure: Figure) -> None:
    """Assert that each text lies inside `figure`, is large enough, and covers no other text."""
    texts = shown_texts(figure)
    assert texts, "a picture without any text says nothing"
    page = figure.bbox.padded(SLACK)
    outside = [name for name, box in texts if not _inside(box, page)]
    assert not outside, f"outside the figure: {outside}"
    covered = [(name, other) for (name, a), (other, b) in combinations(texts, 2) if _overlap(a, b)]
    assert not covered, f"texts that overlap: {covered}"


def shown_texts(figure: Figure) -> list[tuple[str, Bbox]]:
    """The texts that a drawing of `figure` shows, and their boxes in pixels."""
    drawn: dict[int, Text] = {}
    draw = Text.draw

    def record(text: Text, renderer: object) -> None:
        drawn[id(text)] = text
        draw(text, renderer)

    canvas = FigureCanvasAgg(figure)
    # Of ticks matplotlib keeps more than it shows, so what is shown is told by the drawing alone.
    with patch.object(Text, "draw", record):
        canvas.draw()
    shown = [text for text in drawn.values() if text.get_visible() and text.get_text().strip()]
    small = [text.get_text() for text in shown if float(text.get_fontsize()) < SMALLEST]
    assert not small, f"too small to be read: {small}"
    return [(text.get_text(), text.get_window_extent()) for text in shown]


def panels(figure: Any) -> list[Any]:
    """The axes of a figure, whose data tests compare."""
    return figure.axes


def _inside(box: Bbox, page: Bbox) -> bool:
    return page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1


def _overlap(a: Bbox, b: Bbox) -> bool:
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    return width > SLACK and height > SLACK
