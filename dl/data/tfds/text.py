"""Text from TFDS without TensorFlow: a stream, or labelled sentences."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dl.data.dataset import Dataset
from dl.data.readers.sequences import documents, labelled_documents
from dl.data.readers.streams import stream_of_documents, stream_of_text
from dl.data.split import DOCUMENTS_SEED, split_validation
from dl.data.text.reading import Documents, Reading, say_unused
from dl.data.tfds.prepare import damaged, find_builder, is_prepared, missing_package, prepare, quiet
from dl.errors import InputError


class _Names(NamedTuple):
    """The names of the text and of its label, if there is one, and the names of the classes."""

    text: str
    label: str | None
    class_names: tuple[str, ...]


def load_tfds_text(
    name: str, *, validation: float, reading: Reading, data_dir: str | Path | None = None
) -> Dataset:
    """The TFDS set `name` of texts, which is prepared first if need be.

    Texts without labels are joined to one stream for each part, with nothing between them. The last
    `validation` of train is held out, and TFDS's validation and test parts together are the test.
    If there are labels, a run validates on TFDS's validation part when `validation` is 0; if the
    test part has no labels, the validation part is the test.

    Raises:
        InputError: for a set that holds no text, or is damaged.
    """
    builder = find_builder(name, data_dir=data_dir)
    names = _names(builder.info)
    if not is_prepared(builder):
        prepare(name, data_dir=data_dir)
        builder = find_builder(name, data_dir=data_dir)
    splits = [split for split in ("train", "validation", "test") if split in builder.info.splits]
    if "train" not in splits or len(splits) < 2:
        raise InputError(
            f"{name} has the parts {', '.join(builder.info.splits)}; train and test are needed here"
        )
    train, *others = (_read(builder, split, names, name) for split in splits)
    if names.label is None:
        rest = "".join(text for part in others for text in part.texts)
        return stream_of_text(
            name, "".join(train.texts), None, rest, fraction=validation, reading=reading
        )
    labelled = [part for part in others if part.labels is not None]
    if train.labels is None or not labelled:
        raise InputError(f"{name} has examples without a label: every example needs a class")
    held_out = labelled[0] if len(labelled) > 1 else None
    if validation and held_out is not None:
        say_unused(name)
    if validation:
        classes = np.array(train.labels) if reading.use_labels else None
        train, held_out = split_validation(
            train, fraction=validation, seed=DOCUMENTS_SEED, classes=classes
        )
    language = stream_of_documents if reading.stream else documents
    build = labelled_documents if reading.use_labels else language
    return build(name, train, held_out, labelled[-1], reading=reading)


def holds_text(info: Any) -> bool:
    """Whether examples hold one text, at most one label, and no picture or sound."""
    import tensorflow_datasets as tfds

    kinds = [type(feature) for _, feature in _features(info)]
    return (
        kinds.count(tfds.features.Text) == 1
        and kinds.count(tfds.features.ClassLabel) <= 1
        and not any(issubclass(kind, (tfds.features.Image, tfds.features.Audio)) for kind in kinds)
    )


def _features(info: Any) -> list[tuple[str, Any]]:
    return list(info.features.items()) if hasattr(info.features, "items") else []


def _names(info: Any) -> _Names:
    import tensorflow_datasets as tfds

    texts = [key for key, feature in _features(info) if isinstance(feature, tfds.features.Text)]
    if not texts:
        raise InputError(f"{info.name} has no text")
    labels = [
        key for key, feature in _features(info) if isinstance(feature, tfds.features.ClassLabel)
    ]
    label = labels[0] if labels else None
    return _Names(texts[0], label, tuple(info.features[label].names) if label else ())


def _read(builder: Any, split: str, names: _Names, name: str) -> Documents:
    """One part; its labels are None if the set keeps them back."""
    examples = _examples(builder, split, name)
    texts = [_as_text(example[names.text]) for example in examples]
    if names.label is None:
        return Documents(texts)
    numbers = [int(example[names.label]) for example in examples]
    known = all(0 <= number < len(names.class_names) for number in numbers)
    return Documents(texts, [names.class_names[number] for number in numbers] if known else None)


def read_texts(builder: Any, split: str, keys: Sequence[str], name: str) -> list[tuple[str, ...]]:
    """The texts under `keys` of every example of a part.

    Raises:
        InputError: for damaged data.
    """
    return [
        tuple(_as_text(example[key]) for key in keys) for example in _examples(builder, split, name)
    ]


def _examples(builder: Any, split: str, name: str) -> list[Any]:
    try:
        with quiet():
            source = builder.as_data_source(split=split)
            return [source[index] for index in range(len(source))]
    except ModuleNotFoundError as error:
        raise missing_package(name, error) from error
    except Exception as error:  # a damaged file may raise anything
        raise damaged(name, builder.data_path, error) from error


def _as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
