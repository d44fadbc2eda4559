"""Labels that are numbers: the classes that are called so, or the places of classes with words."""

from typing import Any

import numpy as np
import pytest

import dl
from dl.errors import InputError

POINTS = np.random.default_rng(0).normal(size=(20, 3))


@pytest.mark.parametrize(
    ("names", "labels", "numbers"),
    [
        (["1", "2", "3"], [1, 3], [0, 2]),
        (["0", "10", "2"], [10, 2], [1, 2]),
        (["cat", "dog", "eel"], [0, 2], [0, 2]),
    ],
)
def test_numbers_mean_the_classes_that_are_called_so(
    names: list[str], labels: list[int], numbers: list[int]
) -> None:
    words = np.array(names)[np.arange(20) % 3]
    data = dl.make_dataset(POINTS, words, test=(POINTS[:2], labels))
    assert data.test.targets.tolist() == numbers
    assert [data.spec.class_names[number] for number in numbers] in (
        [str(label) for label in labels],
        [names[label] for label in labels if label < 3],
    )


@pytest.mark.parametrize(
    ("labels", "other"),
    [(["0", "10", "2"], [1, 2]), ([0, 1], [1, -1]), ([-1, 1], [0, 1])],
)
def test_numbers_that_name_no_class_are_refused(labels: Any, other: list[int]) -> None:
    classes = np.array(labels)[np.arange(20) % len(labels)]
    with pytest.raises(InputError, match="y of test has the label"):
        dl.make_dataset(POINTS, classes, test=(POINTS[:2], other), task="classification")
