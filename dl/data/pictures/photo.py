"""From a photograph of a handwritten sign to a picture like those of MNIST.

MNIST's digits are bright on dark, scaled to a box of 20×20 pixels and centred by mass in 28×28
(LeCun et al. 1998). A photograph is dark on light, off-centre and unevenly bright, and a model that
never saw such pictures can only guess.
"""

from pathlib import Path

import numpy as np

from dl.data.pictures.picture import read_on_paper
from dl.errors import InputError

_BOX = 20 / 28  # how much of the side of a picture the strokes fill


def read_photo(path: str | Path, *, shape: tuple[int, int, int]) -> np.ndarray:
    """A photograph of dark strokes on a light ground, prepared like MNIST: uint8 [H, W, C].

    Raises:
        InputError: if the file is not a picture, or nothing in it is darker than its ground.
    """
    ink = 255.0 - read_on_paper(path).astype(np.float64)
    strokes = ink > otsu_threshold(ink)
    if strokes.all() or not strokes.any():
        raise InputError(f"{path} shows no strokes: nothing in it is darker than the rest")
    ground, full = np.percentile(ink[~strokes], 90), np.percentile(ink[strokes], 75)
    bright = np.clip((ink - ground) / max(full - ground, 1.0), 0.0, 1.0) * 255.0
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    cut = bright[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.repeat(centre(fit(cut, shape[:2]), shape[:2])[..., None], shape[2], axis=2)


def otsu_threshold(values: np.ndarray) -> float:
    """The grey value (0 to 255) that parts `values` into two groups with least variance inside.

    >>> otsu_threshold(np.array([10.0, 12.0, 11.0, 200.0, 210.0])) in range(12, 200)
    True
    """
    counts, _ = np.histogram(values, bins=256, range=(0, 256))
    weight = np.cumsum(counts)
    total = np.cumsum(counts * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (total[-1] * weight / weight[-1] - total) ** 2 / (weight * (weight[-1] - weight))
    return float(np.nanargmax(np.where(np.isfinite(between), between, -1.0)))


def fit(cut: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Scale [h, w] to fit the box inside `size`, sides in proportion."""
    from PIL import Image

    factor = min(_BOX * size[0] / cut.shape[0], _BOX * size[1] / cut.shape[1])
    height, width = (max(1, round(side * factor)) for side in cut.shape)
    scaled = Image.fromarray(cut.astype(np.uint8)).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(scaled)


def centre(scaled: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Put [h, w] into zeros of `size`, with its centre of mass as near to the middle as it fits.

    >>> centre(np.array([[255]], np.uint8), (3, 3)).tolist()
    [[0, 0, 0], [0, 255, 0], [0, 0, 0]]
    """
    picture = np.zeros(size, np.uint8)
    corner = []
    for axis in (0, 1):
        mass = scaled.sum(axis=1 - axis, dtype=np.float64)
        middle = (mass @ np.arange(len(mass))) / mass.sum()
        start = round((size[axis] - 1) / 2 - middle)
        corner.append(min(max(start, 0), size[axis] - scaled.shape[axis]))
    picture[corner[0] : corner[0] + scaled.shape[0], corner[1] : corner[1] + scaled.shape[1]] = (
        scaled
    )
    return picture
