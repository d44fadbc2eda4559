"""Labelled pictures from TFDS, decoded into memory or while they are used, without TensorFlow."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dl.data.dataset import MEMORY_LIMIT, Dataset, DataSpec
from dl.data.parts import dataset_of_parts, dataset_of_records
from dl.data.pictures.picture import PICTURE_MODES
from dl.data.sources.arrays import ArraySource
from dl.data.sources.streamed import open_stored
from dl.data.tfds.captions import has_captioned_sizes, holds_captions
from dl.data.tfds.prepare import damaged, find_builder, is_prepared, prepare, quiet
from dl.data.tfds.records import TfdsRecords, open_records
from dl.errors import InputError

_RECORDS_AT_ONCE = 4096


def load_tfds_pictures(
    name: str,
    *,
    validation: float,
    data_dir: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
    random_crops: bool = False,
) -> Dataset:
    """The labelled pictures that TFDS calls `name`; see `dl.data.tfds.load.load_tfds`."""
    builder = find_builder(name, data_dir=data_dir)
    # Refused before a long download, not after it.
    features = _labelled_pictures(builder.info, name, image_size)
    if not is_prepared(builder):
        prepare(name, data_dir=data_dir)
        builder = find_builder(name, data_dir=data_dir)
        features = _labelled_pictures(builder.info, name, image_size)
    train, test = (
        _open(builder, split, features, name) for split in _splits(builder, features, name)
    )
    described = {"class_names": features.class_names, "validation": validation}
    too_large = (len(train) + len(test)) * math.prod(features.shape) > MEMORY_LIMIT
    if random_crops or features.many_sizes or too_large:
        return dataset_of_records(
            name, train, test, shape=features.shape, crops=random_crops, **described
        )
    parts = (_decode_all(builder, part, features, name) for part in (train, test))
    return dataset_of_parts(name, *parts, **described)


def describe_tfds_pictures(
    name: str,
    *,
    data_dir: str | Path | None = None,
    image_size: tuple[int, int] | None = None,
) -> DataSpec:
    """The shapes and classes of the pictures that TFDS calls `name`; see `describe_tfds`."""
    info = find_builder(name, data_dir=data_dir).info
    features = _labelled_pictures(info, name, image_size)
    return DataSpec(
        name=name,
        task="classification",
        input_shape=features.shape,
        input_dtype="uint8",
        class_names=features.class_names,
        train_size=info.splits["train"].num_examples if "train" in info.splits else 0,
    )


class _Features(NamedTuple):
    """The names of an example's picture and label, and what they hold.

    `shape` is the shape in which pictures are used.
    """

    image: str
    label: str
    shape: tuple[int, int, int]
    many_sizes: bool
    class_names: tuple[str, ...]


def has_many_sizes(name: str, *, data_dir: str | Path | None = None) -> bool:
    """Whether the pictures of the TFDS data set `name` have several sizes.

    Raises:
        InputError: for an unknown name, and a set that is not of labelled or captioned pictures.
    """
    info = find_builder(name, data_dir=data_dir).info
    if holds_captions(info):
        return has_captioned_sizes(info)
    _, (image, _) = _picture_and_label(info, name)
    return None in image.shape[:2]


def _picture_and_label(info: Any, name: str) -> tuple[tuple[str, str], tuple[Any, Any]]:
    """The names of an example's picture and class, and TFDS's descriptions of both."""
    import tensorflow_datasets as tfds

    keys = info.supervised_keys
    if not (
        isinstance(keys, tuple) and len(keys) == 2 and all(isinstance(key, str) for key in keys)
    ):
        raise InputError(
            f"{name} does not pair an input with a target: name a set of labelled pictures"
        )
    image, label = (info.features[key] for key in keys)
    if not (isinstance(image, tfds.features.Image) and isinstance(label, tfds.features.ClassLabel)):
        raise InputError(
            f"{name} pairs {type(image).__name__} with {type(label).__name__}; "
            "a set of pictures (Image) with one class each (ClassLabel) is needed here"
        )
    return keys, (image, label)


def _labelled_pictures(info: Any, name: str, image_size: tuple[int, int] | None) -> _Features:
    """The features of `info`, if they are 8-bit pictures with one class each."""
    keys, (image, label) = _picture_and_label(info, name)
    many_sizes = None in image.shape[:2]
    if many_sizes and not image_size:
        raise InputError(f"{name} has pictures of many sizes: give them one with --image-size")
    if image_size and not many_sizes:
        raise InputError(
            f"image_size is for folder:PATH and pictures of many sizes; those of {name} have one: "
            "use 0"
        )
    height, width = image_size or image.shape[:2]
    shape = height, width, image.shape[-1]
    if image.np_dtype != np.uint8 or shape[-1] not in PICTURE_MODES:
        kind = np.dtype(image.np_dtype).name
        raise InputError(
            f"{name} has pictures {kind} {list(shape)}; 8-bit grey or colour is needed here"
        )
    return _Features(keys[0], keys[1], shape, many_sizes, tuple(label.names))


def _splits(builder: Any, features: _Features, name: str) -> tuple[str, str]:
    """The training and the test part; validation is the test if that is missing or unlabelled."""
    splits = builder.info.splits
    tests = [split for split in ("test", "validation") if split in splits]
    if not tests or "train" not in splits:
        raise InputError(
            f"{name} has the parts {', '.join(splits)}; train and test are needed here"
        )
    if len(tests) > 1 and _open(builder, "test", features, name).read([0])[0].label < 0:
        return "train", "validation"
    return "train", tests[0]


def _open(builder: Any, split: str, features: _Features, name: str) -> TfdsRecords:
    return open_records(builder, split, name=name, image=features.image, label=features.label)


def _decode_all(builder: Any, records: TfdsRecords, features: _Features, name: str) -> ArraySource:
    """One part, decoded: uint8 [N, H, W, C] and int32 [N]."""
    pictures = np.empty((len(records), *features.shape), np.uint8)
    labels = np.empty(len(records), np.int32)
    decode = _picture_decoder(features.shape)
    try:
        with quiet():
            for start in range(0, len(records), _RECORDS_AT_ONCE):
                end = min(start + _RECORDS_AT_ONCE, len(records))
                for index, record in enumerate(records.read(range(start, end)), start):
                    pictures[index], labels[index] = decode(record.picture), record.label
    except Exception as error:  # a damaged file may raise anything
        raise damaged(name, builder.data_path, error) from error
    if not 0 <= labels.min() <= labels.max() < len(features.class_names):
        raise InputError(
            f"{name} has examples without a label in {records.split}: every example needs a class"
        )
    return ArraySource(pictures, labels)


def _picture_decoder(shape: tuple[int, int, int]) -> Callable[[bytes | Path], np.ndarray]:
    """A function from a stored picture to uint8 [H, W, C] of `shape`, which it must have."""
    mode = PICTURE_MODES[shape[-1]]

    def decode(stored: bytes | Path) -> np.ndarray:
        with open_stored(stored) as picture:
            pixels = picture if picture.mode == mode else picture.convert(mode)
            return np.frombuffer(pixels.tobytes(), np.uint8).reshape(shape)

    return decode
