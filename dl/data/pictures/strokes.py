"""The strokes of one sign: found among specks, of one thickness, in a box."""

from typing import Any, NamedTuple

import numpy as np

_SPECK = 0.04
"""Pieces with less than this share of the largest one's pixels are specks."""
_TALL = 0.6
"""Pieces of this share of the tallest one's height may be signs of their own."""
_GAP = 0.25
"""Signs are this share of their height apart."""
_SMALLEST = 0.05
"""A sign is at least this share of the picture's shorter side high or wide."""
_FEWEST_LINES = 3
_WIDE, _THIN, _BOTH = 1.2, 0.3, 0.75
"""Two signs that touch: shares of the height that both are wide, their joint thick, each tall."""


class Sign(NamedTuple):
    """The strokes of a sheet, bool [h, w], of how many signs they seem to be, and where they lie.

    A sign `at_edge` touches the edge of the picture: it was cut out narrowly, or is no sign.
    """

    strokes: np.ndarray
    signs: int
    at_edge: bool


def find_sign(strokes: np.ndarray) -> Sign:
    """The pieces of `strokes` [h, w] that are no specks and no edges of the sheet."""
    from scipy import ndimage

    pieces: Any = ndimage.label(strokes, np.ones((3, 3)))  # also those that touch at a corner
    labels, count = pieces
    if not count:
        return Sign(strokes, 0, False)
    areas = np.bincount(labels.ravel())[1:]
    places = ndimage.find_objects(labels)
    own = np.array([_is_inside(place, strokes.shape) for place in places])
    at_edge = areas[own].max(initial=0) <= _SPECK * areas.max()
    if at_edge:
        own = np.ones(count, bool)
    largest = max(_extent(place) for place, is_own in zip(places, own, strict=True) if is_own)
    if largest < _SMALLEST * min(strokes.shape):
        return Sign(strokes, 0, bool(at_edge))
    kept = own & (areas >= _SPECK * areas[own].max())
    found = np.isin(labels, 1 + np.flatnonzero(kept))
    return Sign(found, _count_signs(places, kept), bool(at_edge))


def without_lines(strokes: np.ndarray, faint: np.ndarray) -> np.ndarray:
    """The `strokes` [h, w] without the lines of ruled or squared paper.

    Rows or columns of pixels are in a line if more than half of each has at least `faint` ink.
    Fewer than three lines are no pattern.

    >>> page = np.zeros((9, 9), bool)
    >>> page[::3] = page[1, 1] = True
    >>> int(without_lines(page, page).sum())
    1
    """
    rows, columns = (faint.mean(axis=axis) > 0.5 for axis in (1, 0))
    if _count_runs(rows) + _count_runs(columns) < _FEWEST_LINES:
        return strokes
    return strokes & ~rows[:, None] & ~columns


def _count_runs(holds: np.ndarray) -> int:
    """How many runs of True there are in [N]."""
    return int(np.count_nonzero(np.diff(holds, prepend=False) & holds))


def _is_inside(place: tuple[slice, slice], shape: tuple[int, ...]) -> bool:
    return all(part.start > 0 and part.stop < side for part, side in zip(place, shape, strict=True))


def _extent(place: tuple[slice, slice]) -> int:
    return max(part.stop - part.start for part in place)


def _count_signs(places: list[tuple[slice, slice]], kept: np.ndarray) -> int:
    """How many groups of pieces with a tall one stand apart, side by side or below each other."""
    boxes = [place for place, own in zip(places, kept, strict=True) if own]
    heights = [box[0].stop - box[0].start for box in boxes]
    tall = [height >= _TALL * max(heights) for height in heights]
    gap = _GAP * max(heights)
    return max(_apart([box[axis] for box in boxes], tall, gap) for axis in (0, 1))


def _apart(spans: list[slice], counts: list[bool], gap: float) -> int:
    """The number of groups of spans with more than `gap` between them, with one that `counts`.

    >>> _apart([slice(0, 5), slice(4, 9), slice(12, 15), slice(20, 21)], [True] * 3 + [False], 1.0)
    2
    """
    groups, end = [], -np.inf
    for span, own in sorted(zip(spans, counts, strict=True), key=lambda pair: pair[0].start):
        if span.start - end > gap:
            groups.append(False)
        groups[-1] |= own
        end = max(end, span.stop)
    return sum(groups)


def seem_joined(strokes: np.ndarray) -> bool:
    """Whether the strokes [h, w] of a box seem to be two signs side by side that touch.

    They are wide, and in the middle one column cuts a single thin stroke between two tall parts.
    Of MNIST's test digits 0.15 % seem so, of pairs of them that touch 54 %.

    >>> two = np.zeros((10, 14), bool)
    >>> two[:, [1, 12]] = two[5, 1:12] = True
    >>> seem_joined(two), seem_joined(two[:, :7])
    (True, False)
    """
    height, width = strokes.shape
    if width < _WIDE * height:
        return False
    thin = (strokes.sum(axis=0) <= _THIN * height) & (_runs(strokes) <= 1)
    cuts = range(round(0.3 * width), round(0.7 * width))
    return any(
        thin[cut] and min(map(_height, (strokes[:, :cut], strokes[:, cut + 1 :]))) >= _BOTH * height
        for cut in cuts
    )


def _runs(strokes: np.ndarray) -> np.ndarray:
    """How many strokes each column of [h, w] cuts: [w]."""
    return (np.diff(strokes, axis=0, prepend=False) & strokes).sum(axis=0)


def _height(strokes: np.ndarray) -> int:
    rows = np.flatnonzero(strokes.any(axis=1))
    return int(rows[-1] - rows[0] + 1) if len(rows) else 0


def stroke_width(strokes: np.ndarray) -> float:
    """The thickness of strokes [h, w] in pixels: four times the mean distance to their edge.

    >>> round(stroke_width(np.pad(np.ones((8, 400), bool), 4)))
    9
    """
    distance = _to_edge(np.pad(strokes, 1))[1:-1, 1:-1]
    return float(4 * (distance[strokes].mean() - 0.5) + 1) if strokes.any() else 0.0


def with_width(strokes: np.ndarray, width: float) -> np.ndarray:
    """The strokes [h, w] made thicker or thinner, until they are about `width` pixels thick.

    Edges move by half the difference. No stroke is made to vanish: thinning stops at two thirds of
    the thickness.
    """
    now = stroke_width(strokes)
    move = (max(width, now * 2 / 3) - now) / 2
    return (_to_edge(strokes) - _to_edge(~strokes)) > -move + 0.5 * np.sign(-move)


def _to_edge(inside: np.ndarray) -> np.ndarray:
    """How far each True of [h, w] is from the next False, in pixels; 0 for False."""
    from scipy import ndimage

    distance: Any = ndimage.distance_transform_edt(inside)
    return distance
