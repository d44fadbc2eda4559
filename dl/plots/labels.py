"""Words in pictures: names that came from data, cut to a length and made safe."""

import textwrap
from collections.abc import Sequence
from typing import Any

from dl.screen import escaped

_MOST_TICKS = 30
_HANDLE, _LETTER, _LINE = 0.7, 0.085, 0.2
"""Inches of a legend: what stands before a label, a letter's width, a line's height."""


def shortened(text: str, most: int) -> str:
    """`text` with at most `most` characters, without control characters and without mathematics.

    A dollar sign would begin a formula of matplotlib.

    >>> shortened("ankle boot", 8), shortened("$5", 8)
    ('ankle b…', '\\\\$5')
    """
    line = " ".join(escaped(text).split())
    cut = line if len(line) <= most else f"{line[: most - 1]}…"
    return cut.replace("$", r"\$")


def wrapped(text: str, width: int, *, lines: int = 2) -> str:
    """`text` in at most `lines` lines of `width` characters.

    >>> wrapped("a sandal or an ankle boot", 12)
    'a sandal or\\nan ankle…'
    """
    safe = shortened(text, 10 * width * lines)
    return "\n".join(textwrap.wrap(safe, width, max_lines=lines, placeholder="…"))


def legend_below(figure: Any, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """A legend below the axes, in as many columns as the figure's width has room for.

    A label that is wider than the figure is broken into lines, and the figure grows by a legend of
    more than four lines.
    """
    width = figure.get_figwidth()
    letters = int((width - _HANDLE) / _LETTER)
    labels = ["\n".join(textwrap.wrap(label, letters)) for label in labels]
    longest = max((len(line) for label in labels for line in label.split("\n")), default=0)
    columns = max(1, min(3, len(labels), int(width / (_HANDLE + _LETTER * longest))))
    height = -(-sum(1 + label.count("\n") for label in labels) // columns)
    figure.set_figheight(figure.get_figheight() + _LINE * max(0, height - 4))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)


def class_ticks(axes: Any, names: Sequence[str]) -> None:
    """Name the rows and columns of a matrix of classes; of many classes some of their numbers."""
    if len(names) > _MOST_TICKS:
        return
    places = range(len(names))
    labels = [shortened(name, 14) for name in names]
    turned = max(map(len, labels)) > 2
    axes.set_xticks(places, labels, rotation=90 if turned else 0)
    axes.set_yticks(places, labels)
