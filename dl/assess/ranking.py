"""Figures that depend on the order of the probabilities alone: AUC, average precision, top-k."""

from typing import Any

import numpy as np

from dl.assess.checks import class_numbers, class_probabilities
from dl.errors import InputError


def roc_auc(scores: Any, targets: Any) -> float:
    """How often a positive example has a larger score than a negative one; ties count half.

    AUC = (1 / PN) Σ_p Σ_n [s_p > s_n] + ½ [s_p = s_n]. This is the area under the curve of the
    true-positive rate over the false-positive rate (Hanley & McNeil 1982), counted exactly. nan if
    all examples are of one kind.

    Args:
        scores: any numbers [N] that grow with the belief in "yes".
        targets: 0 or 1 [N].

    Raises:
        InputError: for unequal lengths, nan and targets that are not 0 and 1.

    >>> roc_auc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1])
    0.875
    """
    values, positive = _scored(scores, targets)
    negatives, positives = np.sort(values[~positive]), values[positive]
    if not len(negatives) or not len(positives):
        return float("nan")
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return float(np.sum(below + not_above)) / (2 * len(positives) * len(negatives))


def average_precision(scores: Any, targets: Any) -> float:
    """The mean precision over the positive examples: AP = Σ_i (R_i − R_{i−1}) P_i.

    P_i and R_i are precision and recall where scores of at least the i-th largest value count as
    "yes". So it is the mean, over the positive examples, of the precision at their own score. nan
    without a positive example. Arguments as in `roc_auc`.

    >>> average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    0.8333333333333333
    """
    values, positive = _scored(scores, targets)
    if not positive.any():
        return float("nan")
    positives = np.sort(values[positive])
    hits = len(positives) - np.searchsorted(positives, positives, side="left")
    answers = len(values) - np.searchsorted(np.sort(values), positives, side="left")
    return float(np.mean(hits / answers))


def class_ranks(probabilities: Any, targets: Any) -> np.ndarray:
    """The place of the right class among the K classes of each example, 0 for the first: int64 [N].

    Of equal probabilities the first class counts as larger, as for `argmax`.

    >>> class_ranks([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]], [2, 1]).tolist()
    [1, 1]
    """
    rows = class_probabilities(probabilities)
    right = class_numbers(targets, examples=len(rows), classes=rows.shape[1])[:, None]
    own = np.take_along_axis(rows, right, axis=1)
    before = (rows == own) & (np.arange(rows.shape[1]) < right)
    return np.sum((rows > own) | before, axis=1)


def top_k_accuracy(probabilities: Any, targets: Any, k: int) -> float:
    """How often the right class is among the `k` with the largest probabilities [N, K].

    Raises:
        InputError: for a `k` below 1.

    >>> top_k_accuracy([[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]], [2, 2], 2)
    0.5
    """
    if k < 1:
        raise InputError(f"top-{k} accuracy is none: give k of at least 1")
    return float(np.mean(class_ranks(probabilities, targets) < k))


def _scored(scores: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
    values, kinds = np.asarray(scores, np.float64), np.asarray(targets)
    if values.ndim != 1 or values.shape != kinds.shape:
        raise InputError(
            f"scores are {list(values.shape)}, targets {list(kinds.shape)}: give [N] of both"
        )
    if np.isnan(values).any():
        raise InputError(f"score {int(np.argmax(np.isnan(values)))} is nan: give numbers")
    if not np.isin(kinds, (0, 1)).all():
        raise InputError("targets are 0 and 1: give no other values")
    return values, kinds.astype(bool)
