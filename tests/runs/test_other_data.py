"""Data of other classes than the model's: matched by name, or refused."""

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dl.data.dataset import Dataset, DataSpec
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.data.sources.streamed import Record, StreamedSource
from dl.errors import InputError
from dl.runs.other_data import check_same_kind, with_classes

KNOWN = ("a", "b", "c")


def dataset(*names: str):
    source = ArraySource(np.zeros((4, 2), np.float32), np.arange(4) % len(names))
    return dataset_of_parts("other", source, source, class_names=names, validation=0.25)


@pytest.mark.parametrize(
    ("names", "targets"),
    [(("a", "b", "c"), [0, 1, 2, 0]), (("c", "b"), [2, 1, 2, 1]), (("c",), [2, 2, 2, 2])],
)
def test_targets_count_the_classes_of_the_model(names: tuple[str, ...], targets: list[int]) -> None:
    data = dataset(*names)
    check_same_kind(data.spec, dataset(*KNOWN).spec)
    found = with_classes(data, KNOWN)
    assert found.test.targets.tolist() == targets
    assert found.validation is not None
    assert len(found.train) + len(found.validation) == 4
    assert found.spec.class_names == KNOWN


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("b", "d"), "other has classes that the model does not know: d; it knows a, b, c"),
        (tuple("defghi"), "does not know: d, e, f and 3 more; it knows a, b, c"),
    ],
)
def test_unknown_classes_are_refused(names: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError) as raised:
        check_same_kind(dataset(*names).spec, dataset(*KNOWN).spec)
    assert said in str(raised.value)


class Stored:
    """Records in storage, pictures of 2×2 whose classes are `labels`."""

    name = fingerprint = "stored"
    labels = np.array([0, 1, 1])

    def __len__(self) -> int:
        return 3

    def read(self, index: Sequence[int]) -> list[Record]:
        png = io.BytesIO()
        Image.new("L", (2, 2)).save(png, "PNG")
        return [Record(png.getvalue(), int(self.labels[place])) for place in index]


def test_streamed_pictures_are_matched_by_name() -> None:
    source = StreamedSource(Stored(), (2, 2, 1), 2, np.arange(3))
    spec = DataSpec("stored", "classification", (2, 2, 1), "uint8", ("c", "a"), 3)
    found = with_classes(Dataset(spec, source, None, source), KNOWN)
    assert found.test.gather(np.arange(3))["targets"].tolist() == [2, 0, 0]


def test_numbers_are_not_matched_by_name() -> None:
    spec = replace(dataset("x", "y").spec, task="regression")
    with pytest.raises(InputError, match="give data of its kind"):
        check_same_kind(spec, replace(spec, class_names=("x",)))
