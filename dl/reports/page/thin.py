"""Curves with more points than a screen has columns, with their peaks kept."""

from collections.abc import Sequence

import numpy as np


def kept_points(xs: Sequence[float], ys: Sequence[float], columns: int) -> list[int]:
    """Which points of a curve to draw: first, last, lowest and highest of each column, in order.

    `xs` [N] rise. The curve is cut into `columns` columns of equal width; a curve of at most four
    points a column is kept whole. Points that are not finite are kept, because they are gaps.

    >>> kept_points(range(8), [0, 1, 9, 1, 0, 1, 0, 1], columns=1)
    [0, 2, 7]
    """
    count = len(xs)
    if count <= 4 * columns:
        return list(range(count))
    places, values = np.asarray(xs, float), np.asarray(ys, float)
    width = (places[-1] - places[0]) or 1.0
    column = np.minimum((places - places[0]) / width * columns, columns - 1).astype(int)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    kept = set(np.flatnonzero(~np.isfinite(values)).tolist()[: 4 * columns])
    for start, end in zip(starts, [*starts[1:], count], strict=True):
        part = values[start:end]
        finite = np.isfinite(part)
        lowest = int(start + np.argmin(np.where(finite, part, np.inf)))
        highest = int(start + np.argmax(np.where(finite, part, -np.inf)))
        kept |= {int(start), lowest, highest, int(end - 1)}
    return sorted(kept)
