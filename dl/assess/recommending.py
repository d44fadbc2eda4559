"""How good recommendations are: recall and discounted gain of the first k of all items."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.errors import InputError


class Recommended(NamedTuple):
    """Means over the users who took something that was held out, and how many these are."""

    recall: float
    ndcg: float
    users: int


class RecommendedSums(NamedTuple):
    """Sums over users, [K] for each k, and how many users there are; sums of blocks are added."""

    recall: np.ndarray
    ndcg: np.ndarray
    users: int

    def plus(self, other: "RecommendedSums") -> "RecommendedSums":
        """The sums over the users of both."""
        return RecommendedSums(
            self.recall + other.recall, self.ndcg + other.ndcg, self.users + other.users
        )

    def means(self) -> list[Recommended]:
        """The figures for each k.

        Raises:
            InputError: if nobody took anything.
        """
        if not self.users:
            raise InputError("nobody took anything that is held out: hold out more")
        sums = zip(self.recall, self.ndcg, strict=True)
        return [
            Recommended(float(r) / self.users, float(g) / self.users, self.users) for r, g in sums
        ]


def recommended(scores: Any, seen: Any, taken: Any, *, k: int) -> Recommended:
    """Recall and nDCG of the k items with the highest scores among those that are not seen.

    recall@k = |{first k} ∩ {taken}| / min(k, |{taken}|) and nDCG@k = Σ_{j hit} 1/log₂(1 + j) /
    Σ_{j ≤ min(k, |{taken}|)} 1/log₂(1 + j), where j counts places from 1 on. All items are ranked
    and none is sampled; of equal scores the first item counts as higher.

    Args:
        scores: numbers [U, I], the higher the better.
        seen: 1 [U, I] for items that are known of the user, and not recommended.
        taken: 1 [U, I] for held-out items that the user took.
        k: how many items are recommended; all of them where there are fewer.

    Raises:
        InputError: for arrays of several shapes, nan, a `k` below 1, and if nobody took anything.

    >>> recommended([[0.9, 0.8, 0.1]], [[1, 0, 0]], [[0, 0, 1]], k=2)
    Recommended(recall=1.0, ndcg=0.6309297535714575, users=1)
    """
    return recommended_sums(scores, seen, taken, k=(k,)).means()[0]


def recommended_sums(scores: Any, seen: Any, taken: Any, *, k: Sequence[int]) -> RecommendedSums:
    """The sums over users behind `recommended`, for each of several k, from one ranking.

    Arguments as `recommended`. Users who took nothing that is held out are not counted. All users
    of a large data set need too much memory at once: give some at a time, and add the sums.

    Raises:
        InputError: for arrays of several shapes, nan, and a `k` below 1.

    >>> sums = recommended_sums([[0.9, 0.8, 0.1]], [[1, 0, 0]], [[0, 0, 1]], k=(1, 2))
    >>> sums.plus(sums).recall.tolist(), sums.plus(sums).users
    ([0.0, 2.0], 2)
    """
    values, before, after = _checked(scores, seen, taken, k)
    wanted = after & ~before
    users = np.flatnonzero(wanted.any(axis=1))
    most = min(max(k), values.shape[1])
    falling = np.where(before[users], np.inf, -values[users])
    first = np.argsort(falling, axis=1, kind="stable")[:, :most]
    hits = np.take_along_axis(wanted[users], first, axis=1)
    counts = wanted[users].sum(axis=1)
    gains = 1.0 / np.log2(np.arange(2, most + 2))
    recall, ndcg = [], []
    for size in np.minimum(k, most):
        possible = np.minimum(counts, size)
        ideal = np.cumsum(gains)[possible - 1]
        recall.append(np.sum(hits[:, :size].sum(axis=1) / possible))
        ndcg.append(np.sum(hits[:, :size] @ gains[:size] / ideal))
    return RecommendedSums(np.array(recall), np.array(ndcg), len(users))


def _checked(
    scores: Any, seen: Any, taken: Any, k: Sequence[int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores in a floating-point type, and what is seen and taken as bool, all [U, I]."""
    values, before, after = np.asarray(scores), np.asarray(seen, bool), np.asarray(taken, bool)
    if values.ndim != 2 or not values.shape == before.shape == after.shape:
        raise InputError(
            f"scores are {list(values.shape)}, seen {list(before.shape)}, taken "
            f"{list(after.shape)}: give [U, I] of all"
        )
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    if np.isnan(values).any():
        raise InputError("some scores are nan: give numbers")
    if min(k) < 1:
        raise InputError(f"k is {min(k)}: recommend at least 1 item")
    return values, before, after
