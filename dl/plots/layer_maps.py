"""What convolutions learned and what they make of a picture: filters and feature maps (E8, E12)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.inspect.maps.filters import filter_grid
from dl.plots.labels import shortened
from dl.plots.picture_grid import show_picture, tiled
from dl.plots.style import new_figure, pictures_only

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 10
_MOST_MAPS = 20
_WIDTH, _LARGEST = 6.7, 1.3
"""Inches of a row of maps, and of a map where there are few."""
_MOST_FILTERS = 100
_MOST_CHANNELS = 16


def filters(kernel: Any, *, name: str = "filters") -> "Figure":
    """The filters of a layer [h, w, C, F] as a grid of pictures (E12).

    Middle grey is a weight of 0; white and black are the largest size of a weight in the filter.
    Kernels of three channels are in colour. Of other kernels with several channels a row is one
    filter, with a tile for each channel. At most 100 filters are drawn, and of this last kind 16,
    with 16 channels.

    Raises:
        InputError: for an array of another shape.

    >>> filters(np.ones((5, 5, 1, 20))).axes[0].get_title()
    'filters: 20 of 5×5×1'
    """
    shape = np.shape(kernel)
    kernel = _cut(np.asarray(kernel)) if len(shape) == 4 else np.asarray(kernel)
    grid = filter_grid(kernel)
    height, width, channels, count = shape
    title = f"{shortened(name, 40)}: {count} of {height}×{width}×{channels}"
    if kernel.shape != shape:
        title += f", {kernel.shape[3]} shown"
        title += f" in {kernel.shape[2]} channels" * (kernel.shape[2] != channels)
    aspect = grid.shape[0] / grid.shape[1]
    figure, axes = new_figure(width=6.4, height=max(2.0, min(8.0, 5.2 * aspect + 0.6)))
    drawn = axes.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    pictures_only(axes)
    axes.set_title(title)
    if channels != 3:
        bar = figure.colorbar(drawn, ax=axes, fraction=0.05, pad=0.02, ticks=[0, 127.5, 255])
        bar.ax.set_yticklabels(["−1", "0", "1"])
        bar.set_label("weight / largest size in the filter")
    return figure


def _cut(kernel: np.ndarray) -> np.ndarray:
    """The filters [h, w, C, F] that are drawn: the first ones, and of many channels the first."""
    if kernel.shape[2] in (1, 3):
        return kernel[..., :_MOST_FILTERS]
    return kernel[:, :, :_MOST_CHANNELS, :_MOST_CHANNELS]


def feature_maps(picture: Any, maps: Mapping[str, Any], *, title: str = "") -> "Figure":
    """A picture [H, W, C] and, layer by layer, the maps [h, w, F] that a net makes of it (E8).

    A layer's maps are on one grey scale, from its smallest value to its largest, so that they can
    be compared; at most 20 of them are drawn, the first ones.

    Raises:
        InputError: for arrays of other shapes.

    >>> import dl
    >>> figure = feature_maps(np.zeros((6, 6, 1)), {"conv1": np.ones((4, 4, 3))})
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['input\\n6×6×1', 'conv1\\n4×4×3']
    """
    arrays = {name: np.asarray(values) for name, values in maps.items()}
    if wrong := [name for name, values in arrays.items() if values.ndim != 3]:
        raise InputError(
            f"maps are [h, w, F], and {wrong[0]} is of shape {arrays[wrong[0]].shape}: "
            "give those of one picture, of layers that have maps"
        )
    shown = {name: values[..., :_MOST_MAPS] for name, values in arrays.items()}
    columns = min(_COLUMNS, max((values.shape[2] for values in shown.values()), default=1))
    rows = [1, *(-(-values.shape[2] // columns) for values in shown.values())]
    side = min(_LARGEST, _WIDTH / columns)
    width, height = max(4.0, 1.3 + columns * side), 1.07 * side * sum(rows) + 0.5
    figure, panels = new_figure(len(rows), width=width, height=height, height_ratios=rows)
    panels = np.ravel(panels)
    show_picture(panels[0], picture)
    panels[0].set_anchor("W")
    _name_row(panels[0], "input", np.shape(picture))
    for axes, (name, values) in zip(panels[1:], arrays.items(), strict=True):
        tiles = tiled(shown[name].transpose(2, 0, 1), columns=columns)
        axes.imshow(tiles, cmap="gray", interpolation="nearest")
        pictures_only(axes)
        axes.set_anchor("W")
        _name_row(axes, name, values.shape)
    figure.suptitle(title, fontsize=10)
    return figure


def _name_row(axes: Any, name: str, shape: tuple[int, ...]) -> None:
    words = f"{shortened(name, 24)}\n{'×'.join(map(str, shape))}"
    axes.set_ylabel(words, rotation=0, ha="right", va="center", fontsize=8)
