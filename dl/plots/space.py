"""How hidden layers transform space until a line separates the classes (D11)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.inspect.codes.plane import Plane
from dl.plots.style import ink, lines, new_figure
from dl.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def space_transformation(
    planes: Mapping[str, Plane],
    labels: Array | np.ndarray,
    *,
    separability: Mapping[str, float] | None = None,
    class_names: Sequence[str] = (),
) -> "Figure":
    """The grid and the points of each layer side by side, coloured by `labels` [N] or [N, 1].

    `planes` are those of `dl.inspect.plane_by_layer`. `separability` by layer, as
    `dl.inspect.separability` gives it, stands in the titles: the accuracy of a linear classifier.
    Source: D11.

    Raises:
        InputError: when a point of a plane has no label, or a label no point.

    >>> corners = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> plane = Plane(corners, corners[None], 2)
    >>> figure = space_transformation({"inputs": plane}, np.array([0, 1]),
    ...                               separability={"inputs": 1.0})
    >>> figure.axes[0].get_title()
    'inputs\\nlinear classifier 100 %'
    """
    classes = np.asarray(labels).reshape(-1).astype(int)
    counts = {name: len(plane.points) for name, plane in planes.items()}
    if set(counts.values()) != {len(classes)}:
        raise InputError(f"{len(classes)} labels for points {counts}: give each point its class")
    size = {"width": 0.4 + 2.7 * len(planes), "height": 3.7}
    figure, axes = new_figure(1, len(planes), **size)
    for panel, (name, plane) in zip(np.ravel(axes), planes.items(), strict=True):
        _draw_plane(panel, plane, classes, class_names)
        share = (separability or {}).get(name)
        told = "" if share is None else f"\nlinear classifier {100 * share:.0f} %"
        panel.set_title(name + told, fontsize="medium")
    handles, texts = np.ravel(axes)[0].get_legend_handles_labels()
    figure.legend(handles, texts, loc="outside lower center", ncols=4, frameon=False, markerscale=2)
    return figure


def _draw_plane(panel: Any, plane: Plane, classes: np.ndarray, names: Sequence[str]) -> None:
    from matplotlib.collections import LineCollection

    panel.add_collection(LineCollection(list(plane.grid), colors=ink(), alpha=0.3, linewidths=0.7))
    known = max(len(names), classes.max() + 1)
    for number, line in enumerate(lines(known)):
        style = {"color": line.color, "marker": line.marker, "s": 9, "linewidths": 0}
        label = names[number] if names else f"class {number}"
        panel.scatter(*plane.points[classes == number].T, **style, label=label, zorder=3)
    axis = "axis {}" if plane.units <= 2 else f"component {{}} of {plane.units} units"
    panel.set(xlabel=axis.format(1), ylabel=axis.format(2), xticks=[], yticks=[])
    panel.grid(False)
    panel.autoscale_view()
