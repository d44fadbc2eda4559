"""Errors in sequences of labels: how many were changed, inserted and left out."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.errors import InputError


class LabelErrors(NamedTuple):
    """The fewest substitutions, insertions and deletions, and the number of right labels."""

    substitutions: int
    insertions: int
    deletions: int
    labels: int

    @property
    def rate(self) -> float:
        """Errors per label."""
        return (self.substitutions + self.insertions + self.deletions) / max(1, self.labels)


def label_errors(targets: Sequence[Sequence[Any]], answers: Sequence[Sequence[Any]]) -> LabelErrors:
    """The errors of all answers together. Source: Levenshtein 1966; Wagner & Fischer 1974.

    Raises:
        InputError: for another number of answers than of targets.

    >>> errors = label_errors([[1, 2, 3], [4]], [[1, 9], [4, 4]])
    >>> errors, errors.rate
    (LabelErrors(substitutions=1, insertions=1, deletions=1, labels=4), 0.75)
    """
    if len(targets) != len(answers):
        raise InputError(f"{len(targets)} targets but {len(answers)} answers: give one for each")
    kinds = np.sum(
        [_kinds(*pair) for pair in zip(targets, answers, strict=True)] or [(0, 0, 0)], axis=0
    )
    return LabelErrors(*map(int, kinds), labels=sum(map(len, targets)))


def _kinds(target: Sequence[Any], answer: Sequence[Any]) -> tuple[int, int, int]:
    """Substitutions, insertions and deletions of one pair, of those with the smallest sum."""
    row = [(n, 0, n, 0) for n in range(len(answer) + 1)]
    for number, right in enumerate(target, start=1):
        before, row = row, [(number, 0, 0, number)]
        for place, given in enumerate(answer):
            total, changed, added, lost = before[place]
            wrong = int(given != right)
            substituted = (total + wrong, changed + wrong, added, lost)
            total, changed, added, lost = row[place]
            inserted = (total + 1, changed, added + 1, lost)
            total, changed, added, lost = before[place + 1]
            deleted = (total + 1, changed, added, lost + 1)
            row.append(min(substituted, inserted, deleted))
    return row[-1][1:]
