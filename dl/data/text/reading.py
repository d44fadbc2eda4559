"""How text becomes sequences: options, documents, symbols."""

import sys
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dl.data.sources.tokens import Order
from dl.data.text.vocabulary import Unit, Vocabulary, count_symbols, make_vocabulary
from dl.errors import InputError
from dl.ranges import Count, CountOrZero, check_fields


@dataclass(frozen=True)
class Reading:
    """How text becomes sequences.

    A stream is read in pieces of `segment` symbols, in `order`. Documents are joined to a `stream`
    or read one by one. `unit` says what a symbol is, `vocabulary_size` limits how many there are (0
    is no limit), and `unknown` says what happens to symbols that the training part does not have.
    Documents of more than `longest` symbols (0 is no limit) are cut there or left out (`longer`).
    Without `use_labels`, labels are ignored. A given `vocabulary` takes the place of that of the
    training part; such data are not for training.
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
    """The texts of a part, and their labels if they have any."""

    texts: list[str]
    labels: list[str] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, index: np.ndarray) -> "Documents":
        """The documents at `index`, in this order."""
        labels = None if self.labels is None else [self.labels[place] for place in index]
        return Documents([self.texts[place] for place in index], labels)


def say_unused(name: str) -> None:
    """Tell the person that the validation part is not used."""
    print(f"{name} has a validation part, which is only used with --validation 0", file=sys.stderr)


def read_vocabulary(train: Documents, reading: Reading, *, documents: bool) -> Vocabulary:
    """The given vocabulary, or that of the training part; `documents` need an `END` in it."""
    if reading.vocabulary is not None:
        return reading.vocabulary
    return make_vocabulary(
        train.texts, unit=reading.unit, size=reading.vocabulary_size, documents=documents
    )


def without_long_ones(
    name: str, train: Documents, validation: Documents | None, test: Documents, *, reading: Reading
) -> tuple[Documents, Documents | None, Documents]:
    """The parts without documents that are too long; standard error says how many those were."""
    if not reading.longest or reading.longer == "cut":
        return train, validation, test

    def kept(part: Documents, part_name: str) -> Documents:
        fits = [count_symbols(text, unit=reading.unit) <= reading.longest for text in part.texts]
        if not any(fits):
            raise InputError(
                f"{name}, {part_name} part: no document has at most {reading.longest} symbols: "
                "allow more"
            )
        return part.take(np.flatnonzero(fits))

    held_out = None if validation is None else kept(validation, "validation")
    parts = kept(train, "train"), held_out, kept(test, "test")
    before, after = (
        sum(len(part) for part in three if part) for three in ((train, validation, test), parts)
    )
    if before > after:
        which = (
            f"{before - after:,} of {before:,} documents, of more than {reading.longest} symbols"
        )
        print(f"left out: {which}", file=sys.stderr)
    return parts


def encode(vocabulary: Vocabulary, text: str, reading: Reading, name: str) -> np.ndarray:
    """The numbers of the symbols [T].

    Raises:
        InputError: for a symbol that is not in the vocabulary, if such are refused.
    """
    try:
        return vocabulary.encode(text, unknown=reading.unknown)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def encode_cut(vocabulary: Vocabulary, text: str, reading: Reading, name: str) -> np.ndarray:
    """The numbers of at most `Reading.longest` symbols."""
    return encode(vocabulary, text, reading, name)[: reading.longest or None]
