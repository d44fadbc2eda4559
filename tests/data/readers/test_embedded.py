"""The embedded digits: sizes, split, contents that never change, and the enlargement."""

import hashlib
from functools import cache

import numpy as np
import pytest

import dl
from dl.data.dataset import Dataset
from dl.data.readers.embedded import enlarge, load_digits

CHECKSUM = "06bfe5fc92943dca26ea0497fc1940e3562b7a9decee6f3fa285fe508b022789"


@cache
def digits() -> Dataset:
    return load_digits()


@cache
def originals() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits as load_from_sklearn

    small, labels = load_from_sklearn(return_X_y=True)
    return np.asarray(small).reshape(-1, 8, 8), np.asarray(labels)


def shrink(pictures: np.ndarray) -> np.ndarray:
    """Back to 8×8 grey values 0..16: one pixel of each 3×3 block."""
    return np.round(pictures[:, 2:-2:3, 2:-2:3, 0] * (16 / 255)).astype(int)


def test_sizes_shapes_and_types() -> None:
    data = digits()
    assert (len(data.train), len(data.test), data.validation) == (1437, 360, None)
    for part in (data.train, data.test):
        assert part.inputs.shape[1:] == (28, 28, 1)
        assert (part.inputs.dtype, part.targets.dtype) == (np.uint8, np.int32)
    assert (data.spec.input_shape, data.spec.classes, data.spec.task) == (
        (28, 28, 1),
        10,
        "classification",
    )
    assert data.spec.class_names == tuple("0123456789")


def test_contents_and_split_are_fixed() -> None:
    digest = hashlib.sha256()
    for part in (digits().train, digits().test):
        digest.update(np.ascontiguousarray(part.inputs).tobytes())
        digest.update(part.targets.astype("<i4").tobytes())
    assert digest.hexdigest() == CHECKSUM


def test_split_is_stratified() -> None:
    train, test = (
        np.bincount(part.targets, minlength=10) for part in (digits().train, digits().test)
    )
    assert np.abs(test - (train + test) * 360 / 1797).max() < 1.0


def test_train_and_test_together_are_the_originals_and_share_none() -> None:
    small, labels = originals()
    data = digits()
    pictures = np.concatenate([shrink(data.train.inputs), shrink(data.test.inputs)]).reshape(
        1797, 64
    )
    targets = np.concatenate([data.train.targets, data.test.targets])
    got = sorted(map(tuple, np.column_stack([pictures, targets]).tolist()))
    expected = sorted(
        map(tuple, np.column_stack([small.reshape(1797, 64).astype(int), labels]).tolist())
    )
    assert got == expected
    assert len(set(got)) == 1797, (
        "no two originals are equal, so an equal multiset means a disjoint split"
    )


def test_validation_comes_out_of_train_and_leaves_the_test_alone() -> None:
    data = load_digits(validation=0.1)
    assert data.validation is not None
    assert (len(data.train), len(data.validation)) == (1293, 144)
    np.testing.assert_array_equal(data.test.inputs, digits().test.inputs)


def test_enlarging_is_exact() -> None:
    grey = np.arange(64).reshape(1, 8, 8) % 17
    picture = enlarge(grey)[0, :, :, 0]
    assert picture.dtype == np.uint8
    for row in range(8):
        for column in range(8):
            block = picture[2 + 3 * row : 5 + 3 * row, 2 + 3 * column : 5 + 3 * column]
            assert block.tolist() == [[round(grey[0, row, column] * 255 / 16)] * 3] * 3


def test_enlarging_keeps_every_grey_value_apart_and_the_border_black() -> None:
    small, _ = originals()
    pictures = enlarge(small)
    np.testing.assert_array_equal(shrink(pictures), small)
    border = np.ones((28, 28), bool)
    border[2:-2, 2:-2] = False
    assert pictures[:, border].max() == 0
    assert (pictures.min(), pictures.max()) == (0, 255)


@pytest.mark.parametrize("name", ["digits", "gates", "xor", "spirals", "circles", "moons", "names"])
def test_loading_by_name_gives_the_same_data_every_time(name: str) -> None:
    first, second = dl.load_data(name), dl.load_data(name)
    assert first.spec.name == name
    assert first.fingerprint == second.fingerprint
