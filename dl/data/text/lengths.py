"""How long documents may be: those that are longer are cut or left out, and counted."""

from dataclasses import replace

import numpy as np

from dl.data.text.reading import Documents, Reading
from dl.data.text.vocabulary import count_symbols
from dl.errors import InputError
from dl.screen import say

_FEW = 2_000
"""No document of so few symbols is far longer than the others."""
_TIMES = 10
"""How many times longer than nine in ten documents one is that is far longer than the others."""
_MOST_SYMBOLS = 2**29
"""Symbols of all documents together, where all are padded to the longest: two gigabytes."""


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
        say(f"left out: {which}")
    return parts


def within_reason(
    name: str, train: Documents, *others: Documents | None, reading: Reading
) -> Reading:
    """The reading, with a limit where some documents are far longer than the others.

    All documents of a part are padded to the longest of them, and a net keeps every step: a single
    text of a megabyte among short ones would take all memory. Without a `Reading.longest`,
    documents are cut that are longer than 2,000 symbols and ten times as long as nine in ten of the
    training part. Standard error says how many.
    """
    parts = [part for part in (train, *others) if part]
    longest = max(len(text) for part in parts for text in part.texts)
    if reading.longest or 4 * longest <= min(_FEW, _MOST_SYMBOLS // len(train)):
        return reading
    lengths = [_lengths(part, reading) for part in parts]
    limit = usual_limit(lengths[0])
    cut = sum(int((of_part > limit).sum()) for of_part in lengths)
    if not cut:
        return reading
    say(
        f"{name}: cut {cut:,} of {sum(map(len, lengths)):,} documents, far longer than the others, "
        f"at {limit:,} symbols: --longest N sets another limit"
    )
    return replace(reading, longest=limit, longer="cut")


def _lengths(part: Documents, reading: Reading) -> np.ndarray:
    return np.array([count_symbols(text, unit=reading.unit) for text in part.texts])


def usual_limit(lengths: np.ndarray) -> int:
    """How many symbols a document may have that is not far longer than those of `lengths` [N]."""
    usual = int(np.quantile(lengths, 0.9, method="lower"))
    return max(usual, min(max(_FEW, _TIMES * usual), _MOST_SYMBOLS // len(lengths)))
