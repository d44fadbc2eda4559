"""Reading prepared TFDS data: small sets, damaged ones, and the real MNIST where it is prepared."""

import gzip
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from prepared import noise, store

import dl.data.tfds.pictures
from dl.data.sources.arrays import ArraySource
from dl.data.sources.streamed import StreamedSource
from dl.data.tfds.load import describe_tfds, load_tfds
from dl.errors import InputError


def as_list(pictures: np.ndarray, labels: np.ndarray) -> list[tuple[bytes, int]]:
    """The examples, in an order of their own: TFDS shuffles when it prepares."""
    return sorted(
        (picture.tobytes(), int(label)) for picture, label in zip(pictures, labels, strict=True)
    )


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_picture_is_read_with_its_label(tmp_path: Path, channels: int) -> None:
    train, test = noise(30, (5, 4, channels)), noise(7, (5, 4, channels), seed=1)
    store(tmp_path, {"train": train, "test": test, "validation": noise(3, (5, 4, channels))})
    data = load_tfds("tiny", validation=0.0, data_dir=tmp_path)
    assert as_list(data.train.inputs, data.train.targets) == as_list(*train)
    assert as_list(data.test.inputs, data.test.targets) == as_list(*test)
    assert data.train.inputs.dtype == np.uint8
    assert data.train.targets.dtype == np.int32
    assert data.spec.name == "tiny"
    assert data.spec.input_shape == (5, 4, channels)
    assert data.spec.class_names == ("no", "yes")


def test_more_records_than_are_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = noise(30)
    store(tmp_path, {"train": train, "test": noise(7)})
    monkeypatch.setattr(dl.data.tfds.pictures, "_RECORDS_AT_ONCE", 8)
    data = load_tfds("tiny", validation=0.0, data_dir=tmp_path)
    assert as_list(data.train.inputs, data.train.targets) == as_list(*train)


def test_validation_stands_in_for_a_missing_test(tmp_path: Path) -> None:
    kept = noise(7, seed=1)
    store(tmp_path, {"train": noise(30), "validation": kept})
    data = load_tfds("tiny", validation=0.1, data_dir=tmp_path)
    assert as_list(data.test.inputs, data.test.targets) == as_list(*kept)
    assert data.validation is not None
    assert len(data.validation) == 3


def test_grey_files_in_a_colour_set_become_colour(tmp_path: Path) -> None:
    grey, labels = noise(6)
    store(
        tmp_path,
        {"train": (grey, labels), "test": (grey, labels)},
        features=lambda kinds: {
            "image": kinds.Image(shape=(5, 4, 3)),
            "label": kinds.ClassLabel(num_classes=2),
        },
    )
    data = load_tfds("tiny", validation=0.0, data_dir=tmp_path)
    assert as_list(data.train.inputs, data.train.targets) == as_list(
        grey.repeat(3, axis=-1), labels
    )


def test_missing_parts_are_refused(tmp_path: Path) -> None:
    store(tmp_path, {"train": noise(4)})
    with pytest.raises(
        InputError, match=r"^tiny has the parts train; train and test are needed here$"
    ):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)


def test_pictures_of_many_sizes(tmp_path: Path) -> None:
    store(
        tmp_path,
        {"train": noise(4), "test": noise(4)},
        features=lambda kinds: {
            "image": kinds.Image(shape=(None, None, 1)),
            "label": kinds.ClassLabel(num_classes=2),
        },
    )
    with pytest.raises(InputError, match=r"^tiny has pictures of many sizes: .*--image-size$"):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)


def test_sixteen_bits(tmp_path: Path) -> None:
    pictures, labels = noise(4)
    store(
        tmp_path,
        {
            "train": (pictures.astype(np.uint16), labels),
            "test": (pictures.astype(np.uint16), labels),
        },
        features=lambda kinds: {
            "image": kinds.Image(shape=(5, 4, 1), dtype=np.uint16),
            "label": kinds.ClassLabel(num_classes=2),
        },
    )
    with pytest.raises(InputError, match=r"^tiny has pictures uint16 \[5, 4, 1\]; 8-bit"):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)


def test_targets_that_are_no_classes(tmp_path: Path) -> None:
    store(
        tmp_path,
        {"train": noise(4), "test": noise(4)},
        features=lambda kinds: {
            "image": kinds.Image(shape=(5, 4, 1)),
            "label": kinds.Scalar(np.int64),
        },
    )
    with pytest.raises(InputError, match=r"^tiny pairs Image with Scalar; "):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)


def test_no_supervised_pair(tmp_path: Path) -> None:
    store(tmp_path, {"train": noise(4), "test": noise(4)}, supervised_keys=None)
    with pytest.raises(InputError, match=r"^tiny does not pair an input with a target"):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)


def test_examples_without_label(tmp_path: Path) -> None:
    pictures, labels = noise(4)
    store(tmp_path, {"train": (pictures, labels), "test": (pictures, np.full_like(labels, -1))})
    with pytest.raises(InputError, match=r"^tiny has examples without a label in test"):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)


def test_a_set_too_large_for_memory_is_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, {"train": noise(4), "test": noise(4)})
    monkeypatch.setattr(dl.data.tfds.pictures, "MEMORY_LIMIT", 8 * 20 - 1)
    streamed = load_tfds("tiny", validation=0.0, data_dir=tmp_path)
    assert isinstance(streamed.train, StreamedSource)
    assert streamed.spec.input_shape == (5, 4, 1)
    monkeypatch.setattr(dl.data.tfds.pictures, "MEMORY_LIMIT", 8 * 20)
    assert isinstance(load_tfds("tiny", validation=0.0, data_dir=tmp_path).train, ArraySource)
    with pytest.raises(InputError, match=r"^image_size is for .*; those of tiny have one: use 0$"):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path, image_size=(3, 2))


def test_unfit_sets_are_refused_before_they_are_downloaded(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^imagenet2012 has pictures of many sizes"):
        load_tfds("imagenet2012", validation=0.0, data_dir=tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


def test_the_description_agrees_with_the_data(tmp_path: Path) -> None:
    store(tmp_path, {"train": noise(30), "test": noise(7)})
    described, loaded = (
        describe_tfds("tiny", data_dir=tmp_path),
        load_tfds("tiny", validation=0.0, data_dir=tmp_path),
    )
    assert replace(loaded.spec, mean=described.mean, std=described.std) == described


def test_description_needs_no_data(tmp_path: Path) -> None:
    described = describe_tfds("cifar10", data_dir=tmp_path / "absent")
    assert (described.input_shape, described.classes, described.train_size) == ((32, 32, 3), 10, 0)
    assert not (tmp_path / "absent").exists()
    with pytest.raises(InputError, match=r"^imagenet2012 has pictures of many sizes"):
        describe_tfds("imagenet2012", data_dir=tmp_path / "absent")


def record(folder: Path) -> Path:
    return next(folder.glob("*train.array_record*"))


def overwrite(file: Path, start: int, content: bytes) -> None:
    data = bytearray(file.read_bytes())
    data[start : start + len(content)] = content
    file.write_bytes(data)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a record file is gone": (lambda folder: record(folder).unlink(), "is damaged"),
    "a record file is empty": (lambda folder: record(folder).write_bytes(b""), "is damaged"),
    "a record file is cut off": (
        lambda folder: record(folder).write_bytes(record(folder).read_bytes()[:70_000]),
        "is damaged",
    ),
    "a record is overwritten": (
        lambda folder: overwrite(record(folder), 150, b"\0" * 50),
        "is damaged",
    ),
    "the description is no JSON": (
        lambda folder: (folder / "dataset_info.json").write_text("{"),
        "is damaged",
    ),
    "the description is gone": (lambda folder: (folder / "dataset_info.json").unlink(), ""),
    "the folder is empty": (lambda folder: [file.unlink() for file in folder.iterdir()], ""),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_data(damage: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    harm, said = DAMAGE[damage]
    folder = store(tmp_path, {"train": noise(500, (12, 12, 3)), "test": noise(4, (12, 12, 3))})
    harm(folder)
    capfd.readouterr()
    with pytest.raises(InputError) as raised:
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)
    line = str(raised.value)
    assert str(tmp_path / "tiny") in line
    assert said in line
    assert "\n" not in line
    assert capfd.readouterr() == ("", "")


def test_a_folder_with_a_part_of_a_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)
    with pytest.raises(InputError, match="holds only a part of mnist: delete that folder"):
        load_tfds("mnist", validation=0.0, data_dir=tmp_path)


def test_prepared_in_a_format_of_tensorflow(tmp_path: Path) -> None:
    folder = store(tmp_path, {"train": noise(4), "test": noise(4)})
    info = folder / "dataset_info.json"
    info.write_text(info.read_text().replace("array_record", "tfrecord"))
    with pytest.raises(
        InputError, match="was prepared as tfrecord, which only TensorFlow reads: set TFDS_DATA_DIR"
    ):
        load_tfds("tiny", validation=0.0, data_dir=tmp_path)


def test_reading_is_silent_and_loads_no_tensorflow(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    store(tmp_path, {"train": noise(4), "test": noise(4)})
    capfd.readouterr()
    loaded_before = "tensorflow" in sys.modules
    load_tfds("tiny", validation=0.0, data_dir=tmp_path)
    assert capfd.readouterr() == ("", "")
    assert ("tensorflow" in sys.modules) == loaded_before


def original(file: Path, header: int) -> np.ndarray:
    """One of the original files, behind its header."""
    return np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=header)


@pytest.mark.slow
def test_mnist_holds_the_original_files(shared_data: Path) -> None:
    raw, prepared = shared_data / "raw" / "mnist", shared_data / "tfds"
    if not (raw.is_dir() and (prepared / "mnist").is_dir()):
        pytest.skip(f"{raw} or {prepared / 'mnist'} is absent")
    data = load_tfds("mnist", validation=0.0, data_dir=prepared)
    for part, source in (("train", data.train), ("t10k", data.test)):
        pictures = original(raw / f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)
        labels = original(raw / f"{part}-labels-idx1-ubyte.gz", 8)
        assert as_list(source.inputs, source.targets) == as_list(pictures, labels)
    assert data.spec.class_names == tuple("0123456789")
