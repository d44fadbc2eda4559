"""Levenshtein distance, of characters or of whole tokens: insertions, deletions and replacements, each counted once."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

Items = Sequence[Hashable]


class Edit(NamedTuple):
    """Items `start` to `stop` of the first sequence stand for items `to_start` to `to_stop` of the second."""

    start: int
    stop: int
    to_start: int
    to_stop: int


def edit_distance(first: Items, second: Items, *, limit: int | None = None) -> int:
    """The fewest insertions, deletions and replacements that turn `first` into `second`.

    With a `limit`, any number above it stands for all distances above it, which are given up early.

    Column by column the table D(i, j) = min(D(i−1, j) + 1, D(i, j−1) + 1, D(i−1, j−1) + [first_i ≠ second_j]) is kept
    as two integers whose bits say where a column grows or falls by one, so that a whole column costs a few operations
    on long integers. Source: Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic
    programming", 1999, as simplified by Hyyrö, 2003.

    >>> edit_distance("kitten", "sitting")
    3
    >>> edit_distance(["int", "identifier"], ["void", "identifier"])
    1
    """
    first, second = _without_common_ends(first, second)
    if not first:
        return len(second)
    return _bit_parallel(_places(first), len(first), second, len(first) + len(second) if limit is None else limit)


def _without_common_ends(first: Items, second: Items) -> tuple[Items, Items]:
    begin, shorter = 0, min(len(first), len(second))
    while begin < shorter and first[begin] == second[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and first[-1 - end] == second[-1 - end]:
        end += 1
    return first[begin : len(first) - end], second[begin : len(second) - end]


def _places(items: Items) -> dict[Hashable, int]:
    """Where each item occurs, as the bits of an integer."""
    places: dict[Hashable, int] = {}
    for place, item in enumerate(items):
        places[item] = places.get(item, 0) | 1 << place
    return places


def _bit_parallel(places: dict[Hashable, int], rows: int, second: Items, limit: int) -> int:
    every, last = (1 << rows) - 1, 1 << rows - 1
    grows, falls, distance = every, 0, rows
    for left, item in zip(range(len(second) - 1, -1, -1), second, strict=True):
        equal = places.get(item, 0)
        diagonal = (((equal & grows) + grows) ^ grows) | equal | falls
        right_grows = falls | (every & ~(diagonal | grows))
        right_falls = grows & diagonal
        distance += bool(right_grows & last) - bool(right_falls & last)
        if distance - left > limit:
            return distance - left
        right_grows, right_falls = right_grows << 1 | 1, right_falls << 1
        grows = (right_falls | ~(diagonal | right_grows)) & every
        falls = right_grows & diagonal & every
    return distance


def edit_script(first: Items, second: Items) -> list[Edit]:
    """A shortest list of edits that turn `first` into `second`, in order; each inserts, deletes or replaces one item.

    >>> edit_script("cat", "cut")
    [Edit(start=1, stop=2, to_start=1, to_stop=2)]
    """
    table = _table(first, second)
    row, column, script = len(first), len(second), list[Edit]()
    while row or column:
        here = table[row, column]
        if row and column and here == table[row - 1, column - 1] + (first[row - 1] != second[column - 1]):
            row, column, size = row - 1, column - 1, (1, 1)
        elif row and here == table[row - 1, column] + 1:
            row, size = row - 1, (1, 0)
        else:
            column, size = column - 1, (0, 1)
        if here != table[row, column]:
            script.append(Edit(row, row + size[0], column, column + size[1]))
    return script[::-1]


def _table(first: Items, second: Items) -> np.ndarray:
    """D(i, j), the distance of the first i items from the first j: int32 [len(first) + 1, len(second) + 1]."""
    number = {item: place for place, item in enumerate(dict.fromkeys([*first, *second]))}
    others, steps = np.array([number[item] for item in second], np.int32), np.arange(len(second) + 1, dtype=np.int32)
    table = np.empty((len(first) + 1, len(second) + 1), np.int32)
    table[0] = steps
    for row, item in enumerate(first, 1):
        above = table[row - 1]
        best = np.append(above[0] + 1, np.minimum(above[1:] + 1, above[:-1] + (others != number[item])))
        table[row] = np.minimum.accumulate(best - steps) + steps
    return table
