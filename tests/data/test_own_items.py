"""Objects with a length and items: the batches of the same arrays, read when they are needed."""

import threading
from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.data.own_items import is_items
from dl.errors import InputError, RunError


class Pictures:
    """Pictures [5, 4] of two classes; it notes which are read, and by which threads."""

    def __init__(self, count: int = 40, *, named: bool = False) -> None:
        rng = np.random.default_rng(0)
        self.labels = np.arange(count) % 2
        grey = rng.normal(80 + 90 * self.labels[:, None, None], 40, (count, 5, 4))
        self.pictures = np.clip(grey, 0, 255).astype(np.uint8)
        self.named, self.read, self.threads = named, list[int](), set[str]()

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Any:
        self.read.append(index)
        self.threads.add(threading.current_thread().name)
        picture, label = self.pictures[index], int(self.labels[index])
        return {"image": picture, "label": label} if self.named else (picture, label)


def of(items: Any, **how: Any) -> Any:
    return dl.make_dataset(items, class_names=("dark", "bright"), **how)


def fit(data: Any) -> dl.Trained:
    model = dl.models.mlp(2, hidden_sizes=(3,))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.momentum(0.1))
    options = dl.TrainOptions(epochs=2, batch_size=8, devices=1, prefetch=2)
    return dl.fit(recipe, data, options, progress=False)


@pytest.mark.parametrize("named", [False, True])
def test_batches_are_those_of_the_same_arrays(named: bool) -> None:
    items = Pictures(named=named)
    data = of(items, validation=0.25, test=0.2)
    assert data.sizes == {"train": 24, "validation": 8, "test": 8}
    assert (data.spec.task, data.spec.input_shape) == ("classification", (5, 4, 1))
    ours = data.train.gather(np.arange(24))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(ours["inputs"][..., 0], items.pictures[data.train.index])  # type: ignore[attr-defined]
    np.testing.assert_array_equal(ours["targets"], items.labels[data.train.index])  # type: ignore[attr-defined]
    parts = [part.index for part in (data.train, data.validation, data.test)]  # type: ignore[union-attr]
    assert sorted(np.concatenate(parts).tolist()) == list(range(40))


def test_only_what_a_batch_needs_is_read_and_by_threads() -> None:
    items = Pictures(400)
    data = of(items)
    looked = len(set(items.read))
    assert looked <= 3 * 64
    items.read.clear()
    items.threads.clear()
    calls = data.train.train_calls(seed=0, batch_size=4, total_steps=2)
    for _, call in calls(0, 2):
        assert call.examples["inputs"].shape == (1, 4, 5, 4, 1)
    assert len(items.read) == 8
    assert threading.current_thread().name not in items.threads


def test_a_net_learns_from_items_as_from_a_file() -> None:
    ours = fit(of(Pictures(), validation=0.2))
    again = fit(of(Pictures(), validation=0.2))
    assert ours.evaluate("test")["accuracy"] >= 0.5
    assert all(
        np.array_equal(a, b)
        for a, b in zip(*(jax.tree.leaves(each.params) for each in (ours, again)), strict=True)
    )
    assert ours.history[0].waiting is not None
    assert len(ours.predict(Pictures().pictures[:3, ..., None]).labels) == 3


def test_fit_takes_an_object_of_numbers() -> None:
    class Lines:
        def __len__(self) -> int:
            return 30

        def __getitem__(self, index: int) -> tuple[list[float], float]:
            return [index / 30, 1.0], 0.5 * index / 30

    model = dl.models.mlp(1, hidden_sizes=(2,))
    recipe = dl.Recipe(model, dl.objectives.regression(model), dl.optimizers.sgd(0.1))
    options = dl.TrainOptions(epochs=1, batch_size=9, validation=0.1, devices=1)
    trained = dl.fit(recipe, Lines(), options, progress=False)
    assert (trained.spec.task, trained.spec.train_size) == ("regression", 24)


def test_parts_may_be_objects_of_their_own() -> None:
    data = of(Pictures(20), validation=Pictures(6), test=Pictures(10))
    assert data.sizes == {"train": 20, "validation": 6, "test": 10}
    assert "dark" in str(data.show(count=2))


def test_the_fingerprint_is_that_of_the_length_and_of_some_items() -> None:
    items, other = Pictures(), Pictures()
    assert of(items).fingerprint == of(Pictures()).fingerprint
    other.pictures = 255 - other.pictures
    assert of(other).fingerprint != of(items).fingerprint
    assert of(Pictures(42)).fingerprint != of(items).fingerprint


def test_what_cannot_be_items() -> None:
    assert is_items(Pictures())
    for other in (np.zeros((3, 2)), "text", {"x": 1}, ([1], [2]), [1, 2], 3, iter([])):
        assert not is_items(other)


class Broken(Pictures):
    """One of its items is another one."""

    def __init__(self, item: Any, at: int = 33) -> None:
        super().__init__()
        self.item, self.at = item, at

    def __getitem__(self, index: int) -> Any:
        if index == self.at:
            if isinstance(self.item, Exception):
                raise self.item
            return self.item
        return super().__getitem__(index)


PICTURE = np.zeros((5, 4), np.uint8)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (OSError("gone"), r"item 33 of arrays cannot be read \(OSError: gone\)"),
        (3, "item 33 of arrays is 3: an item is a pair"),
        (
            (PICTURE[:4], 0),
            r"item 33 of arrays is uint8 \[4, 4\], and others are uint8 \[5, 4, 1\]",
        ),
        ((PICTURE / 2, 0), "item 33 of arrays is float64"),
        ((PICTURE, 2), "the label 2, and the classes are dark, bright"),
        ({"image": PICTURE}, "item 33 of arrays has no"),
    ],
)
def test_an_item_unlike_the_others_is_named(item: Any, told: str) -> None:
    data = of(Pictures())
    object.__setattr__(data.train, "items", Broken(item))
    place = np.flatnonzero(data.train.index == 33)  # type: ignore[attr-defined]
    with pytest.raises(RunError, match=told):
        data.train.gather(place)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: dl.make_dataset(Pictures()), "give class_names, such as"),
        (lambda: of([]), "y is missing"),
        (lambda: of(np.zeros((3, 2))), "y is missing"),
        (lambda: of([{"picture": PICTURE, "class": 0}] * 9), r"have the keys .* say which are"),
        (lambda: of([(PICTURE, 0)] * 9, validation="half"), "half.* has no items"),
        (lambda: of([(PICTURE, 0)] * 9, test=1.5), "test is 1.5: give a fraction"),
        (lambda: of([(PICTURE, 0), (PICTURE[:3], 1)] * 9), "inputs of several shapes"),
        (lambda: of([(PICTURE, 5)] * 9), "has the label 5"),
        (lambda: of(Broken(ValueError("no"), at=0)), "item 0 of arrays cannot be read"),
    ],
)
def test_what_is_wrong_is_told_before_the_training(make: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        make()


def test_keys_may_have_other_names() -> None:
    items = [{"picture": PICTURE, "class": number % 2} for number in range(9)]
    assert len(of(items, keys=("picture", "class")).train) == 8
