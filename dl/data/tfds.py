"""Labelled pictures from TFDS, read into memory without TensorFlow."""

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dl.data.dataset import MEMORY_LIMIT, ArraySource, Dataset, DataSpec, make_dataset
from dl.data.picture import PICTURE_MODES
from dl.data.prepare import damaged, find_builder, is_prepared, missing_package, prepare, quiet
from dl.errors import InputError

_RECORDS_AT_ONCE = 4096
_FORMATS = ("PNG", "JPEG", "GIF", "BMP")  # all that TFDS stores; trying no others saves a tenth of the time


def load_tfds(name: str, *, validation: float, data_dir: str | Path | None = None) -> Dataset:
    """The TFDS data set `name`, prepared first if need be: pictures uint8 [N, H, W, C], labels int32 [N].

    Train and test are TFDS's own parts; where there is no test part, its validation part is the test.

    Args:
        name: of a set of labelled pictures of one size: `mnist`, `cifar10`, `emnist/letters`, ...
        validation: the fraction of the training examples to hold out.
        data_dir: where prepared data is kept; default `$TFDS_DATA_DIR`, then `~/tensorflow_datasets`.

    Raises:
        InputError: for an unknown name, a set of something else or too large for memory, damaged data, and
            whatever keeps `dl.data.prepare.prepare` from preparing it.
    """
    builder = find_builder(name, data_dir=data_dir)
    features = _labelled_pictures(builder.info, name)  # before a long download, not after it
    if not is_prepared(builder):
        prepare(name, data_dir=data_dir)
        builder = find_builder(name, data_dir=data_dir)
        features = _labelled_pictures(builder.info, name)
    test = _test_split(builder.info, name)
    _check_memory(builder.info, ("train", test), features, name)
    return make_dataset(
        name,
        _read(builder, "train", features, name),
        _read(builder, test, features, name),
        class_names=features.class_names,
        validation=validation,
    )


def describe_tfds(name: str, *, data_dir: str | Path | None = None) -> DataSpec:
    """The shapes and classes of the TFDS data set `name`, without reading, downloading or preparing it.

    `train_size` counts the whole train part, and is 0 while the set is not prepared; the moments are unknown.

    Raises:
        InputError: as `load_tfds`, for an unknown name and a set that holds something else.
    """
    info = find_builder(name, data_dir=data_dir).info
    features = _labelled_pictures(info, name)
    return DataSpec(
        name=name,
        task="classification",
        input_shape=features.shape,
        input_dtype="uint8",
        class_names=features.class_names,
        train_size=info.splits["train"].num_examples if "train" in info.splits else 0,
    )


class _Features(NamedTuple):
    """Which features of an example are the picture and its label, and what they hold."""

    image: str
    label: str
    shape: tuple[int, int, int]
    class_names: tuple[str, ...]


def _labelled_pictures(info: Any, name: str) -> _Features:
    """The features of `info`, if they are 8-bit pictures of one size and one class each."""
    import tensorflow_datasets as tfds

    keys = info.supervised_keys
    if not (isinstance(keys, tuple) and len(keys) == 2 and all(isinstance(key, str) for key in keys)):
        raise InputError(f"{name} pairs no input with one target; a set of labelled pictures is needed here")
    image, label = (info.features[key] for key in keys)
    kinds = type(image), type(label)
    if not (issubclass(kinds[0], tfds.features.Image) and issubclass(kinds[1], tfds.features.ClassLabel)):
        raise InputError(
            f"{name} pairs {kinds[0].__name__} with {kinds[1].__name__}; "
            "a set of pictures (Image) with one class each (ClassLabel) is needed here"
        )
    shape = tuple(image.shape)
    if None in shape:
        raise InputError(f"{name} has pictures of many sizes: save them as files, use folder:PATH --image-size")
    if image.np_dtype != np.uint8 or shape[-1] not in PICTURE_MODES:
        kind = np.dtype(image.np_dtype).name
        raise InputError(f"{name} has pictures {kind} {list(shape)}; 8-bit grey or colour is needed here")
    return _Features(keys[0], keys[1], shape, tuple(label.names))


def _test_split(info: Any, name: str) -> str:
    """The part to test on; validation stands in for a missing test part."""
    split = next((split for split in ("test", "validation") if split in info.splits), None)
    if split is None or "train" not in info.splits:
        raise InputError(f"{name} has the parts {', '.join(info.splits)}; train and test are needed here")
    return split


def _check_memory(info: Any, splits: tuple[str, ...], features: _Features, name: str) -> None:
    size = sum(info.splits[split].num_examples for split in splits) * math.prod(features.shape)
    if size > MEMORY_LIMIT:
        raise InputError(
            f"{name} takes {size / 2**30:.1f} GiB decoded; it is to be held in memory, where a set may take "
            f"{MEMORY_LIMIT / 2**30:.0f} GiB: choose a smaller one, or save a part of it for folder:PATH"
        )


def _read(builder: Any, split: str, features: _Features, name: str) -> ArraySource:
    """One part, decoded: uint8 [N, H, W, C] and int32 [N]."""
    import tensorflow_datasets as tfds

    raw = tfds.decode.DeserializeMethod.RAW_BYTES
    try:
        with quiet():
            source = builder.as_data_source(split=split, deserialize_method=raw)
            pictures, labels = _decode_all(source, features)
    except ModuleNotFoundError as error:
        raise missing_package(name, error) from error
    except Exception as error:  # a damaged file makes the record reader, protobuf or Pillow raise anything
        raise damaged(name, builder.data_path, error) from error
    if not 0 <= labels.min() <= labels.max() < len(features.class_names):
        raise InputError(f"{name} has examples without a label in {split}; every one needs its class here")
    return ArraySource(pictures, labels)


def _decode_all(source: Any, features: _Features) -> tuple[np.ndarray, np.ndarray]:
    """All records of `source`; TFDS's own decoding of an example does the same at half the speed."""
    from tensorflow_datasets.proto import tf_example_pb2

    parse: Any = vars(tf_example_pb2)["Example"].FromString  # generated code, invisible to type checkers
    pictures = np.empty((len(source), *features.shape), np.uint8)
    labels = np.empty(len(source), np.int32)
    decode = _picture_decoder(features.shape)
    for start in range(0, len(source), _RECORDS_AT_ONCE):
        records = source.__getitems__(range(start, min(start + _RECORDS_AT_ONCE, len(source))))
        for index, record in enumerate(records, start):
            example = parse(record).features.feature
            pictures[index] = decode(example[features.image].bytes_list.value[0])
            labels[index] = example[features.label].int64_list.value[0]
    return pictures, labels


def _picture_decoder(shape: tuple[int, int, int]) -> Callable[[bytes], np.ndarray]:
    """A function from the bytes of a PNG or JPEG to uint8 [H, W, C] of that shape."""
    from PIL import Image

    mode = PICTURE_MODES[shape[-1]]

    def decode(data: bytes) -> np.ndarray:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            pixels = picture if picture.mode == mode else picture.convert(mode)
            return np.frombuffer(pixels.tobytes(), np.uint8).reshape(shape)

    return decode
