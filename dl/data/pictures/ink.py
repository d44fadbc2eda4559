"""How dark the ink is on each place of a photographed sheet, whatever the light on it."""

from typing import Any, Literal

import numpy as np

_SIDE = 480
"""Photographs are shrunk to this many pixels, so that windows below fit strokes of any size."""
_WINDOW = 1 / 6  # of the longer side: wider than a stroke, narrower than a shadow


def darkest_channel(picture: Any) -> np.ndarray:
    """Grey values [h, w] of a Pillow RGB `picture`: ink of any colour is dark in one channel.

    Large pictures are shrunk first, and the grain of the paper is smoothed.
    """
    from scipy import ndimage

    darkest = np.asarray(_shrunk(picture)).min(axis=2).astype(np.float32)
    return ndimage.gaussian_filter(darkest, max(darkest.shape) / 600)


def ink_on_paper(darkest: np.ndarray, *, beyond: Literal["same", "nothing"] = "same") -> np.ndarray:
    """The share of light that ink takes, [h, w] in [0, 1]: 1 − d / paper, paper = closing of d.

    The closing (a maximum, then a minimum over a window) removes what is darker than its
    surroundings and narrower than the window, so it is the paper's own brightness, with its
    shadows. `beyond` the edge there are the same values as at the edge, or nothing: then strokes
    at the edge are taken for paper.
    """
    from scipy import ndimage

    window = max(3, round(_WINDOW * max(darkest.shape)))
    room = 0 if beyond == "same" else window
    sheet = np.pad(darkest, room)
    paper = ndimage.grey_closing(sheet, size=(window, window), mode="nearest")
    paper = paper[room : room + darkest.shape[0], room : room + darkest.shape[1]]
    return np.clip(1 - darkest / np.maximum(paper, 1), 0, 1)


def _shrunk(picture: Any) -> Any:
    from PIL import Image

    factor = _SIDE / max(picture.size)
    if factor >= 1:
        return picture
    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BOX, reducing_gap=None)


def grain(ink: np.ndarray) -> float:
    """More ink than the grain of the paper ever has: the median plus eight deviations.

    >>> grain(np.full((5, 5), 0.5))
    0.5
    """
    middle = np.median(ink)
    return float(middle + 8 * 1.48 * np.median(np.abs(ink - middle)))


def otsu_threshold(values: np.ndarray) -> float:
    """The value (0 to 1) that parts `values` in [0, 1] into two groups with least variance inside.

    >>> 0.05 <= otsu_threshold(np.array([0.04, 0.05, 0.045, 0.8, 0.82])) < 0.8
    True
    """
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    weight = np.cumsum(counts)
    total = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (total[-1] * weight / weight[-1] - total) ** 2 / (weight * (weight[-1] - weight))
    return float(edges[1 + np.nanargmax(np.where(np.isfinite(between), between, -1.0))])
