"""What is read and what is ranked when recommendations are evaluated, by hand and in blocks."""

from dataclasses import replace

import numpy as np
import pytest

from dl.assess.recommending import recommended
from dl.data.dataset import Dataset
from dl.data.ratings.feedback import Feedback
from dl.data.ratings.table import Ratings
from dl.data.readers.ratings import dataset_of_ratings
from dl.data.sources.histories import HistorySource
from dl.errors import InputError
from dl.runs.recommend import retrieval_figures

ITEMS = 6
RATED = [[(0, 2.0), (1, 5.0), (2, 5.0), (3, 4.0), (4, 3.0)], [(item, 5.0) for item in range(ITEMS)]]
"""By user, in the order of time: the first rated item 0 too low to count as taken."""


def data_of(rated: list[list[tuple[int, float]]], validation: float) -> Dataset:
    """A data set of implicit feedback, where the last that each user took is the test."""
    rows = [(user, *each) for user, own in enumerate(rated) for each in own]
    users, items, ratings = (np.array(column) for column in zip(*rows, strict=True))
    table = Ratings(
        users.astype(str), items.astype(str), ratings, np.arange(len(rows)), {}, (1.0, 5.0)
    )
    feedback = Feedback(kind="implicit", split="last", least=3)
    return dataset_of_ratings("mine", table, validation=validation, feedback=feedback)


def of_first_user(order: str, part: str, *, validation: float) -> tuple[float, list[str]]:
    """recall@1 of the first user for items in this `order`, and the history that was read."""
    data, read = data_of(RATED, validation), []
    numbers = {item: number for number, item in enumerate(data.spec.ratings.items)}

    def score(histories: np.ndarray) -> np.ndarray:
        read.extend(sorted(item for item in numbers if histories[0, numbers[item]]))
        return np.array([[-order.index(item) for item in numbers]] * len(histories))

    source = data.part(part)
    kept = replace(data, **{part: source.take(np.flatnonzero(source.users == 0))})
    return retrieval_figures(score, kept, part, k=(1,))["recall@1"], read


@pytest.mark.parametrize(
    ("part", "validation", "order", "recall", "read"),
    [
        # 0 was rated low, 1 to 3 were taken in training, 4 is held out.
        ("test", 0.0, "012345", 1.0, "123"),
        ("test", 0.0, "012354", 0.0, "123"),
        # 3 is held out for validation: it is known when the test part is evaluated.
        ("test", 0.1, "031245", 1.0, "123"),
        ("validation", 0.1, "012345", 1.0, "12"),
        ("validation", 0.1, "012435", 0.0, "12"),
    ],
)
def test_what_is_known_of_a_user_is_not_ranked(
    part: str, validation: float, order: str, recall: float, read: str
) -> None:
    assert of_first_user(order, part, validation=validation) == (recall, list(read))


def test_blocks_of_users_make_the_same_figures_as_all_at_once() -> None:
    """600 users are two whole blocks and a part of one; some of them have nothing held out."""
    generator = np.random.default_rng(0)
    rated = [
        [(int(item), 5.0) for item in generator.permutation(ITEMS)[: generator.integers(1, ITEMS)]]
        for _ in range(600)
    ]
    data, weights = data_of(rated, 0.1), generator.normal(size=(ITEMS, ITEMS))
    train, validation, test = data.train, data.validation, data.test
    assert all(isinstance(part, HistorySource) for part in (train, validation, test))
    before, after = train.taken.astype(bool), np.zeros(train.taken.shape, bool)
    before[validation.users, validation.targets] = True
    after[test.users, test.targets] = True
    sizes = []

    def score(histories: np.ndarray) -> np.ndarray:
        sizes.append(len(histories))
        return histories @ weights

    found = retrieval_figures(score, data, "test", k=(1, 2))
    assert sizes[:-1] == [256] * (len(sizes) - 1)
    assert len(sizes) > 1
    for k in (1, 2):
        expected = recommended(before @ weights, before, after, k=k)
        assert found[f"recall@{k}"] == pytest.approx(expected.recall)
        assert found[f"ndcg@{k}"] == pytest.approx(expected.ndcg)


def test_ratings_that_are_to_be_predicted_are_not_ranked() -> None:
    table = Ratings(
        np.arange(20).astype(str), np.arange(20).astype(str), np.ones(20), None, {}, (1.0, 5.0)
    )
    data = dataset_of_ratings("mine", table, validation=0.0, feedback=Feedback())
    with pytest.raises(InputError, match="mine has no items that users took: read ratings as"):
        retrieval_figures(lambda histories: histories, data, "test", k=(1,))
