"""How text becomes sequences: options, documents, symbols."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from dl.data.sources.tokens import Order
from dl.data.text.stored import MOST_UNPACKED
from dl.data.text.vocabulary import Unit, Vocabulary, make_vocabulary
from dl.errors import InputError
from dl.ranges import Count, CountOrZero, check_fields


@dataclass(frozen=True)
class Reading:
    """How text becomes sequences.

    A stream is read in pieces of `segment` symbols, in `order`. Documents are joined to a `stream`
    or read one by one. `unit` says what a symbol is, `vocabulary_size` limits how many there are (0
    is no limit), and `unknown` says what happens to symbols that the training part does not have.
    Documents of more than `longest` symbols are cut there or left out (`longer`); 0 cuts only those
    that are far longer than the others. `columns` says which columns of a table hold texts and
    labels, `text_key` and `label_key` name those of JSON Lines. A line may have `longest_line`
    characters, and a compressed text may grow to `most_unpacked` megabytes.
    Without `use_labels`, labels are ignored. A given `vocabulary` takes the place of that of the
    training part; such data are not for training.

    Pairs of texts are read from the language `source` to the language `target`, in `lower` case if
    that is asked for. Both have a vocabulary of their own or one for both (`joint`); a given
    `source_vocabulary` takes the place of the former.
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
    columns: str = ""
    text_key: str = ""
    label_key: str = ""
    longest_line: Count = 10_000_000
    most_unpacked: Count = MOST_UNPACKED
    vocabulary: Vocabulary | None = None
    source: str = ""
    target: str = ""
    lower: bool = False
    joint: bool = False
    source_vocabulary: Vocabulary | None = None

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


def lines_of(text: str, path: Path, *, longest: int) -> Iterator[tuple[int, str]]:
    """The lines of a text that are not blank, with their numbers.

    Raises:
        InputError: for a line of more than `longest` characters.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > longest:
            raise InputError(
                f"{path}, line {number}, has {len(line):,} characters, more than {longest:,}: "
                f"shorten it, or give --longest-line {len(line)}"
            )
        if line.strip():
            yield number, line


def say_unused(name: str) -> None:
    """Tell the person that the validation part is not used."""
    print(f"{name} has a validation part, which is only used with --validation 0", file=sys.stderr)


def read_vocabulary(train: Documents, reading: Reading, *, documents: bool) -> Vocabulary:
    """The given vocabulary, or that of the training part; `documents` need an `END` in it."""
    if reading.vocabulary is not None:
        return reading.vocabulary
    if reading.unit == "subword":
        raise InputError("subwords are for pairs of texts: give the unit char, byte or word")
    return make_vocabulary(
        train.texts, unit=reading.unit, size=reading.vocabulary_size, documents=documents
    )


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
