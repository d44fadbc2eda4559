"""Rows of text files with columns: separated by tabs, or by commas as in spreadsheets."""

import contextlib
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from dl.data.text.reading import lines_of
from dl.errors import InputError

TableKind: TypeAlias = Literal["tsv", "csv"]

_START = 10_000
"""Characters that show how a table is separated."""
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


class Row(NamedTuple):
    """The cells of a row, without the blanks around them, and the line that it ends on."""

    line: int
    cells: tuple[str, ...]


def read_rows(kind: TableKind, text: str, path: Path, *, longest_line: int) -> list[Row]:
    """The rows of a table that are not blank; all of them have as many cells as the first.

    Columns at the end that are empty in all rows are left out, as spreadsheets write them.

    Cells of CSV may stand in quotes and then hold commas, doubled quotes and line ends. So may
    cells of TSV; a quote that is part of a sentence stays. A CSV whose first line has semicolons
    and no comma is separated by these.

    Raises:
        InputError: for a row with another number of cells, a quote that is not closed, a line of
            more than `longest_line` characters.
    """
    rows = [row for row in _READERS[kind](text, path, longest_line) if any(row.cells)]
    if not rows:
        raise InputError(f"{path} has empty cells alone: give texts")
    width = len(rows[0].cells)
    while width and not any(any(row.cells[width - 1 :]) for row in rows):
        width -= 1
    for row in rows:
        if len(row.cells) != width and not _is_padding(row.cells[width:]):
            _refuse_width(kind, path, row, width)
    return [Row(row.line, row.cells[:width]) for row in rows]


def _tab_separated(text: str, path: Path, longest: int) -> list[Row]:
    rows = [
        Row(number, tuple(cell.strip() for cell in line.split("\t")))
        for number, line in lines_of(text, path, longest=longest)
    ]
    if len({len(row.cells) for row in rows}) > 1 and '"' in text:
        with contextlib.suppress(InputError):
            quoted = _separated(text, path, longest, "\t")
            if len({len(row.cells) for row in quoted}) == 1:
                return quoted
    return _unquoted(rows)


def _unquoted(rows: list[Row]) -> list[Row]:
    """The rows without the quotes that a program set around cells, where it is sure that it did."""
    columns = list(zip(*(row.cells for row in rows), strict=False))
    always = [all(map(_QUOTED.fullmatch, column)) for column in columns]

    def bare(place: int, cell: str) -> str:
        by_program = (place < len(always) and always[place]) or '""' in cell[1:-1]
        if by_program and _QUOTED.fullmatch(cell):
            return cell[1:-1].replace('""', '"').strip()
        return cell

    return [Row(row.line, tuple(bare(*cell) for cell in enumerate(row.cells))) for row in rows]


def _comma_separated(text: str, path: Path, longest: int) -> list[Row]:
    """The rows at tabs or semicolons, if these part the first lines alike; otherwise at commas.

    Texts hold commas more often, so that commas come last.
    """
    start = text[:_START]
    lines = start[: start.rfind("\n") + 1] or start
    for separator in "\t;":
        with contextlib.suppress(InputError):
            widths = {len(row.cells) for row in _separated(lines, path, longest, separator)}
            if len(widths - {0}) == 1 and max(widths) > 1:
                return _separated(text, path, longest, separator)
    return _separated(text, path, longest, ",")


def _separated(text: str, path: Path, longest: int, separator: str) -> list[Row]:
    with _cells_up_to(longest):
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True
        )
        try:
            return [Row(reader.line_num, tuple(cell.strip() for cell in cells)) for cells in reader]
        except csv.Error as error:
            raise InputError(_explained(str(error), path, reader.line_num, longest)) from None


def _explained(error: str, path: Path, line: int, longest: int) -> str:
    if "field limit" in error:
        what = f"has a cell of more than {longest:,} characters: shorten it, or give --longest-line"
    elif "unexpected end" in error:
        what = "ends inside of quotes: close them"
    else:
        what = "has a quote inside of a cell: double it, and put the cell in quotes"
    return f"{path}, line {line}, {what}"


@contextlib.contextmanager
def _cells_up_to(longest: int) -> Iterator[None]:
    before = csv.field_size_limit(longest)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _is_padding(cells: tuple[str, ...]) -> bool:
    """Whether cells are there, and empty: spreadsheets write such behind the last one."""
    return bool(cells) and not any(cells)


def _refuse_width(kind: TableKind, path: Path, row: Row, width: int) -> None:
    count, sign = len(row.cells), "tab" if kind == "tsv" else "comma"
    remedy = (
        f"put texts with {sign}s in quotes, or take these out"
        if count > width
        else f"set a {sign} between its cells"
    )
    raise InputError(
        f"{path}, line {row.line}, has {count} column{'s' * (count > 1)}, and the first line has "
        f"{width}: {remedy}"
    )


_READERS = {"tsv": _tab_separated, "csv": _comma_separated}
