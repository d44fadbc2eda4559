"""Pictures in axes: one alone, or many side by side as one grey map."""

from typing import Any

import numpy as np

from dl.errors import InputError
from dl.plots.style import pictures_only


def show_picture(axes: Any, picture: Any) -> None:
    """Draw a picture [H, W, C] in `axes`: one channel in grey, three in colour.

    Whole numbers are taken as 0 to 255; others from their least to their largest value.

    Raises:
        InputError: for an array of another shape.
    """
    shown = as_shown(picture)
    axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    pictures_only(axes)


def as_shown(picture: Any) -> np.ndarray:
    """A picture [H, W, C] as numbers from 0 to 1: [H, W] of one channel, [H, W, 3] of three.

    Of any other number of channels their mean is shown.

    >>> as_shown(np.array([[[51], [255]]], np.uint8)).tolist()
    [[0.2, 1.0]]
    """
    array = np.asarray(picture)
    if array.ndim != 3:
        raise InputError(f"a picture is [H, W, C], not of shape {array.shape}")
    if array.dtype.kind in "ui":
        values = array / 255
    else:
        low, high = float(array.min()), float(array.max())
        values = (array - low) / ((high - low) or 1.0)
    return values if array.shape[-1] == 3 else values.mean(-1)


def tiled(tiles: Any, *, columns: int, gap: int = 1) -> np.ndarray:
    """Tiles [N, h, w] as one map [H, W], in rows of `columns`; nan lies between and after them.

    >>> tiled(np.ones((3, 1, 1)), columns=2).tolist()
    [[1.0, nan, 1.0], [nan, nan, nan], [1.0, nan, nan]]
    """
    tiles = np.asarray(tiles, np.float64)
    count, height, width = tiles.shape
    rows = -(-count // columns)
    high, wide = height + gap, width + gap
    grid = np.full((rows * high - gap, columns * wide - gap), np.nan)
    for number, tile in enumerate(tiles):
        top, left = number // columns * high, number % columns * wide
        grid[top : top + height, left : left + width] = tile
    return grid


def tile_centres(count: int, width: int, *, gap: int = 1) -> np.ndarray:
    """The middle of each of `count` tiles in a row of `tiled`, in its pixels: [N].

    >>> tile_centres(2, 3).tolist()
    [1.0, 5.0]
    """
    return np.arange(count) * (width + gap) + (width - 1) / 2
