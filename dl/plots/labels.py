"""Words in pictures: names that came from data, cut to a length and made safe."""

import textwrap
from collections.abc import Sequence
from typing import Any

from dl.screen import escaped

_MOST_TICKS = 30


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
    """A legend below the axes, in as many columns as the figure's width has room for."""
    longest = max(map(len, labels), default=0)
    room = figure.get_figwidth() / (0.7 + 0.085 * longest)
    columns = max(1, min(3, len(labels), int(room)))
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
