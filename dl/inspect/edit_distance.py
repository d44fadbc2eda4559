"""Levenshtein distance, of characters or of whole tokens: insertions, deletions and replacements,
each counted once.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

Items = Sequence[Hashable]


class Edit(NamedTuple):
    """Items `start` to `stop` of the first sequence stand for items `to_start` to `to_stop` of the
    second.
    """

    start: int
    stop: int
    to_start: int
    to_stop: int


class Lanes(NamedTuple):
    """Sequences side by side in long integers, a bit an item, with a zero after each: see
    `edit_distances`.

    `places` holds where each item occurs, `every` the bits of all items, `lowest` those of the
    first ones; sequence n has the bits from `starts[n]` to `starts[n + 1] − 1`.
    """

    places: dict[Hashable, int]
    every: int
    lowest: int
    starts: np.ndarray


def edit_distance(first: Items, second: Items) -> int:
    """The fewest insertions, deletions and replacements that turn `first` into `second`.

    >>> edit_distance("kitten", "sitting")
    3
    >>> edit_distance(["int", "identifier"], ["void", "identifier"])
    1
    """
    _, first, second = _without_common_ends(first, second)
    grows, falls = _last_column(make_lanes([first]), second)
    return len(second) + grows.bit_count() - falls.bit_count()


def edit_distances(lanes: Lanes, items: Items) -> np.ndarray:
    """The distances of `items` from all sequences of `lanes` at once: int64 [N].

    The table of D(i, j) = min(D(i−1, j) + 1, D(i, j−1) + 1, D(i−1, j−1) + [first_i ≠ second_j]) is
    made column by column, and a column is kept as two integers whose bits say where it grows and
    where it falls by one: a column of all tables costs some operations on long integers. D(i, j) is
    j, and the sum of the column's steps up to i. Source: Myers, "A fast bit-vector algorithm for
    approximate string matching based on dynamic programming", 1999, as simplified by Hyyrö, 2003.

    >>> edit_distances(make_lanes(["sitting", "", "mitten"]), "kitten").tolist()
    [3, 6, 1]
    """
    grows, falls = (_sums(column, lanes.starts) for column in _last_column(lanes, items))
    return len(items) + grows - falls


def make_lanes(sequences: Sequence[Items]) -> Lanes:
    """Sequences ready to be compared with others."""
    number: dict[Hashable, int] = {}
    items = [
        number.setdefault(item, len(number)) for sequence in sequences for item in (*sequence, _GAP)
    ]
    bits, starts = (
        np.array(items, np.int32),
        np.cumsum([0, *(len(sequence) + 1 for sequence in sequences)]),
    )
    places = {item: _integer(bits == index) for item, index in number.items()}
    lowest = np.zeros(len(bits), bool)
    lowest[starts[:-1]] = True
    return Lanes(places, _integer(bits != number.get(_GAP, -1)), _integer(lowest), starts)


_GAP = object()


def _integer(bits: np.ndarray) -> int:
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def _sums(column: int, starts: np.ndarray) -> np.ndarray:
    """How many bits of each lane are set."""
    data = np.frombuffer(column.to_bytes(int(starts[-1]) // 8 + 1, "little"), np.uint8)
    return np.diff(
        np.append(0, np.cumsum(np.unpackbits(data, bitorder="little"), dtype=np.int64))[starts]
    )


def _last_column(lanes: Lanes, items: Items) -> tuple[int, int]:
    """Where the last columns of all tables grow by one, and where they fall."""
    every, grows, falls = lanes.every, lanes.every, 0
    for item in items:
        equal = lanes.places.get(item, 0)
        # The sum's carry runs along a lane and ends in the zero after it.
        diagonal = ((((equal & grows) + grows) ^ grows) & every) | equal | falls
        right_grows = (falls | (every ^ (diagonal | grows))) << 1 | lanes.lowest
        right_falls = (grows & diagonal) << 1
        grows = (right_falls | ~(diagonal | right_grows)) & every
        falls = right_grows & diagonal
    return grows, falls


def _without_common_ends(first: Items, second: Items) -> tuple[int, Items, Items]:
    """How many items both begin with, and what lies between those and the ones that both end with."""
    begin, shorter = 0, min(len(first), len(second))
    while begin < shorter and first[begin] == second[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and first[-1 - end] == second[-1 - end]:
        end += 1
    return begin, first[begin : len(first) - end], second[begin : len(second) - end]


def edit_script(first: Items, second: Items) -> list[Edit]:
    """A shortest list of edits that turn `first` into `second`, in order; each inserts, deletes or
    replaces one item.

    >>> edit_script("cat", "cut")
    [Edit(start=1, stop=2, to_start=1, to_stop=2)]
    """
    begin, first, second = _without_common_ends(first, second)
    table = _table(first, second)
    row, column, script = len(first), len(second), list[Edit]()
    while row or column:
        here = table[row, column]
        if (
            row
            and column
            and here == table[row - 1, column - 1] + (first[row - 1] != second[column - 1])
        ):
            row, column, size = row - 1, column - 1, (1, 1)
        elif row and here == table[row - 1, column] + 1:
            row, size = row - 1, (1, 0)
        else:
            column, size = column - 1, (0, 1)
        if here != table[row, column]:
            start, to_start = begin + row, begin + column
            script.append(Edit(start, start + size[0], to_start, to_start + size[1]))
    return script[::-1]


def _table(first: Items, second: Items) -> np.ndarray:
    """D(i, j), the distance of the first i items from the first j: int32 [len(first) + 1,
    len(second) + 1].
    """
    number = {item: place for place, item in enumerate(dict.fromkeys([*first, *second]))}
    others, steps = (
        np.array([number[item] for item in second], np.int32),
        np.arange(len(second) + 1, dtype=np.int32),
    )
    table = np.empty((len(first) + 1, len(second) + 1), np.int32)
    table[0] = steps
    for row, item in enumerate(first, 1):
        above = table[row - 1]
        best = np.append(
            above[0] + 1, np.minimum(above[1:] + 1, above[:-1] + (others != number[item]))
        )
        table[row] = np.minimum.accumulate(best - steps) + steps
    return table
