"""Texts with their translations: a table, or two files whose lines belong together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

from dl.data.naming import listed
from dl.data.text.reading import Reading
from dl.data.text.stored import COMPRESSED, read_text
from dl.data.text.tables import Row, read_rows
from dl.errors import InputError, did_you_mean

TABLES = (".tsv", ".tab", ".txt")
"""How the names of tables end."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?")


@dataclass(frozen=True)
class Pairs:
    """The texts of a part, and for each its translation."""

    sources: list[str]
    targets: list[str]

    def __len__(self) -> int:
        return len(self.sources)

    def take(self, index: np.ndarray) -> "Pairs":
        """The pairs at `index`, in this order."""
        return Pairs(*([side[place] for place in index] for side in (self.sources, self.targets)))


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Several files of one part, one after the other."""
    return Pairs(*([text for part in parts for text in getattr(part, side)] for side in _SIDES))


_SIDES = ("sources", "targets")


def plain_name(path: Path) -> str:
    """The name of a file before it was compressed, without `.txt`.

    >>> plain_name(Path("train.de.txt.gz"))
    'train.de'
    """
    name = path.name
    for ending in (*COMPRESSED, ".txt"):
        name = name.removesuffix(ending)
    return name


def language_of(path: Path) -> str:
    """The language of the lines of a file, which is how its name ends; "" for other endings.

    >>> language_of(Path("train.de.gz")), language_of(Path("train.tsv")), language_of(Path("train"))
    ('de', '', '')
    """
    ending = plain_name(path).rpartition(".")[2] if "." in plain_name(path) else ""
    return ending if _LANGUAGE.fullmatch(ending) and f".{ending}" not in TABLES else ""


def choose_languages(known: Sequence[str], reading: Reading, where: object) -> tuple[str, str]:
    """From which language to which: as `reading` asks, the first two of `known` if it does not.

    Raises:
        InputError: for a language that is not there, the same twice, more than two of which none
            is asked for.
    """
    known = sorted(known)
    for option, asked in (("source", reading.source), ("target", reading.target)):
        if asked and asked not in known:
            raise InputError(
                f"{option} is {asked!r}, and {where} has the languages {listed(known)}: "
                f"{did_you_mean(asked, known)}"
            )
    if len(known) < 2 or (reading.source and reading.source == reading.target):
        raise InputError(
            f"{where} has {listed(known) or 'no language'} alone to read from and to write: give "
            "two languages, such as train.de and train.en"
            if len(known) < 2
            else f"source and target are both {reading.source}: give two languages"
        )
    asked = [reading.source, reading.target]
    if len(known) > 2 and not all(asked):
        raise InputError(
            f"{where} has the languages {listed(known)}: give --source and --target with two"
        )
    rest = [name for name in known if name not in asked]
    source = reading.source or rest.pop(0)
    return source, reading.target or rest.pop(0)


def read_two_files(source: Path, target: Path, reading: Reading) -> Pairs:
    """The pairs of two files: line n of one is the translation of line n of the other.

    Lines that are blank in both are left out.

    Raises:
        InputError: for unequal numbers of lines, and a line that is blank in one of them.
    """
    lines = [_lines(path, reading) for path in (source, target)]
    if len(lines[0]) != len(lines[1]):
        raise InputError(
            f"{source} has {len(lines[0]):,} lines and {target} has {len(lines[1]):,}: give both "
            "files the same lines, each the translation of the other"
        )
    kept: tuple[list[str], list[str]] = ([], [])
    for number, pair in enumerate(zip_longest(*lines), start=1):
        if not any(pair):
            continue
        for path, text, side in zip((source, target), pair, kept, strict=True):
            if not text:
                raise InputError(
                    f"{path}, line {number}, is empty, and the other file has a text there: give "
                    "both one, or leave the line out of both"
                )
            side.append(text)
    return Pairs(*kept)


def read_table(path: Path, reading: Reading) -> Pairs:
    """The pairs of a table: a text, a tab and its translation on each line.

    `Reading.source` and `target` may be names in its first line, or numbers of columns, from 1 on.

    Raises:
        InputError: for a line with a side that is empty, and a table without two columns.
    """
    text = read_text(path, most_unpacked=reading.most_unpacked)
    rows = read_rows("tsv", text, path, longest_line=reading.longest_line)
    columns, named = _columns(rows[0], path, reading)
    kept = rows[1:] if named else rows
    for row in kept:
        for what, column in zip(("source", "target"), columns, strict=True):
            if not row.cells[column]:
                raise InputError(
                    f"{path}, line {row.line}, has an empty {what}: give it a text, or leave the "
                    "line out"
                )
    if not kept:
        raise InputError(f"{path} has a header alone: give pairs of texts")
    return Pairs(*([row.cells[column] for row in kept] for column in columns))


def _lines(path: Path, reading: Reading) -> list[str]:
    text = read_text(path, most_unpacked=reading.most_unpacked)
    lines = [line.strip() for line in text.removesuffix("\n").split("\n")]
    for number, line in enumerate(lines, start=1):
        if len(line) > reading.longest_line:
            raise InputError(
                f"{path}, line {number}, has {len(line):,} characters, more than "
                f"{reading.longest_line:,}: shorten it, or give --longest-line {len(line)}"
            )
    return lines


def _columns(first: Row, path: Path, reading: Reading) -> tuple[tuple[int, int], bool]:
    """The columns of texts and translations, and whether the first row is a header."""
    width = len(first.cells)
    if width < 2:
        raise InputError(
            f"{path}, line {first.line}, has one column: give a text, a tab and its translation"
        )
    header = [cell.lower() for cell in first.cells]
    asked = (reading.source, reading.target)
    numbers = [_column_number(name, width) for name in asked]
    named = [header.index(name.lower()) if name.lower() in header else None for name in asked]
    places = [
        number if number is not None else place
        for number, place in zip(numbers, named, strict=True)
    ]
    other_data = reading.source_vocabulary is not None  # than those that the names were given for
    for name, place in zip(asked, places, strict=True):
        if name and place is None and not other_data:
            raise InputError(
                f"{path} has no column {name!r} ({listed(first.cells)}): give --source and "
                "--target as names in its first line, or as numbers, such as 1 and 2"
            )
    free = [column for column in range(width) if column not in places]
    source, target = (free.pop(0) if place is None else place for place in places)
    if source == target:
        raise InputError(f"source and target are both column {source + 1} of {path}: give two")
    return (source, target), any(place is not None for place in named)


def _column_number(name: str, width: int) -> int | None:
    return int(name) - 1 if name.isdecimal() and 1 <= int(name) <= width else None
