"""Held-out examples: the same as ever, and no class as a whole."""

import numpy as np
import pytest

from dl.data.own_arrays import make_dataset
from dl.data.sources.arrays import ArraySource
from dl.data.split import split_validation


def numbered(classes: np.ndarray) -> ArraySource:
    return ArraySource(np.arange(len(classes)), classes)


@pytest.mark.parametrize("count", [30, 200])
def test_where_every_class_is_plentiful_the_split_is_as_without_classes(count: int) -> None:
    classes = np.arange(count) % 3
    for seed in range(5):
        plain, by_class = (
            split_validation(numbered(classes), fraction=0.2, seed=seed, classes=given)
            for given in (None, classes)
        )
        for one, other in zip(plain, by_class, strict=True):
            assert one.inputs.tolist() == other.inputs.tolist()


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("kind", [np.int32, str])
def test_every_class_is_trained_on(fraction: float, kind: type) -> None:
    classes = np.array([0] * 40 + [1] * 7 + [2, 3, 3]).astype(kind)
    plain = [
        split_validation(numbered(classes), fraction=fraction, seed=seed) for seed in range(20)
    ]
    assert any(len(set(kept.targets.tolist())) < 4 for kept, _ in plain), "else this tests nothing"
    for seed, (before, _) in enumerate(plain):
        kept, held_out = split_validation(
            numbered(classes), fraction=fraction, seed=seed, classes=classes
        )
        assert len(set(kept.targets.tolist())) == 4
        assert len(kept) == len(before)
        assert sorted([*kept.inputs, *held_out.inputs]) == list(range(50))
        moved = set(kept.inputs.tolist()) - set(before.inputs.tolist())
        assert len(moved) <= 3, "one for each rare class"


def test_more_classes_than_training_examples_are_split_as_far_as_it_goes() -> None:
    classes = np.arange(10)
    kept, held_out = split_validation(numbered(classes), fraction=0.5, classes=classes)
    assert (len(kept), len(held_out)) == (5, 5)


def test_arrays_of_ones_own_are_cut_with_every_class_in_training() -> None:
    for rare in range(20):
        labels = ["rare" if place == rare else "ab"[place % 2] for place in range(20)]
        data = make_dataset(np.eye(20), labels, validation=0.3)
        assert sorted(set(data.train.targets.tolist())) == [0, 1, 2]
        assert (len(data.train), len(data.validation), len(data.test)) == (13, 5, 2)
