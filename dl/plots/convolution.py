"""A convolution step by step: the window, the products, their sum, the output so far (E3)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.lessons.convolution import Steps
from dl.plots.style import COLOURS, new_figure, pictures_only

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LETTERS = "#1a1a1a"  # cells are light in both themes
_COLUMNS = 5
_MOST = 25


def convolution_step(steps: Steps, number: int) -> "Figure":
    """Step `number`, from 0 on: the window on the picture, the products, the output so far.

    `steps` are those of `dl.lessons.convolve_step_by_step`. Source: E3.

    Raises:
        InputError: when there is no such step.

    >>> from dl.lessons.convolution import EXAMPLE, EXAMPLE_KERNEL, convolve_step_by_step
    >>> figure = convolution_step(convolve_step_by_step(EXAMPLE, EXAMPLE_KERNEL), 1)
    >>> [axes.get_title() for axes in figure.axes]
    ['picture', 'pixel · weight', 'output so far; sum = 3']
    """
    if not 0 <= number < len(steps.corners):
        raise InputError(f"step {number} of a convolution with steps 0 to {len(steps.corners) - 1}")
    figure, axes = new_figure(1, 3, width=8.6, height=3.4)
    left, middle, right = np.ravel(axes)
    (row, column), (height, width) = steps.corners[number], steps.kernel.shape
    window = steps.picture[row : row + height, column : column + width]
    factors = [f"{x:g} · {k:g}" for x, k in zip(window.flat, steps.kernel.flat, strict=True)]
    _draw_cells(left, steps.picture, title="picture")
    _outline(left, (row, column), steps.kernel.shape)
    _draw_cells(middle, steps.products[number], factors, title="pixel · weight")
    done = np.where(np.arange(steps.output.size) <= number, steps.output.ravel(), np.nan)
    total = float(steps.products[number].sum())
    _draw_cells(right, done.reshape(steps.output.shape), title=f"output so far; sum = {total:g}")
    _outline(right, divmod(number, steps.output.shape[1]), (1, 1))
    return figure


def convolution_frames(steps: Steps) -> "list[Figure]":
    """`convolution_step` of every step: the frames of an animation for `dl.plots.save_animation`.

    >>> from dl.lessons.convolution import EXAMPLE, EXAMPLE_KERNEL, convolve_step_by_step
    >>> len(convolution_frames(convolve_step_by_step(EXAMPLE, EXAMPLE_KERNEL)))
    9
    """
    return [convolution_step(steps, number) for number in range(len(steps.corners))]


def convolution_steps(steps: Steps) -> "Figure":
    """The window of each step on the picture, with the step's sum, arranged as the output is.

    Source: E3.

    Raises:
        InputError: for more steps than a figure holds.

    >>> from dl.lessons.convolution import EXAMPLE, EXAMPLE_KERNEL, convolve_step_by_step
    >>> figure = convolution_steps(convolve_step_by_step(EXAMPLE, EXAMPLE_KERNEL))
    >>> [axes.get_title() for axes in figure.axes[:3]]
    ['sum = 4', 'sum = 3', 'sum = 4']
    """
    rows, columns = steps.output.shape
    if rows * columns > _MOST or columns > _COLUMNS:
        raise InputError(
            f"{rows} × {columns} steps do not fit in a figure: take a smaller picture, or "
            "convolution_step for one of them"
        )
    figure, axes = new_figure(rows, columns, width=2.2 * columns, height=2.4 * rows)
    for panel, corner, products in zip(np.ravel(axes), steps.corners, steps.products, strict=True):
        _draw_cells(panel, steps.picture, title=f"sum = {float(products.sum()):g}")
        _outline(panel, corner, steps.kernel.shape)
        for (i, j), weight in np.ndenumerate(steps.kernel):
            place = (corner[1] + j + 0.44, corner[0] + i + 0.4)
            style = {"ha": "right", "va": "bottom", "fontsize": 7, "weight": "bold"}
            panel.text(*place, f"×{weight:g}", color="#a33c00", **style)
    return figure


def _draw_cells(panel: Any, values: np.ndarray, words: Any = None, *, title: str) -> None:
    """Cells that are the darker the larger their values; those without a value are empty."""
    low, high = np.nanmin(values), np.nanmax(values)
    span = max(high - low, 1e-9)
    panel.imshow(values, cmap="Greys", vmin=low - 0.05 * span, vmax=low + 2.5 * span)
    letters = [f"{value:g}" for value in values.flat] if words is None else words
    shape = values.shape
    for (row, column), word, value in zip(np.ndindex(*shape), letters, values.flat, strict=True):
        if np.isfinite(value):
            panel.text(column, row, word, ha="center", va="center", color=_LETTERS)
    edges = [np.arange(side + 1) - 0.5 for side in shape]
    style = {"colors": "#808080", "linewidths": 0.6, "clip_on": False}
    panel.hlines(edges[0], edges[1][0], edges[1][-1], **style)
    panel.vlines(edges[1], edges[0][0], edges[0][-1], **style)
    pictures_only(panel)
    panel.set_title(title, fontsize="medium")


def _outline(panel: Any, place: Sequence[int], shape: Sequence[int]) -> None:
    from matplotlib.patches import Rectangle

    corner = (place[1] - 0.5, place[0] - 0.5)
    style = {"fill": False, "edgecolor": COLOURS["vermilion"], "linewidth": 2.5, "clip_on": False}
    panel.add_patch(Rectangle(corner, shape[1], shape[0], **style, zorder=3))
