"""Text as streams of symbols, which are predicted a segment at a time."""

from functools import partial

import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.tokens import TokenSource
from dl.data.split import held_out_count, split_stream
from dl.data.text.lengths import without_long_ones
from dl.data.text.reading import (
    Documents,
    Reading,
    encode,
    encode_cut,
    read_vocabulary,
)
from dl.data.text.vocabulary import Vocabulary, count_symbols, without_last
from dl.errors import InputError


def stream_of_text(
    name: str,
    train: str,
    validation: str | None,
    test: str,
    *,
    reading: Reading,
    fraction: float = 0.0,
) -> Dataset:
    """A language task on one text: predict every symbol from those before it.

    With a `fraction`, the end of train is the validation part; the vocabulary does not depend on
    it.

    Raises:
        InputError: if single documents are asked for, for a text that is too short, for a symbol
            that is refused.
    """
    if not reading.stream:
        raise InputError(
            f"{name} is one text, and documents are read here: give lines:PATH, jsonl:PATH or "
            "tsv:PATH"
        )
    if reading.longest:
        raise InputError(f"longest is for documents, and {name} is one text: give --longest 0")
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
    """A language task on documents that are joined, with an `END` between each two."""
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
            f"{name} has {len(train):,} symbols to train on, fewer than two segments of "
            f"{reading.segment}: give --segment {most}{' or less' if most > 1 else ''}, "
            "or a longer text"
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


def _joined(vocabulary: Vocabulary, part: Documents, *, reading: Reading, name: str) -> np.ndarray:
    rows = [
        np.append(vocabulary.end, encode_cut(vocabulary, text, reading, name))
        for text in part.texts
    ]
    return np.append(np.concatenate(rows), vocabulary.end)
