"""Decision regions of problems in the plane: points, classes, and what a net makes of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.inspect.decisions import Decisions
from dl.plots.style import ink, lines, new_panels
from dl.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 3


def decision_regions(
    grids: Decisions | Mapping[str, Decisions],
    *,
    points: Array | np.ndarray | None = None,
    labels: Array | np.ndarray | None = None,
    class_names: Sequence[str] = (),
) -> "Figure":
    """The regions of each class, and `points` [N, 2] of the classes `labels` [N] or [N, 1].

    Several grids by name stand side by side. The more certain an answer is, the stronger is its
    colour; boundaries are where two classes are equally probable. Source: A3, A4, D11.

    Raises:
        InputError: for points without labels, and for labels of other classes.

    >>> import dl
    >>> grid = dl.inspect.decision_grid(lambda points: points[:, 0] > 0, side=5)
    >>> figure = decision_regions(grid, points=np.eye(2), labels=np.array([1, 0]))
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['class 0', 'class 1']
    """
    named = {"": grids} if isinstance(grids, Decisions) else dict(grids)
    known = max(grid.probabilities.shape[-1] for grid in named.values())
    names = list(class_names) or [f"class {number}" for number in range(known)]
    groups = _by_class(points, labels, known)
    size = {"columns": _COLUMNS, "panel": (2.9, 2.7), "room": (1.0, 0.9)}
    figure, panels = new_panels(len(named), **size, sharex=True, sharey=True)
    for panel, (name, grid) in zip(panels, named.items(), strict=True):
        _draw_grid(panel, grid)
        for line, group in zip(lines(known), groups, strict=False):
            panel.scatter(*group.T, **_dots(line))
        panel.set(title=name)
    figure.supxlabel("x₁", fontsize="medium")
    figure.supylabel("x₂", fontsize="medium")
    figure.legend(handles=_legend(names), loc="outside upper center", ncols=4, frameon=False)
    return figure


def decision_frames(grids: Mapping[str, Decisions], **options: Any) -> "list[Figure]":
    """`decision_regions` of each grid alone, with its name as title: the frames of an animation.

    `options` are those of `decision_regions`; `dl.plots.save_animation` makes a GIF of the frames.

    >>> import dl
    >>> grid = dl.inspect.decision_grid(lambda points: points[:, 0] > 0, side=5)
    >>> [frame.axes[0].get_title() for frame in decision_frames({"step 0": grid, "step 9": grid})]
    ['step 0', 'step 9']
    """
    return [decision_regions({name: grid}, **options) for name, grid in grids.items()]


def _draw_grid(panel: Any, grid: Decisions) -> None:
    from matplotlib.colors import to_rgb

    known = grid.probabilities.shape[-1]
    colours = np.array([to_rgb(line.color) for line in lines(known)])
    certain = (grid.probabilities.max(-1) - 1 / known) / (1 - 1 / known)
    strength = 0.1 + 0.45 * certain.clip(0, 1)
    picture = np.dstack([colours[grid.classes], strength])
    half = [(axis[1] - axis[0]) / 2 for axis in (grid.x, grid.y)]
    ends = [(axis[0] - d, axis[-1] + d) for axis, d in zip((grid.x, grid.y), half, strict=True)]
    panel.imshow(picture, origin="lower", extent=(*ends[0], *ends[1]), aspect="auto")
    for number in range(known if known > 2 else 1):
        rest = np.delete(grid.probabilities, number, axis=-1).max(-1)
        lead = grid.probabilities[..., number] - rest
        if lead.min() < 0 < lead.max():
            panel.contour(grid.x, grid.y, lead, levels=[0], colors=ink(), linewidths=1.2)
    panel.grid(False)


def _by_class(points: Any, labels: Any, known: int) -> list[np.ndarray]:
    """The points of each class."""
    if (points is None) != (labels is None):
        raise InputError("points and labels belong together: give both, or neither")
    if points is None:
        return []
    places, classes = np.asarray(points), np.asarray(labels).reshape(-1).astype(int)
    if len(places) != len(classes) or not set(classes.tolist()) <= set(range(known)):
        raise InputError(
            f"{len(places)} points have {len(classes)} labels from {classes.min()} to "
            f"{classes.max()}: give each a label from 0 to {known - 1}"
        )
    return [places[classes == number] for number in range(known)]


def _dots(line: Any) -> dict[str, Any]:
    style = {"s": 14, "linewidths": 0.5, "edgecolors": ink()}
    return {"color": line.color, "marker": line.marker, **style}


def _legend(names: Sequence[str]) -> list[Any]:
    from matplotlib.lines import Line2D

    style = {"linestyle": "", "markeredgecolor": ink(), "markeredgewidth": 0.5}
    return [
        Line2D([], [], marker=line.marker, color=line.color, label=name, **style)
        for line, name in zip(lines(len(names)), names, strict=True)
    ]
