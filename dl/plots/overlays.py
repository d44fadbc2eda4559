"""Which places of a picture matter to its class: saliency and occlusion, laid over the picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.plots.picture_grid import as_shown, show_picture
from dl.plots.style import COLOURS, new_figure, pictures_only

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DIMMED = 0.6
"""The brightness of a picture below a map, on which colours stand out."""


def saliency(pictures: Any, maps: Any, *, titles: Sequence[str] = ()) -> "Figure":
    """Pictures [N, H, W, C] above, and below with their saliency [N, H, W] laid over them.

    The maps are those of `dl.inspect.saliency`. The redder a pixel, the more the score changes with
    it, beside the pixel that changes it most. Source: Simonyan et al. 2014, arXiv:1312.6034.

    Raises:
        InputError: for arrays that do not belong together.

    >>> figure = saliency(np.zeros((2, 4, 4, 1)), np.ones((2, 4, 4)))
    >>> len(figure.axes)  # the pictures, the pictures with their maps, and the scale
    5
    """
    pictures, maps = np.asarray(pictures), np.asarray(maps, np.float64)
    if pictures.shape[:3] != maps.shape:
        raise InputError(
            f"pictures of shape {pictures.shape} have maps of {pictures.shape[:3]}, "
            f"not of {maps.shape}"
        )
    extent = (-0.5, pictures.shape[2] - 0.5, pictures.shape[1] - 0.5, -0.5)
    return _overlaid(pictures, maps, extent, titles, "|∂score / ∂pixel|, share of largest")


def occlusion(
    pictures: Any,
    scores: Any,
    whole: Any,
    *,
    patch: int,
    stride: int,
    titles: Sequence[str] = (),
) -> "Figure":
    """Pictures [N, H, W, C] above, and below with the loss of score while a patch covers a place.

    `scores` [N, P, Q] are those of `dl.inspect.occlusion` with this `patch` and `stride`, `whole`
    [N] the scores of the whole pictures. A place is red where covering it lowers the score; the
    middle of the patch is drawn. Source: Zeiler and Fergus 2014, arXiv:1311.2901.

    Raises:
        InputError: for arrays that do not belong together.

    >>> figure = occlusion(np.zeros((1, 4, 4, 1)), np.zeros((1, 2, 2)), [1.0], patch=2, stride=2)
    >>> list(figure.axes[1].images[1].get_extent())
    [-0.5, 3.5, 3.5, -0.5]
    """
    pictures, scores = np.asarray(pictures), np.asarray(scores, np.float64)
    if len(pictures) != len(scores) or len(scores) != len(whole) or scores.ndim != 3:
        raise InputError(
            f"{len(pictures)} pictures, scores of shape {scores.shape} and {len(whole)} whole "
            "scores do not belong together: give [N, H, W, C], [N, P, Q] and [N]"
        )
    falls = np.maximum(np.asarray(whole)[:, None, None] - scores, 0.0)
    start = (patch - stride) / 2 - 0.5
    bottom, right = (start + stride * places for places in scores.shape[1:])
    return _overlaid(
        pictures,
        falls,
        (start, right, bottom, start),
        titles,
        "fall of the score, share of largest",
    )


def _overlaid(
    pictures: np.ndarray,
    maps: np.ndarray,
    extent: tuple[float, float, float, float],
    titles: Sequence[str],
    meaning: str,
) -> "Figure":
    count = len(pictures)
    figure, panels = new_figure(2, count, width=max(4.2, 1.4 * count + 0.9), height=3.3)
    for number, (above, below) in enumerate(panels.T):
        show_picture(above, pictures[number])
        above.set_title(titles[number] if titles else "", fontsize=9)
        drawn = draw_over(below, pictures[number], maps[number], extent)
    bar = figure.colorbar(drawn, ax=panels, fraction=0.03, pad=0.02)
    bar.set_label(meaning, fontsize=8)
    return figure


def draw_over(axes: Any, picture: np.ndarray, values: np.ndarray, extent: tuple) -> Any:
    """A picture in a darker grey, and over it a colour that is clear where the value is 0.

    The values [h, w], as shares of the largest, fill `extent`: left, right, bottom and top in
    pixels of the picture.
    """
    grey = as_shown(picture)
    grey = _DIMMED * (grey if grey.ndim == 2 else grey.mean(-1))
    axes.imshow(grey, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    strength = values / (values.max() or 1.0)
    drawn = axes.imshow(
        strength, cmap=_red(), vmin=0, vmax=1, extent=extent, interpolation="nearest"
    )
    axes.set(xlim=(-0.5, grey.shape[1] - 0.5), ylim=(grey.shape[0] - 0.5, -0.5))
    pictures_only(axes)
    return drawn


def _red() -> Any:
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    red = to_rgb(COLOURS["vermilion"])
    return LinearSegmentedColormap.from_list("clear to red", [(*red, 0.0), (*red, 0.9)])
