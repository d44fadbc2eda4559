"""Text as a `Dataset`: how it is read, and streams of it, which are predicted a segment at a time."""

import sys
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.tokens import Order, TokenSource
from dl.data.split import held_out_count, split_stream
from dl.data.vocabulary import Unit, Vocabulary, count_symbols, make_vocabulary, without_last
from dl.errors import InputError
from dl.ranges import Count, CountOrZero, check_fields


@dataclass(frozen=True)
class Reading:
    """How text becomes sequences.

    `segment` symbols at a time of a stream, in `order`; documents joined to a `stream` or one by
    one; what the symbols are (`unit`), how many of them at most (`vocabulary_size`, 0 for all), and
    whether one that the training part does not have is replaced or refused (`unknown`). Documents
    of more than `longest` symbols, if that is not 0, are cut there or left out (`longer`). Without
    `use_labels` those that have labels are read as if they had none. A `vocabulary` that is given
    is taken in the place of the training part's own; such data are not trained on.
    """

    unit: Unit = "char"
    segment: Count = 64
    order: Order = "segments"
    stream: bool = True
    vocabulary_size: CountOrZero = 0
    unknown: Literal["replace", "refuse"] = "replace"
    longest: CountOrZero = 0
    longer: Literal["cut", "leave-out"] = "cut"
    use_labels: bool = True
    vocabulary: Vocabulary | None = None

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class Documents:
    """The texts of a part, and where they have them their labels."""

    texts: list[str]
    labels: list[str] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, index: np.ndarray) -> "Documents":
        """The documents at `index`, in this order."""
        labels = None if self.labels is None else [self.labels[place] for place in index]
        return Documents([self.texts[place] for place in index], labels)


def say_unused(name: str) -> None:
    """Say that a validation part stays unread."""
    print(f"{name} has a validation part, which is used with --validation 0 alone", file=sys.stderr)


def stream_of_text(
    name: str,
    train: str,
    validation: str | None,
    test: str,
    *,
    reading: Reading,
    fraction: float = 0.0,
) -> Dataset:
    """A language task on one text: predict each symbol from those before it.

    With a `fraction` the end of train is what is validated on; its symbols are not looked at for
    the vocabulary.

    Raises:
        InputError: where documents are to be read, for a text too short, and for symbols that are
            refused.
    """
    if not reading.stream:
        raise InputError(
            f"{name} is one text, and documents are read here: give lines:PATH, jsonl:PATH or tsv:PATH"
        )
    if reading.longest:
        raise InputError(f"longest is of documents, and {name} is one text: give --longest 0")
    held_out_symbols = held_out_count(count_symbols(train, unit=reading.unit), fraction=fraction)
    trained_on = without_last(train, held_out_symbols, unit=reading.unit)
    vocabulary = read_vocabulary(Documents([trained_on]), reading, documents=False)
    kept, held_out = split_stream(encode(vocabulary, train, reading, name), fraction=fraction)
    if held_out is None and validation is not None:
        held_out = encode(vocabulary, validation, reading, name)
    return _streams(
        name, vocabulary, kept, held_out, encode(vocabulary, test, reading, name), reading=reading
    )


def stream_of_documents(
    name: str, train: Documents, validation: Documents | None, test: Documents, *, reading: Reading
) -> Dataset:
    """A language task on documents one after the other, an `END` between each two."""
    train, validation, test = without_long_ones(name, train, validation, test, reading=reading)
    vocabulary = read_vocabulary(train, reading, documents=True)
    joined = partial(_joined, vocabulary, reading=reading, name=name)
    held_out = None if validation is None else joined(validation)
    return _streams(name, vocabulary, joined(train), held_out, joined(test), reading=reading)


def _streams(
    name: str,
    vocabulary: Vocabulary,
    train: np.ndarray,
    validation: np.ndarray | None,
    test: np.ndarray,
    *,
    reading: Reading,
) -> Dataset:
    source = partial(_source, name, vocabulary, reading)
    first = source("train", train)
    if not len(first) and reading.vocabulary is None:
        most = max(1, len(train) // 2)
        raise InputError(
            f"{name} has {len(train):,} symbols to train on, fewer than two segments of {reading.segment}: "
            f"give --segment {most}{' or less' if most > 1 else ''}, or a longer text"
        )
    spec = DataSpec(
        name=name,
        task="language",
        input_shape=(reading.segment,),
        input_dtype="int32",
        class_names=(),
        train_size=len(first),
        carried=reading.order == "segments",
        vocabulary=vocabulary,
    )
    held_out = None if validation is None else source("validation", validation)
    return Dataset(spec, first, held_out, source("test", test))


def _source(
    name: str, vocabulary: Vocabulary, reading: Reading, part: str, tokens: np.ndarray
) -> TokenSource:
    """The tokens in the smallest type that holds the vocabulary."""
    kind = (
        np.uint8 if len(vocabulary) <= 256 else np.uint16 if len(vocabulary) <= 2**16 else np.int32
    )
    try:
        return TokenSource(tokens.astype(kind), reading.segment, reading.order)
    except InputError as error:
        raise InputError(f"{name}, {part} part: {error}") from None


def read_vocabulary(train: Documents, reading: Reading, *, documents: bool) -> Vocabulary:
    """The one that is given, else that of the training part; with an `END` where `documents` are
    told apart.
    """
    if reading.vocabulary is not None:
        return reading.vocabulary
    return make_vocabulary(
        train.texts, unit=reading.unit, size=reading.vocabulary_size, documents=documents
    )


def without_long_ones(
    name: str, train: Documents, validation: Documents | None, test: Documents, *, reading: Reading
) -> tuple[Documents, Documents | None, Documents]:
    """The parts without the documents that are to be left out; how many these are is said on
    stderr.
    """
    if not reading.longest or reading.longer == "cut":
        return train, validation, test

    def kept(part: Documents, part_name: str) -> Documents:
        fits = [count_symbols(text, unit=reading.unit) <= reading.longest for text in part.texts]
        if not any(fits):
            raise InputError(
                f"{name}, {part_name} part: no document has at most {reading.longest} symbols: allow more"
            )
        return part.take(np.flatnonzero(fits))

    held_out = None if validation is None else kept(validation, "validation")
    parts = kept(train, "train"), held_out, kept(test, "test")
    before, after = (
        sum(len(part) for part in found if part) for found in ((train, validation, test), parts)
    )
    if before > after:
        which = (
            f"{before - after:,} of {before:,} documents, of more than {reading.longest} symbols"
        )
        print(f"left out: {which}", file=sys.stderr)
    return parts


def encode(vocabulary: Vocabulary, text: str, reading: Reading, name: str) -> np.ndarray:
    """The symbols' numbers [T].

    Raises:
        InputError: for a symbol that the vocabulary does not have, if such are refused.
    """
    try:
        return vocabulary.encode(text, unknown=reading.unknown)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def encode_cut(vocabulary: Vocabulary, text: str, reading: Reading, name: str) -> np.ndarray:
    """The same, of at most `Reading.longest` symbols."""
    return encode(vocabulary, text, reading, name)[: reading.longest or None]


def _joined(vocabulary: Vocabulary, part: Documents, *, reading: Reading, name: str) -> np.ndarray:
    rows = [
        np.append(vocabulary.end, encode_cut(vocabulary, text, reading, name))
        for text in part.texts
    ]
    return np.append(np.concatenate(rows), vocabulary.end)
