"""Streamed pictures: a pure function of (seed, step, example), and faults that name the example."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image
from prepared import photographs, store_photographs

from dl.data.dataset import Dataset, limit
from dl.data.parts import dataset_of_records
from dl.data.pictures.crops import Box, evaluation_box, random_box
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.streamed import Record, StreamedSource, crop_generator, decode
from dl.data.tfds.load import describe_tfds, load_tfds
from dl.errors import InputError, RunError


def png(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Stored:
    """Records in memory."""

    records: list[Record]
    name: str = "train of tiny"
    fingerprint: str = "1"
    asked: list[list[int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.records)

    def read(self, index: Sequence[int]) -> list[Record]:
        self.asked.append(list(index))
        return [self.records[one] for one in index]


def stored(count: int = 8) -> Stored:
    pictures, labels = photographs(count)
    return Stored(
        [Record(png(picture), int(label)) for picture, label in zip(pictures, labels, strict=True)]
    )


def source(count: int = 8, *, crops: bool = True, **changes: object) -> StreamedSource:
    return replace(StreamedSource(stored(count), (6, 5, 3), 2, np.arange(count), crops), **changes)


def middle(size: tuple[int, int]) -> Box | None:
    return evaluation_box("middle", size, (224, 224))


def whole(size: tuple[int, int]) -> None:
    return None


def dataset(train: Stored, test: Stored, *, validation: float = 0.0) -> Dataset:
    return dataset_of_records(
        "tiny", train, test, shape=(6, 5, 3), class_names=("a", "b"), validation=validation
    )


def test_shapes_labels_and_what_is_read() -> None:
    streamed = source()
    examples = streamed.gather(np.array([3, 0, 3]))
    assert (examples["inputs"].shape, examples["inputs"].dtype) == ((3, 6, 5, 3), np.uint8)
    assert examples["targets"].tolist() == [1, 0, 1]
    assert examples["targets"].dtype == np.int32
    assert streamed.records.asked == [[3, 0, 3]], "nothing else"


def test_a_picture_depends_only_on_seed_step_and_example() -> None:
    streamed, index = source(), np.array([5, 2, 7, 2])
    views = streamed.draw(index, seed=1, step=9)["inputs"]
    assert (views[1] == views[3]).all()
    alone = streamed.draw(np.array([7]), seed=1, step=9)["inputs"]
    assert (alone[0] == views[2]).all()
    same = source(records=Stored([streamed.records.records[2]] * 8))
    looks = [
        same.draw(np.array([4, 5]), seed=seed, step=step)["inputs"]
        for seed in (0, 1)
        for step in (0, 1)
    ]
    assert len({look.tobytes() for pair in looks for look in pair}) == 8


def test_without_crops_training_and_evaluation_see_the_whole() -> None:
    streamed, index = source(crops=False), np.array([5, 2])
    seen = streamed.draw(index, seed=1, step=9)["inputs"]
    resized = Image.fromarray(photographs(8)[0][5]).resize((5, 6), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(seen[0], np.asarray(resized))
    np.testing.assert_array_equal(seen, streamed.gather(index)["inputs"])
    assert (streamed.view, source().view) == ("whole", "middle")


def test_every_crop_has_its_own_random_numbers() -> None:
    first = [
        crop_generator(seed=seed, step=step, example=example).random()
        for seed in (0, 3)
        for step in (0, 3)
        for example in (0, 3, 2**31)
    ]
    order = np.random.Generator(np.random.Philox(key=np.array([0, 0], np.uint64))).random(8)
    assert len({*first, *order}) == 12 + 8


def test_evaluation_is_scaling_and_cutting_the_middle_out() -> None:
    smooth = np.asarray(
        Image.fromarray(photographs(1)[0][0]).resize((512, 512), Image.Resampling.BICUBIC)
    )
    got = decode(png(smooth), (224, 224, 3), middle)
    scaled = Image.fromarray(smooth).resize((256, 256), Image.Resampling.BILINEAR)
    expected = np.asarray(scaled)[16:240, 16:240]
    assert np.abs(got.astype(int) - expected).max() <= 1


def test_a_training_crop_is_the_part_that_its_generator_draws() -> None:
    picture = photographs(1)[0][0]
    generator = crop_generator(seed=2, step=3, example=4)
    box = random_box(generator, picture.shape[:2])
    expected = np.asarray(
        Image.fromarray(picture).resize((5, 6), Image.Resampling.BILINEAR, box=box)
    )
    got = decode(
        png(picture), (6, 5, 3), partial(random_box, crop_generator(seed=2, step=3, example=4))
    )
    assert (got == expected).all()


def test_grey_files_become_colour_and_back() -> None:
    grey = photographs(1)[0][0][..., 0]
    assert (np.ptp(decode(png(grey), (6, 5, 3), whole), axis=-1) == 0).all()
    assert decode(png(grey), (6, 5, 1), whole).shape == (6, 5, 1)


def test_sub_sets_read_the_right_records() -> None:
    whole = source()
    part = whole.take(np.array([6, 1, 3])).take(np.array([2, 0]))
    assert len(part) == 2
    np.testing.assert_array_equal(
        part.gather(np.arange(2))["inputs"], whole.gather(np.array([3, 6]))["inputs"]
    )


def test_parts_description_and_fingerprint() -> None:
    data = dataset(stored(20), stored(6), validation=0.2)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [16, 4, 6]
    assert data.spec.train_size == 16
    assert data.spec.mean == (0.485, 0.456, 0.406)
    assert sorted([*data.train.index, *data.validation.index]) == list(range(20))
    assert set(limit(data, train=5).train.index) < set(data.train.index)
    again = dataset(stored(20), stored(6), validation=0.2)
    other = dataset(replace(stored(20), fingerprint="2"), stored(6), validation=0.2)
    assert again.fingerprint == data.fingerprint
    assert (
        len({data.fingerprint, other.fingerprint, dataset(stored(20), stored(6)).fingerprint}) == 3
    )


def test_inputs_that_are_not_in_memory_are_refused() -> None:
    for name in ("inputs", "targets"):
        with pytest.raises(
            InputError, match=r"train of tiny is not in memory: read some .* with gather"
        ):
            getattr(source(), name)


def test_faults_name_the_example() -> None:
    records = stored()
    records.records[5] = Record(png(photographs(1)[0][0])[:60], 1)
    records.records[6] = Record(records.records[6].picture, -1)
    broken = source(records=records).take(np.array([1, 5, 6]))
    assert broken.gather(np.array([0]))["targets"].tolist() == [1]
    with pytest.raises(RunError, match=r"example 5 of train of tiny is damaged \("):
        broken.gather(np.array([0, 1]))
    with pytest.raises(RunError, match=r"example 6 of train of tiny has no label"):
        broken.draw(np.array([2]), seed=0, step=0)
    with pytest.raises(RunError, match=r"train of tiny is damaged \("):
        source(records=Stored([])).gather(np.array([0]))


def test_from_tfds(tmp_path: Path) -> None:
    store_photographs(tmp_path, {"train": photographs(12), "validation": photographs(5, seed=1)})
    data = load_tfds("tiny", validation=0.25, data_dir=tmp_path, image_size=(8, 8))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [9, 3, 5]
    assert data.spec.input_shape == (8, 8, 3)
    described = describe_tfds("tiny", data_dir=tmp_path, image_size=(8, 8))
    assert replace(described, mean=data.spec.mean, std=data.spec.std, train_size=9) == data.spec
    test = data.test.gather(np.arange(5))
    brightness = test["inputs"].mean(axis=(1, 2, 3))
    assert ((brightness > 127) == test["targets"]).all()
    assert (
        load_tfds("tiny", validation=0.25, data_dir=tmp_path, image_size=(8, 8)).fingerprint
        == data.fingerprint
    )
    assert (
        load_tfds("tiny", validation=0.25, data_dir=tmp_path, image_size=(8, 9)).fingerprint
        != data.fingerprint
    )


def test_a_test_part_without_labels_is_not_used(tmp_path: Path) -> None:
    pictures, labels = photographs(4, seed=2)
    parts = {
        "train": photographs(6),
        "validation": photographs(5, seed=1),
        "test": (pictures, np.full_like(labels, -1)),
    }
    store_photographs(tmp_path, parts)
    assert len(load_tfds("tiny", validation=0.0, data_dir=tmp_path, image_size=(8, 8)).test) == 5


def test_fingerprints_of_other_records_differ(tmp_path: Path) -> None:
    fingerprints = set()
    for seed in (0, 1):
        folder = tmp_path / str(seed)
        store_photographs(folder, {"train": photographs(30, seed=seed), "test": photographs(4)})
        fingerprints.add(
            load_tfds("tiny", validation=0.0, data_dir=folder, image_size=(8, 8)).fingerprint
        )
    assert len(fingerprints) == 2


@pytest.mark.parametrize("part", ["train", "evaluation"])
def test_the_rows_of_two_processes_are_those_of_one_and_no_others_are_read(part: str) -> None:
    def batches(own: StreamedSource) -> list[IndexedBatch]:
        if part == "evaluation":
            return list(own.evaluation_calls(batch_size=4)())
        calls = own.train_calls(seed=3, batch_size=4, total_steps=2)
        return [batch for _, batch in calls(0, 2)]

    one = batches(source())
    halves = [source().of_rows(rows) for rows in (slice(0, 2), slice(2, 4))]
    for whole, *shares in zip(one, *map(batches, halves), strict=True):
        joined = jax.tree.map(lambda *rows: np.concatenate(rows, axis=1), *shares)
        jax.tree.map(np.testing.assert_array_equal, joined, whole)
    assert {len(asked) for half in halves for asked in half.records.asked} == {2}
