"""The receptive field of one unit, drawn on a picture (E7)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.inspect.cost.fields import Seen
from dl.plots.style import Line, lines, new_figure, pictures_only
from dl.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def receptive_fields(picture: Array | np.ndarray, fields: Sequence[Seen]) -> "Figure":
    """The `fields` as rectangles on a picture [H, W], [H, W, 1] or [H, W, 3].

    They are those of `dl.inspect.fields_of_unit`. Values of a picture in colour are whole numbers
    from 0 to 255, or shares from 0 to 1. Source: E7.

    Raises:
        InputError: for an array that is no picture, and without fields.

    >>> figure = receptive_fields(np.zeros((28, 28)), [Seen("conv1", 9, 5, 5, 5)])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['conv1: 5 × 5']
    """
    pixels = np.asarray(picture)
    if pixels.ndim not in (2, 3) or pixels.shape[2:] not in ((), (1,), (3,)) or not fields:
        raise InputError(
            f"a picture is [H, W], [H, W, 1] or [H, W, 3], not {pixels.shape}, and has at least "
            "one field drawn on it"
        )
    figure, axes = new_figure(width=6.4, height=4.6)
    axes.imshow(pixels.squeeze(-1) if pixels.shape[2:] == (1,) else pixels, cmap="gray")
    for line, seen in zip(lines(len(fields)), fields, strict=True):
        _draw_field(axes, seen, line)
    pictures_only(axes)
    _show_all(axes, pixels.shape, fields)
    figure.legend(loc="outside right center", frameon=False, title="what a unit sees (pixels)")
    return figure


def _draw_field(axes: Any, seen: Seen, line: Line) -> None:
    from matplotlib.patches import Rectangle

    place = ((seen.left - 0.5, seen.top - 0.5), seen.width, seen.height)
    axes.add_patch(Rectangle(*place, fill=False, edgecolor="#161616", linewidth=3.5))
    style = {"edgecolor": line.color, "linestyle": line.linestyle, "linewidth": 2}
    label = f"{seen.layer}: {seen.height} × {seen.width}"
    axes.add_patch(Rectangle(*place, fill=False, **style, label=label))


def _show_all(axes: Any, shape: tuple[int, ...], fields: Sequence[Seen]) -> None:
    """Limits that hold the picture and what fields see of its padding."""
    right = max(shape[1], *(seen.left + seen.width for seen in fields))
    bottom = max(shape[0], *(seen.top + seen.height for seen in fields))
    left, top = min(0, *(s.left for s in fields)), min(0, *(s.top for s in fields))
    axes.set(xlim=(left - 1, right), ylim=(bottom, top - 1))
