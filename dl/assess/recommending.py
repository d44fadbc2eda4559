"""How good recommendations are: recall and discounted gain of the first k of all items."""

from typing import Any, NamedTuple

import numpy as np

from dl.errors import InputError


class Recommended(NamedTuple):
    """Means over the users who took something that was held out, and how many these are."""

    recall: float
    ndcg: float
    users: int


def recommended(scores: Any, seen: Any, taken: Any, *, k: int) -> Recommended:
    """Recall and nDCG of the k items with the highest scores among those that are not seen.

    recall@k = |{first k} ∩ {taken}| / min(k, |{taken}|) and nDCG@k = Σ_{j hit} 1/log₂(1 + j) /
    Σ_{j ≤ min(k, |{taken}|)} 1/log₂(1 + j), where j counts places from 1 on. All items are ranked
    and none is sampled; of equal scores the first item counts as higher.

    Args:
        scores: numbers [U, I], the higher the better.
        seen: 1 [U, I] for items that the user took in training, which are not recommended.
        taken: 1 [U, I] for held-out items that the user took.
        k: how many items are recommended; all of them where there are fewer.

    Raises:
        InputError: for arrays of several shapes, nan, a `k` below 1, and if nobody took anything.

    >>> recommended([[0.9, 0.8, 0.1]], [[1, 0, 0]], [[0, 0, 1]], k=2)
    Recommended(recall=1.0, ndcg=0.6309297535714575, users=1)
    """
    values, before = np.array(scores, np.float64), np.asarray(seen, bool)
    after = np.asarray(taken, bool)
    if values.ndim != 2 or not values.shape == before.shape == after.shape:
        raise InputError(
            f"scores are {list(values.shape)}, seen {list(before.shape)}, taken "
            f"{list(after.shape)}: give [U, I] of all"
        )
    hits_of = after & ~before
    if np.isnan(values).any():
        raise InputError("some scores are nan: give numbers")
    if k < 1:
        raise InputError(f"k is {k}: recommend at least 1 item")
    k = min(k, values.shape[1])
    users = np.flatnonzero(hits_of.any(axis=1))
    if not users.size:
        raise InputError("nobody took anything that is held out: hold out more")
    values[before] = -np.inf
    first = np.argsort(-values[users], axis=1, kind="stable")[:, :k]
    hits = np.take_along_axis(hits_of[users], first, axis=1)
    possible = np.minimum(hits_of[users].sum(axis=1), k)
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(gains)[possible - 1]
    return Recommended(
        float(np.mean(hits.sum(axis=1) / possible)),
        float(np.mean(hits @ gains / ideal)),
        len(users),
    )
