"""Ratings as they are read from files, and what is done about those that are no good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dl.data.naming import shown
from dl.errors import InputError

COLUMNS = ("user", "item", "rating", "time")
"""What the cells of a row may be."""


@dataclass(frozen=True)
class Ratings:
    """Ratings [N] by the ids of user and item, with the seconds at which they were given, if known.

    `titles` are those of items by id. All ratings lie on the `scale`. `repeated` counts those that
    were left out because the same user rated the same item again.
    """

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray
    times: np.ndarray | None
    titles: Mapping[str, str]
    scale: tuple[float, float]
    repeated: int = 0

    def __len__(self) -> int:
        return len(self.ratings)

    def take(self, index: np.ndarray) -> "Ratings":
        """The ratings at `index` [M]."""
        return replace(
            self,
            users=self.users[index],
            items=self.items[index],
            ratings=self.ratings[index],
            times=None if self.times is None else self.times[index],
        )


def make_ratings(
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    source: Any,
    titles: Mapping[str, str],
    names: Sequence[str] = COLUMNS,
    scale: tuple[float, float] | None = None,
) -> Ratings:
    """Ratings from rows: the number of a line, and its cells, of which `names` says what they are.

    A row has a user and an item, perhaps a rating, which is otherwise 1, and perhaps a time.
    Of several ratings of one item by one user the last counts: by time, or by line where times are
    equal or not there. Without a `scale` it is from the lowest rating to the highest.

    Raises:
        InputError: for no rows, an empty cell, a rating that is no number or not on the scale, and
            a time that is no number; it names the line.

    >>> rows = [(2, ("ann", "7", "4", "10")), (3, ("ann", "7", "2", "20"))]
    >>> ratings = make_ratings(rows, source="ratings.csv", titles={}, scale=(1, 5))
    >>> ratings.ratings.tolist(), ratings.repeated
    ([2.0], 1)
    """
    if not rows:
        raise InputError(f"{source} has no ratings: give some")
    cells = [cells for _, cells in rows]
    lines = np.array([line for line, _ in rows])
    columns = {name: np.array([row[n] for row in cells]) for n, name in enumerate(names)}
    users, items = columns["user"], columns["item"]
    for name in ("user", "item"):
        if (blank := np.flatnonzero(columns[name] == "")).size:
            raise InputError(
                f"{source}, line {lines[blank[0]]}, has no {name}: give it one, or leave it out"
            )
    values, times = (
        _numbers(columns[name], lines, source, name) if name in columns else None
        for name in ("rating", "time")
    )
    values = np.ones(len(rows)) if values is None else values
    low, high = scale or (float(values.min()), float(values.max()))
    off = np.flatnonzero((values < low) | (values > high))
    if off.size:
        raise InputError(
            f"{source}, line {lines[off[0]]}, has the rating {values[off[0]]:g}; ratings are "
            f"from {low:g} to {high:g}: correct it, or give --scale"
        )
    kept = _last_of_each(users, items, times)
    return Ratings(
        users[kept],
        items[kept],
        values[kept].astype(np.float32),
        None if times is None else times[kept],
        titles,
        (low, high),
        repeated=len(rows) - len(kept),
    )


def _numbers(column: np.ndarray, lines: np.ndarray, source: Any, name: str) -> np.ndarray:
    """A column of texts as finite numbers."""
    try:
        values = column.astype(np.float64)
        good = np.isfinite(values)
    except ValueError:
        values, good = column, np.array([_is_number(cell) for cell in column])
    if not good.all():
        wrong = int(np.argmin(good))
        what = f"{shown(str(column[wrong]))!r} for its {name}" if column[wrong] else f"no {name}"
        other = "name the others by --columns" if name == "time" else "leave the line out"
        raise InputError(f"{source}, line {lines[wrong]}, has {what}: give a number, or {other}")
    return values


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False


def _last_of_each(users: np.ndarray, items: np.ndarray, times: np.ndarray | None) -> np.ndarray:
    """The places of the last rating of each pair, in the order of the lines."""
    order = np.argsort(np.zeros(len(users)) if times is None else times, kind="stable")[::-1]
    pairs = np.unique(users, return_inverse=True)[1] * len(users)
    pairs = pairs + np.unique(items, return_inverse=True)[1]
    _, first = np.unique(pairs[order], return_index=True)
    return np.sort(order[first])
