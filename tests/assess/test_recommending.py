"""Recall and discounted gain against sums by hand, and against scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from dl.assess.recommending import recommended, recommended_sums
from dl.errors import InputError

RNG = np.random.default_rng(0)


def test_figures_of_two_users_by_hand() -> None:
    scores = [[5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [1, 1, 1, 1, 1]]
    seen = [[1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]
    taken = [[0, 0, 1, 0, 1], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    found = recommended(scores, seen, taken, k=2)
    # Of the first, items 1 and 2 are recommended, and one of two is right, at the second place;
    # of the second, none is. The third took nothing.
    ideal = 1 + 1 / np.log2(3)
    assert found == pytest.approx((0.5 * 1 / 2, 0.5 * (1 / np.log2(3)) / ideal, 2))


def test_of_equal_scores_the_first_item_counts_as_higher() -> None:
    for place in range(4):
        taken = np.arange(4)[None] == place
        hits = [recommended(np.ones((1, 4)), 0 * taken, taken, k=k).recall for k in (1, 2, 3, 4)]
        assert hits == [float(k > place) for k in (1, 2, 3, 4)]


def test_sums_of_blocks_are_those_of_all_users_for_each_k() -> None:
    scores, taken = RNG.integers(0, 5, (30, 12)), RNG.random((30, 12)) < 0.2
    seen, sizes = (RNG.random((30, 12)) < 0.2) & ~taken, (1, 4, 99)
    blocks = (slice(0, 7), slice(7, 8), slice(8, 30))
    first, second, third = (
        recommended_sums(scores[rows], seen[rows], taken[rows], k=sizes) for rows in blocks
    )
    found = first.plus(second).plus(third).means()
    for size, figures in zip(sizes, found, strict=True):
        assert figures == pytest.approx(recommended(scores, seen, taken, k=size))


@pytest.mark.parametrize("k", [1, 5, 20])
def test_discounted_gain_is_that_of_scikit_learn(k: int) -> None:
    scores, taken = RNG.normal(size=(40, 20)), RNG.random((40, 20)) < 0.2
    taken[0] = True
    users = taken.any(axis=1)
    expected = ndcg_score(taken[users], scores[users], k=k)
    assert recommended(scores, np.zeros_like(taken), taken, k=k).ndcg == pytest.approx(expected)


def test_seen_items_are_passed_over() -> None:
    scores, taken = RNG.normal(size=(30, 12)), RNG.random((30, 12)) < 0.3
    seen = (RNG.random((30, 12)) < 0.4) & ~taken
    lowered = np.where(seen, -1e9, scores)
    again = recommended(lowered, np.zeros_like(seen), taken, k=4)
    assert recommended(scores, seen, taken, k=4) == again
    assert recommended(scores, seen, taken, k=99).recall == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"k": 0}, "k is 0"),
        ({"taken": np.zeros((1, 3))}, "nobody took anything"),
        ({"scores": [[1, np.nan, 2]]}, "some scores are nan"),
        ({"seen": np.zeros((1, 2))}, "give .U, I. of all"),
    ],
)
def test_wrong_arrays_are_refused(change: dict, message: str) -> None:
    right = {"scores": [[1, 2, 3]], "seen": np.zeros((1, 3)), "taken": np.ones((1, 3)), "k": 2}
    given = {**right, **change}
    with pytest.raises(InputError, match=message):
        recommended(given.pop("scores"), given.pop("seen"), given.pop("taken"), **given)
