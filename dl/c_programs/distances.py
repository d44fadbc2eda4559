"""Levenshtein distances of characters or whole tokens, computed by the package RapidFuzz.

A distance counts insertions, deletions and replacements of single items.
"""

import importlib
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.errors import InputError

Items = Sequence[Hashable]


class Edit(NamedTuple):
    """Items `start` to `stop` of one sequence become `to_start` to `to_stop` of another."""

    start: int
    stop: int
    to_start: int
    to_stop: int


def edit_distance(first: Items, second: Items) -> int:
    """The least number of edits that turn `first` into `second`.

    >>> edit_distance("kitten", "sitting")
    3
    >>> edit_distance(["int", "identifier"], ["void", "identifier"])
    1

    Raises:
        InputError: when RapidFuzz is not installed.
    """
    return _levenshtein().distance(first, second)


def edit_distances(sequences: Sequence[Items], items: Items) -> np.ndarray:
    """The distance of `items` from each of N sequences: int32 [N].

    >>> edit_distances(["sitting", "", "mitten"], "kitten").tolist()
    [3, 6, 1]

    Raises:
        InputError: when RapidFuzz is not installed.
    """
    scorer = _levenshtein().distance
    return _rapidfuzz("process").cdist([items], sequences, scorer=scorer, dtype=np.int32)[0]


def edit_script(first: Items, second: Items) -> list[Edit]:
    """A shortest list of single edits that turn `first` into `second`, in order.

    >>> edit_script("cat", "cut")
    [Edit(start=1, stop=2, to_start=1, to_stop=2)]

    Raises:
        InputError: when RapidFuzz is not installed.
    """
    return [
        Edit(start, start + (tag != "insert"), to_start, to_start + (tag != "delete"))
        for tag, start, to_start in _levenshtein().editops(first, second)
    ]


def check_installed() -> None:
    """Fail before long work whose end needs a distance.

    Raises:
        InputError: when RapidFuzz is not installed.
    """
    _levenshtein()


def _levenshtein() -> Any:
    return _rapidfuzz("distance.Levenshtein")


def _rapidfuzz(module: str) -> Any:
    try:
        return importlib.import_module(f"rapidfuzz.{module}")
    except ModuleNotFoundError:
        raise InputError(
            "no edit distances of programs: install the Python package rapidfuzz: "
            "pip install rapidfuzz"
        ) from None
