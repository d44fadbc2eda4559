"""Sequences of several lengths as a `Dataset`: documents, labelled documents, songs."""

from collections.abc import Callable, Sequence

import numpy as np

from dl.data.dataset import Dataset
from dl.data.naming import listed
from dl.data.parts import dataset_of_sequences
from dl.data.sources.ragged import RaggedSource, ragged_source
from dl.data.split import split_validation
from dl.data.tasks import TaskName
from dl.data.text.lengths import within_reason, without_long_ones
from dl.data.text.reading import (
    Documents,
    Reading,
    encode,
    encode_cut,
    read_vocabulary,
)
from dl.data.text.vocabulary import Vocabulary
from dl.errors import InputError


def documents(
    name: str, train: Documents, validation: Documents | None, test: Documents, *, reading: Reading
) -> Dataset:
    """A language task on single documents: predict every symbol, then the `END`.

    A document starts after an `END` too. One that is cut because it is longer than
    `Reading.longest` has no `END` behind it.
    """
    reading = within_reason(name, train, validation, test, reading=reading)
    train, validation, test = without_long_ones(name, train, validation, test, reading=reading)
    vocabulary = read_vocabulary(train, reading, documents=True)

    def source(part: Documents) -> RaggedSource:
        rows = [_between_ends(vocabulary, text, reading, name) for text in part.texts]
        return ragged_source([row[:-1] for row in rows], [row[1:] for row in rows])

    return _dataset(
        name, "language", (train, validation, test), source, vocabulary=vocabulary, class_names=()
    )


def labelled_documents(
    name: str, train: Documents, validation: Documents | None, test: Documents, *, reading: Reading
) -> Dataset:
    """A classification of documents; the classes are the sorted labels of the training part.

    Documents without any symbol are left out.
    """
    reading = within_reason(name, train, validation, test, reading=reading)
    train, validation, test = without_long_ones(name, train, validation, test, reading=reading)
    vocabulary = read_vocabulary(train, reading, documents=False)
    class_names = tuple(sorted(set(train.labels or ())))
    if len(class_names) < 2:
        raise InputError(f"{name} has {len(class_names)} label(s): a classification needs two")
    number = {label: place for place, label in enumerate(class_names)}

    def source(part: Documents) -> RaggedSource:
        if part.labels is None:
            raise InputError(f"{name} has a part without labels: give all documents one")
        unknown = set(part.labels) - set(class_names)
        if unknown:
            raise InputError(
                f"{name} has labels that its training part does not have: {listed(sorted(unknown))}"
            )
        rows = [encode_cut(vocabulary, text, reading, name) for text in part.texts]
        labels = [number[label] for label, row in zip(part.labels, rows, strict=True) if len(row)]
        return ragged_source([row for row in rows if len(row)], np.array(labels, np.int32))

    parts = (train, validation, test)
    return _dataset(
        name, "classification", parts, source, vocabulary=vocabulary, class_names=class_names
    )


def frames(
    name: str,
    train: Sequence[np.ndarray],
    validation: Sequence[np.ndarray] | None,
    test: Sequence[np.ndarray],
    *,
    class_names: tuple[str, ...],
    fraction: float = 0.0,
) -> Dataset:
    """Predict each frame of songs [T_i, K], K times yes or no, from the frames before it.

    Before the first frame is silence. With a `fraction`, that part of train is the validation part.
    """

    def source(songs: Sequence[np.ndarray]) -> RaggedSource:
        before = [np.concatenate([np.zeros_like(song[:1]), song[:-1]]) for song in songs]
        return ragged_source(before, songs)

    kept, held_out = split_validation(source(train), fraction=fraction)
    if held_out is None and validation is not None:
        held_out = source(validation)
    return dataset_of_sequences(
        name, kept, held_out, source(test), task="frames", class_names=class_names
    )


def _dataset(
    name: str,
    task: TaskName,
    parts: tuple[Documents, Documents | None, Documents],
    source: Callable[[Documents], RaggedSource],
    *,
    vocabulary: Vocabulary,
    class_names: tuple[str, ...],
) -> Dataset:
    train, validation, test = parts
    return dataset_of_sequences(
        name,
        source(train),
        None if validation is None else source(validation),
        source(test),
        task=task,
        class_names=class_names,
        vocabulary=vocabulary,
    )


def _between_ends(vocabulary: Vocabulary, text: str, reading: Reading, name: str) -> np.ndarray:
    whole = encode(vocabulary, text, reading, name)
    kept = whole[: reading.longest or None]
    last = [vocabulary.end] if len(kept) == len(whole) else []
    return np.concatenate([[vocabulary.end], kept, last]).astype(np.int32)
