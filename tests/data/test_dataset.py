"""Sources, the validation split, the fingerprint and the channel moments."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dl.data.dataset import Dataset, limit
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.data.split import split_validation
from dl.errors import InputError

quick = settings(max_examples=20, deadline=None)


def numbered(n: int) -> ArraySource:
    """Examples that can be told apart: example i holds i."""
    return ArraySource(np.arange(n, dtype=np.float32)[:, None], np.arange(n, dtype=np.int32))


def small_dataset(*, validation: float = 0.0, **changed: Any) -> Dataset:
    """Six training and three test pictures; `changed` overrides the arrays."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "train_inputs": rng.integers(0, 256, (6, 2, 2, 1), np.uint8),
        "train_targets": np.array([0, 1, 0, 1, 0, 1], np.int32),
        "test_inputs": rng.integers(0, 256, (3, 2, 2, 1), np.uint8),
        "test_targets": np.array([0, 1, 1], np.int32),
    }
    arrays |= changed
    if "train_inputs" in changed:
        shape, dtype = changed["train_inputs"].shape[1:], changed["train_inputs"].dtype
        arrays["test_inputs"] = np.resize(arrays["test_inputs"], (3, *shape)).astype(dtype)
    return dataset_of_parts(
        "small",
        ArraySource(arrays["train_inputs"], arrays["train_targets"]),
        ArraySource(arrays["test_inputs"], arrays["test_targets"]),
        class_names=("no", "yes"),
        validation=validation,
    )


def test_gather_and_take_keep_inputs_with_their_targets() -> None:
    source, index = numbered(10), np.array([7, 0, 7])
    for inputs, targets in (
        source.gather(index).values(),
        (source.take(index).inputs, source.take(index).targets),
    ):
        assert inputs[:, 0].tolist() == [7.0, 0.0, 7.0]
        assert targets.tolist() == [7, 0, 7]
    assert len(source.take(index)) == 3


def test_unequal_numbers_of_inputs_and_targets_are_refused_with_both_numbers() -> None:
    with pytest.raises(InputError, match=r"5 inputs.*4 targets"):
        ArraySource(np.zeros((5, 2)), np.zeros(4))


@quick
@given(n=st.integers(1, 200), fraction=st.floats(0.0, 0.5))
def test_validation_split_is_disjoint_and_complete(n: int, fraction: float) -> None:
    kept, held_out = split_validation(numbered(n), fraction=fraction)
    parts = [kept.targets] + ([] if held_out is None else [held_out.targets])
    assert sorted(np.concatenate(parts).tolist()) == list(range(n))
    assert (0 if held_out is None else len(held_out)) == round(fraction * n)
    for part in parts:
        assert np.all(np.diff(part) > 0), "each part keeps the order of the data"


def test_validation_split_is_fixed_for_ever() -> None:
    _, held_out = split_validation(numbered(20), fraction=0.25)
    assert held_out is not None
    # Runs of different versions are compared on the same held-out examples: these numbers may never
    # change.
    assert held_out.targets.tolist() == [0, 8, 13, 17, 18]


def test_validation_split_is_not_the_tail_or_the_head() -> None:
    _, held_out = split_validation(numbered(1000), fraction=0.1)
    assert held_out is not None
    assert 300 < held_out.targets.mean() < 700


def test_nothing_is_held_out_of_fraction_0() -> None:
    source = numbered(5)
    assert split_validation(source, fraction=0.0) == (source, None)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 1.5, float("nan")])
def test_validation_that_is_no_fraction_is_refused(fraction: float) -> None:
    with pytest.raises(InputError, match=r"0 <= fraction < 1"):
        split_validation(numbered(5), fraction=fraction)


@pytest.mark.parametrize(("n", "fraction"), [(4, 0.9), (10, 0.96), (1, 0.6)])
def test_holding_out_every_training_example_is_refused(n: int, fraction: float) -> None:
    with pytest.raises(InputError):
        split_validation(numbered(n), fraction=fraction)


def test_spec_describes_the_part_that_is_trained_on() -> None:
    data = small_dataset(validation=0.34)
    assert (data.spec.train_size, len(data.train)) == (4, 4)
    assert data.validation is not None
    assert len(data.validation) == 2
    assert (data.spec.input_shape, data.spec.input_dtype, data.spec.classes) == (
        (2, 2, 1),
        "uint8",
        2,
    )
    assert data.spec.mean == pytest.approx([data.train.inputs.mean() / 255])
    assert data.spec.std == pytest.approx([data.train.inputs.std() / 255])


def test_moments_are_per_channel() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3), np.uint8)
    pictures[..., 2] //= 4
    data = small_dataset(train_inputs=pictures, train_targets=np.zeros(9, np.int32))
    assert data.spec.mean == pytest.approx(pictures.mean(axis=(0, 1, 2)) / 255)
    assert data.spec.std == pytest.approx(pictures.std(axis=(0, 1, 2)) / 255)


def test_a_constant_channel_has_deviation_1_so_that_nothing_divides_by_zero() -> None:
    data = small_dataset(train_inputs=np.full((6, 2, 2, 1), 51, np.uint8))
    assert data.spec.mean == pytest.approx([0.2])
    assert data.spec.std == (1.0,)


def test_fingerprint_is_of_the_contents() -> None:
    assert small_dataset().fingerprint == small_dataset().fingerprint
    assert len(small_dataset().fingerprint) == 32


ARRAYS = ["train_inputs", "train_targets", "test_inputs", "test_targets"]


@pytest.mark.parametrize("name", ARRAYS)
def test_fingerprint_changes_with_any_single_value(name: str) -> None:
    data = small_dataset()
    part, kind = name.split("_")
    array = getattr(getattr(data, part), kind).copy()
    array.flat[-1] ^= 1
    assert small_dataset(**{name: array}).fingerprint != data.fingerprint


@pytest.mark.parametrize("name", ARRAYS)
def test_fingerprint_changes_with_the_order_and_the_dtype(name: str) -> None:
    data = small_dataset()
    part, kind = name.split("_")
    array = getattr(getattr(data, part), kind)
    assert small_dataset(**{name: array[::-1]}).fingerprint != data.fingerprint
    wider = {np.dtype("uint8"): np.uint16, np.dtype("int32"): np.int64}[array.dtype]
    if name == "test_inputs":
        with pytest.raises(InputError, match="test part of small: its examples are uint16"):
            small_dataset(test_inputs=array.astype(wider))
    else:
        assert small_dataset(**{name: array.astype(wider)}).fingerprint != data.fingerprint


def test_fingerprint_tells_shapes_and_dtypes_with_the_same_bytes_apart() -> None:
    data = small_dataset()
    flat = small_dataset(train_inputs=data.train.inputs.reshape(6, 4, 1, 1))
    signed = small_dataset(test_targets=data.test.targets.view(np.uint32))
    assert len({data.fingerprint, flat.fingerprint, signed.fingerprint}) == 3


def test_fingerprint_knows_what_is_held_out() -> None:
    assert small_dataset(validation=0.34).fingerprint != small_dataset().fingerprint


def test_fingerprint_does_not_depend_on_the_memory_layout() -> None:
    data = small_dataset()
    fortran = np.asfortranarray(data.train.inputs)
    assert small_dataset(train_inputs=fortran).fingerprint == data.fingerprint


def test_part_returns_a_part_or_names_the_data_set() -> None:
    data = small_dataset()
    assert data.part("train") is data.train
    assert data.part("test") is data.test
    with pytest.raises(InputError, match="small has no validation part"):
        data.part("validation")
    with pytest.raises(InputError, match="no training part"):
        data.part("training")


def test_limit_keeps_some_training_examples_of_every_class() -> None:
    numbers, labels = np.arange(300.0)[:, None], np.arange(300) // 100
    source = ArraySource(numbers, labels)  # sorted by class, as folders are
    data = dataset_of_parts("sorted", source, source, class_names=("a", "b", "c"))
    few = limit(data, train=60)
    assert np.bincount(few.train.targets).min() >= 10
    assert len(set(few.train.inputs[:, 0])) == len(few.train) == few.spec.train_size == 60
    assert (few.train.inputs[:, 0] // 100 == few.train.targets).all()
    assert few.test is data.test
    assert few.fingerprint == limit(data, train=60).fingerprint != data.fingerprint
    assert set(limit(data, train=20).train.inputs[:, 0]) < set(few.train.inputs[:, 0])


@pytest.mark.parametrize("train", [0, 7])
def test_limit_refuses_more_examples_than_there_are(train: int) -> None:
    with pytest.raises(InputError, match=rf"{train} of 6"):
        limit(small_dataset(), train=train)
