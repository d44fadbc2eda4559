"""Pictures with captions from TFDS, such as `coco_captions`, without TensorFlow."""

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dl.data.dataset import MEMORY_LIMIT, Dataset
from dl.data.pictures.files import open_stored
from dl.data.pictures.picture import to_pixels
from dl.data.readers.captioned import Captioned, captioned_pictures
from dl.data.text.reading import Reading, say_unused
from dl.data.tfds.prepare import damaged, find_builder, is_prepared, missing_package, prepare, quiet
from dl.data.threads import in_threads
from dl.errors import InputError

_KEY = "captions"
_PARTS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}


class _Names(NamedTuple):
    """The names of an example's picture and of its captions, and the shape of pictures."""

    image: str
    text: str
    shape: tuple[int | None, int | None, int]


def holds_captions(info: Any) -> bool:
    """Whether examples hold one picture and a list of texts called captions."""
    return _names(info) is not None


def has_captioned_sizes(info: Any) -> bool:
    """Whether the pictures of a set of captions have several sizes."""
    names = _names(info)
    return names is not None and None in names.shape[:2]


def load_tfds_captions(
    name: str,
    *,
    validation: float,
    reading: Reading,
    image_size: tuple[int, int] | None = None,
    data_dir: str | Path | None = None,
) -> Dataset:
    """The TFDS set `name` of pictures with captions, which is prepared first if need be.

    A run validates on TFDS's validation part when `validation` is 0; if there is no test part, the
    validation part is the test. Other parts, such as `restval`, are passed over.

    Raises:
        InputError: for pictures of several sizes without `image_size`, a set that is larger than
            memory, damaged data.
    """
    builder = find_builder(name, data_dir=data_dir)
    names = _names(builder.info)
    assert names is not None
    size = _size(names, image_size, name)
    if not is_prepared(builder):
        prepare(name, data_dir=data_dir)
        builder = find_builder(name, data_dir=data_dir)
    splits = {_PARTS[split]: split for split in builder.info.splits if split in _PARTS}
    if "train" not in splits or len(splits) < 2:
        raise InputError(
            f"{name} has the parts {', '.join(builder.info.splits)}; train and test are needed here"
        )
    _check_memory(builder, splits, size, name)
    if "test" not in splits:
        splits["test"] = splits.pop("validation")
    elif validation and splits.pop("validation", None):
        say_unused(name)
    parts = {part: _read(builder, split, names, size, name) for part, split in splits.items()}
    return captioned_pictures(
        name, parts["train"], parts.get("validation", validation), parts["test"], reading=reading
    )


def _names(info: Any) -> _Names | None:
    import tensorflow_datasets as tfds

    features = dict(info.features.items()) if hasattr(info.features, "items") else {}
    images = [key for key, one in features.items() if isinstance(one, tfds.features.Image)]
    captions = features.get(_KEY)
    if len(images) != 1 or not isinstance(captions, tfds.features.Sequence):
        return None
    inner: Any = captions.feature
    nested = hasattr(inner, "items")
    if nested and "text" not in dict(inner.items()):
        return None
    return _Names(images[0], f"{_KEY}/text" if nested else _KEY, features[images[0]].shape)


def _size(names: _Names, image_size: tuple[int, int] | None, name: str) -> tuple[int, int, int]:
    height, width, channels = names.shape
    if image_size:
        return (*image_size, channels)
    if height is None or width is None:
        raise InputError(f"{name} has pictures of many sizes: give them one with --image-size")
    return height, width, channels


def _check_memory(
    builder: Any, splits: dict[str, str], size: tuple[int, int, int], name: str
) -> None:
    count = sum(builder.info.splits[split].num_examples for split in splits.values())
    needed = count * math.prod(size)
    if needed > MEMORY_LIMIT:
        raise InputError(
            f"{name} has {count:,} pictures, {needed / 2**30:.1f} GiB at {size[0]}x{size[1]}: "
            f"bring them below {MEMORY_LIMIT / 2**30:.0f} GiB with a smaller --image-size"
        )


def _read(
    builder: Any, split: str, names: _Names, size: tuple[int, int, int], name: str
) -> Captioned:
    """One part: pictures uint8 [P, H, W, C] of `size`, and the captions of each."""
    import tensorflow_datasets as tfds

    try:
        with quiet():
            source = builder.as_data_source(
                split=split, deserialize_method=tfds.decode.DeserializeMethod.RAW_BYTES
            )
            from tensorflow_datasets.proto import tf_example_pb2

            # Generated code, which type checkers do not see.
            parse: Callable[[bytes], Any] = vars(tf_example_pb2)["Example"].FromString
            pictures = np.empty((len(source), *size), np.uint8)

            def read(number: int) -> tuple[str, ...]:
                example = parse(source.__getitems__([number])[0]).features.feature
                pictures[number] = _decoded(example[names.image].bytes_list.value[0], size)
                return tuple(text.decode() for text in example[names.text].bytes_list.value)

            captions = in_threads(read, len(source))
    except ModuleNotFoundError as error:
        raise missing_package(name, error) from error
    except Exception as error:  # a damaged file may raise anything
        raise damaged(name, builder.data_path, error) from error
    return Captioned(pictures, tuple(captions))


def _decoded(stored: bytes, size: tuple[int, int, int]) -> np.ndarray:
    with open_stored(io.BytesIO(stored)) as picture:
        return to_pixels(picture, size)
