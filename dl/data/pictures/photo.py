"""From a photograph of a handwritten sign to a picture like those of MNIST.

MNIST's digits are bright on dark, about 3 pixels thick, scaled to a box of 20×20 pixels and centred
by mass in 28×28 (LeCun et al. 1998). A photograph is dark on light, off-centre and unevenly bright,
its pen may be thin or red, and a model that never saw such pictures can only guess.
"""

from pathlib import Path

import numpy as np

from dl.data.pictures.ink import darkest_channel, grain, ink_on_paper, otsu_threshold
from dl.data.pictures.picture import MOST_MEGAPIXELS, read_on_paper
from dl.data.pictures.strokes import Sign, find_sign, seem_joined, with_width, without_lines
from dl.errors import InputError
from dl.screen import say

_BOX = 20 / 28  # how much of the side of a picture the strokes fill
_WIDTH = 0.14  # the thickness of MNIST's strokes as a share of the longer side of the box
_FAINTEST = 0.1  # ink that takes a tenth of the light; less is the grain of the paper
_SEEN = 0.2  # the share of a sign that is no line of the paper, and no edge of a shadow
_WORKED_ON = 200  # pixels; strokes are made thicker or thinner at this size


def read_photo(
    path: str | Path, *, shape: tuple[int, int, int], max_megapixels: int = MOST_MEGAPIXELS
) -> np.ndarray:
    """A photograph of one sign, darker than its ground, prepared like MNIST: uint8 [H, W, C].

    Standard error says where it looks like two signs that touch.

    Raises:
        InputError: if the file is not a picture, if nothing in it is darker than its ground, or if
            it shows several signs.
    """
    sheet = darkest_channel(read_on_paper(path, max_megapixels=max_megapixels))
    sign = _find_sign(sheet)
    if not sign.signs:
        raise InputError(f"{path} shows no strokes: nothing in it is darker than the rest")
    if sign.signs > 1:
        raise InputError(
            f"{path} shows about {sign.signs} signs: cut out one, with paper around it"
        )
    cut = _cut_out(sign.strokes)
    if seem_joined(cut):
        say(f"{path} looks like several signs that touch: of these cut out one")
    strokes = with_width(_enlarged(cut), _WIDTH * _WORKED_ON)
    bright = 255.0 * _cut_out(strokes)
    return np.repeat(centre(fit(bright, shape[:2]), shape[:2])[..., None], shape[2], axis=2)


def _find_sign(sheet: np.ndarray) -> Sign:
    """The strokes on a `sheet` [h, w]: grey values, in which any ink is dark."""
    ink = ink_on_paper(sheet)
    faintest = max(grain(ink), _FAINTEST)
    threshold = max(otsu_threshold(ink), faintest)
    dark = ink[ink > threshold]
    strong = max(np.percentile(dark, 95), np.percentile(ink, 99.5)) if dark.size else 0.0
    sign = find_sign(ink > max(threshold, strong / 2))
    seen = without_lines(sign.strokes, ink > faintest / 2)
    if sign.at_edge:  # where a shadow meets the edge of the picture there seems to be ink
        seen = seen & (ink_on_paper(sheet, beyond="nothing") > faintest)
    is_sign = seen.sum() > _SEEN * sign.strokes.sum()
    return sign if is_sign else sign._replace(signs=0)


def _cut_out(strokes: np.ndarray) -> np.ndarray:
    """The smallest box that holds all `strokes` [h, w]."""
    rows, columns = np.flatnonzero(strokes.any(axis=1)), np.flatnonzero(strokes.any(axis=0))
    return strokes[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _enlarged(strokes: np.ndarray) -> np.ndarray:
    """The `strokes` [h, w] at the size they are worked on, with room around."""
    from PIL import Image

    factor = _WORKED_ON / max(strokes.shape)
    height, width = (max(1, round(side * factor)) for side in strokes.shape)
    large = Image.fromarray(np.float32(strokes)).resize((width, height), Image.Resampling.BICUBIC)
    return np.pad(np.asarray(large) > 0.5, _WORKED_ON // 4)


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
