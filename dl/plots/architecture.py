"""The layers of a model with their shapes, as boxes and arrows (E8-E13)."""

from typing import TYPE_CHECKING, Any

from dl.errors import InputError
from dl.inspect.cost.drawing import Arrow, Box, Drawing, draw_model
from dl.plots.diagram import mixed_with_ground
from dl.plots.style import COLOURS, ink, new_figure
from dl.tables import times
from dl.types import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KIND_COLOURS = {
    "convolution": "blue",
    "pooling": "orange",
    "dense": "green",
    "recurrent": "purple",
    "embedding": "vermilion",
    "normalisation": "sky",
}
"""The colour of a box by the kind of its layer; other boxes have that of the page."""

_SCALE = 1 / 90
"""Inches for a unit of the drawing."""
_MARGIN = 10.0
_LETTERS = 24
"""The most letters on a line of a box."""


def architecture(model: Model | Drawing, input_shape: tuple[int, ...] = ()) -> "Figure":
    """A box for each layer, with its shape and parameters, and arrows from layer to layer.

    Give a model with the shape of its inputs (one example), or the drawing of
    `dl.inspect.cost.drawing.draw_model`. The input is at the top; where paths join is a small box.
    Source: E8-E13.

    Raises:
        InputError: for a model without `input_shape`, and one that does not mark its layers.

    >>> import dl
    >>> figure = architecture(dl.models.softmax_regression(10), (4,))
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    ['input\\n4', 'output\\n10 · 50 parameters']
    """
    if isinstance(model, Drawing):
        drawing = model
    elif input_shape:
        drawing = draw_model(model, input_shape)
    else:
        raise InputError("give the shape of one input, such as (28, 28, 1), with the model")
    width, height = (side + 2 * _MARGIN for side in (drawing.width, drawing.height))
    figure, axes = new_figure(width=width * _SCALE, height=height * _SCALE)
    figure.set_layout_engine("none")
    axes.set_position((0, 0, 1, 1))
    axes.set(xlim=(-_MARGIN, width - _MARGIN), ylim=(height - _MARGIN, -_MARGIN))
    axes.set_axis_off()
    for arrow in drawing.arrows:
        _draw_arrow(axes, arrow)
    for box in drawing.boxes:
        _draw_box(axes, box)
    return figure


def _draw_box(axes: Any, box: Box) -> None:
    from matplotlib.patches import FancyBboxPatch

    known = KIND_COLOURS.get(box.kind)
    colours = {"facecolor": axes.get_facecolor(), "edgecolor": ink()}
    if known:
        colours = {"facecolor": mixed_with_ground(known, 0.2), "edgecolor": COLOURS[known]}
    style = {"boxstyle": "round,pad=0,rounding_size=5", "linewidth": 1.0, "zorder": 2}
    size = (box.width, box.height)
    axes.add_patch(FancyBboxPatch((box.x, box.y), *size, **style, **colours))
    middle = (box.x + box.width / 2, box.y + box.height / 2)
    how = {"ha": "center", "va": "center", "fontsize": 8, "linespacing": 1.4, "zorder": 3}
    axes.text(*middle, "\n".join(_lines(box)), **how)


def _lines(box: Box) -> list[str]:
    """What stands in a box: the end of the layer's name, the shape of its outputs, parameters."""
    if box.kind == "join":
        return [box.name]
    name = box.name if len(box.name) <= _LETTERS else "…" + box.name[1 - _LETTERS :]
    shape = times(box.output_shape) or "a number"
    return [name, f"{shape} · {box.parameters:,} parameters" if box.parameters else shape]


def _draw_arrow(axes: Any, arrow: Arrow) -> None:
    style = {"color": ink(), "linewidth": 0.9, "zorder": 1}
    axes.plot(*zip(*arrow.points, strict=True), **style)
    head = {"arrowstyle": "-|>", "color": ink(), "shrinkA": 0, "shrinkB": 0, "linewidth": 0.9}
    axes.annotate("", arrow.points[-1], arrow.points[-2], arrowprops=head)
