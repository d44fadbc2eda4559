"""Parts that are put into a data set by hand are looked at once, on their values."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import dl
from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.arrays import ArraySource
from dl.data.sources.ragged import ragged_source

SPEC = DataSpec("own", "classification", (3,), "float32", ("a", "b", "c"), train_size=6)
INPUTS = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
LABELS = np.arange(6, dtype=np.int32) % 3


def own(part: str = "train", spec: DataSpec = SPEC, **arrays: Any) -> Dataset:
    """A data set by hand; `arrays` replace the inputs or targets of one part."""
    given = {"inputs": INPUTS, "targets": LABELS}
    sources = {name: ArraySource(**given) for name in ("train", "validation", "test")}
    return Dataset(spec, **{**sources, part: ArraySource(**{**given, **arrays})})


NUMBERED = "its 3 classes are numbered from 0 to 2"
NEEDED = r"the task classification needs int32 \['N'\]: dl.make_dataset"


@pytest.mark.parametrize("part", ["train", "validation", "test"])
@pytest.mark.parametrize(
    ("targets", "says"),
    [
        (LABELS - 1, f"target 0 is -1; {NUMBERED}"),
        (LABELS + 1, f"target 2 is 3; {NUMBERED}"),
        (LABELS.astype(np.int64) * 2**32, f"target 1 is 4294967296; {NUMBERED}"),
        (LABELS.astype(float), rf"its targets are float64 \[6\], {NEEDED}"),
        (LABELS[:, None], rf"its targets are int32 \[6, 1\], {NEEDED}"),
        (np.eye(3)[LABELS], rf"its targets are float64 \[6, 3\], {NEEDED}"),
        (LABELS == 1, rf"its targets are bool \[6\], {NEEDED}"),
        (np.array(["a", "b", "c"] * 2), rf"its targets are <U1 \[6\], {NEEDED}"),
    ],
)
def test_labels_that_are_no_classes(part: str, targets: Any, says: str) -> None:
    with pytest.raises(dl.InputError, match=f"{part} part of own: {says}") as refused:
        own(part, targets=targets)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (INPUTS[:, :2], r"its examples are float32 \(2,\), the data set has float32 \(3,\)"),
        (INPUTS[..., None], r"its examples are float32 \(3, 1\), the data set has"),
        (INPUTS.astype(object), r"its examples are object \(3,\), the data set has"),
        (INPUTS.astype(complex), r"its examples are complex128 \(3,\), the data set has"),
        (np.where(INPUTS == INPUTS[4, 1], np.nan, INPUTS), "input 4, 1 is nan; replace it"),
        (np.where(INPUTS == INPUTS[4, 1], np.inf, INPUTS), "input 4, 1 is inf; replace it"),
    ],
)
def test_inputs_that_are_not_those_of_the_description(inputs: Any, says: str) -> None:
    with pytest.raises(dl.InputError, match=f"test part of own: {says}"):
        own("test", inputs=inputs)


@pytest.mark.parametrize("targets", [LABELS.astype(np.int64), LABELS.astype(np.uint8)])
def test_class_numbers_of_any_whole_type_are_right(targets: Any) -> None:
    assert own(targets=targets).train.targets is targets


def two_answers(task: Any, targets: Any) -> Dataset:
    spec = replace(SPEC, task=task, class_names=("p", "q"))
    source = ArraySource(INPUTS, np.asarray(targets))
    return Dataset(spec, source, None, source)


@pytest.mark.parametrize(
    ("task", "targets", "says"),
    [
        ("binary", np.where(np.eye(6)[:, :2], 1.0, -1.0), "target 0, 1 is -1.0; yes-or-no"),
        ("binary", 255 * np.eye(6)[:, :2], "target 0, 0 is 255.0; yes-or-no targets are 0 and 1"),
        ("binary", np.eye(6)[:, :2] > 0, r"its targets are bool \[6, 2\]"),
        ("binary", np.eye(6)[:, :3], r"its targets are float64 \[6, 3\], the task binary needs"),
        ("regression", np.zeros(6), r"its targets are float64 \[6\], the task regression needs"),
        ("regression", np.full((6, 2), np.nan), "target 0, 0 is nan; replace it"),
    ],
)
def test_answers_and_numbers_that_are_none(task: str, targets: Any, says: str) -> None:
    with pytest.raises(dl.InputError, match=f"train part of own: {says}"):
        two_answers(task, targets)


def test_answers_between_no_and_yes_are_probabilities() -> None:
    assert len(two_answers("binary", np.full((6, 2), 0.25)).train) == 6


def test_sequences_are_looked_at_too() -> None:
    rows = [INPUTS[:length, :1] for length in (1, 3, 2)]
    good, bad = (ragged_source(rows, np.array(labels)) for labels in ([0, 1, 2], [0, 1, 3]))
    spec = replace(SPEC, input_shape=(3, 1), ragged=True, train_size=3)
    assert len(Dataset(spec, good, None, good).test) == 3
    with pytest.raises(dl.InputError, match=f"test part of own: target 1 is 3; {NUMBERED}"):
        Dataset(spec, good, None, bad)


def test_the_number_of_training_examples_is_the_one_described() -> None:
    with pytest.raises(dl.InputError, match="train part of own: it has 6 examples, train_size is"):
        own(spec=replace(SPEC, train_size=60))
