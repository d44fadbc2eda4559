"""The paths of optimizers over a surface, and the effect of the learning rate (D1-D3)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.lessons.descent import surface
from dl.plots.style import COLOURS, ink, lines, new_figure, new_panels
from dl.types import Array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 4


def optimizer_paths(
    paths: Mapping[str, Array | np.ndarray], *, function: Callable[[Any], Any] = surface
) -> "Figure":
    """Each path over the contours of `function`, side by side: points [S + 1, 2] by name.

    `function` maps [..., 2] -> [...]. Paths are those of `dl.lessons.trajectory` or
    `dl.lessons.sweep_rates`. What leaves the neighbourhood of the start is cut. Source: D2, D3.

    Raises:
        InputError: for arrays of another shape, and without paths.

    >>> import dl
    >>> figure = optimizer_paths({"sgd": dl.lessons.trajectory(dl.optimizers.sgd(0.5), steps=3)})
    >>> figure.axes[0].lines[0].get_xydata()[0].tolist()
    [-7.0, 2.0]
    """
    paths = _checked(paths)
    size = {"columns": _COLUMNS, "panel": (2.3, 1.7), "room": (0.6, 0.7)}
    figure, panels = new_panels(len(paths), **size, sharex=True, sharey=True)
    for panel, (name, points) in zip(panels, paths.items(), strict=True):
        _draw_path(panel, name, points, function)
    for panel in panels[-_COLUMNS:]:
        panel.set_xlabel("x")
    for panel in panels[::_COLUMNS]:
        panel.set_ylabel("y")
    figure.suptitle("● start     ✕ end     thin lines: equal f", fontsize="medium")
    return figure


def path_values(
    paths: Mapping[str, Array | np.ndarray], *, function: Callable[[Any], Any] = surface
) -> "Figure":
    """f along each path, step by step, on a logarithmic scale: points [S + 1, 2] by name.

    Values of f that are not above 0 have no place on the scale and are left out. Source: D3.

    Raises:
        InputError: for arrays of another shape, and without paths.

    >>> import dl
    >>> figure = path_values({"0.5": dl.lessons.trajectory(dl.optimizers.sgd(0.5), steps=3)})
    >>> [round(float(f), 3) for f in figure.axes[0].lines[0].get_ydata()]
    [6.45, 2.211, 1.996, 1.801]
    """
    paths = _checked(paths)
    figure, axes = new_figure()
    for line, (name, points) in zip(lines(len(paths)), paths.items(), strict=True):
        values = np.asarray(function(points))
        axes.plot(values, **line._asdict(), markevery=max(len(values) // 6, 1), label=name)
    axes.set(yscale="log", xlabel="step", ylabel="f(x, y)")
    figure.legend(loc="outside right center", frameon=False)
    return figure


def _draw_path(panel: Any, name: str, points: np.ndarray, function: Callable[[Any], Any]) -> None:
    reach = np.maximum(np.abs(points[0]) * (1.3, 1.5), 0.1)
    x, y = (np.linspace(-half, half, 121, dtype=np.float32) for half in reach)
    heights = np.asarray(function(np.stack(np.meshgrid(x, y), axis=-1)))
    lowest = heights.min()
    # Even steps of the root of the height: the contours of a bowl then lie at even distances.
    levels = lowest + np.linspace(0, (heights.max() - lowest) ** 0.5, 9)[1:] ** 2
    panel.contour(x, y, heights, levels=levels, colors=ink(), linewidths=0.6, alpha=0.45)
    style = {"color": COLOURS["vermilion"], "markersize": 3, "linewidth": 1.2}
    panel.plot(*points.T, "-o", **style)
    panel.plot(*points[0], "o", color=ink(), markersize=7)
    panel.plot(*points[-1], "x", color=ink(), markersize=8, markeredgewidth=2)
    panel.set(title=name, xlim=(-reach[0], reach[0]), ylim=(-reach[1], reach[1]))
    panel.grid(False)


def _checked(paths: Mapping[str, Array | np.ndarray]) -> dict[str, np.ndarray]:
    arrays = {name: np.asarray(points, np.float32) for name, points in paths.items()}
    wrong = {name: points.shape for name, points in arrays.items() if points.shape[1:] != (2,)}
    if wrong or not arrays:
        raise InputError(f"paths are points [S + 1, 2] by name, not of shapes {wrong or 'none'}")
    return arrays
