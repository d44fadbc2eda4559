"""Which columns of a table hold the texts and the labels."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dl.data.naming import NO_LABEL, is_no_label, listed
from dl.data.text.reading import Documents
from dl.data.text.tables import Row
from dl.errors import InputError
from dl.screen import say

TEXT_NAMES = (
    "text", "sentence", "content", "review", "message", "document", "body", "tweet", "comment",
    "phrase", "utterance", "headline", "sms", "code", "v2",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "category", "target", "sentiment", "stars", "rating", "polarity",
    "tag", "intent", "emotion", "topic", "y", "v1",
)  # fmt: skip


_NAME = re.compile(r"[\w#.-]+(?: [\w#.-]+){0,2}")


class Columns(NamedTuple):
    """The places of the texts and labels in a row; the header, if the first row is one."""

    text: int
    label: int | None
    width: int
    header: tuple[str, ...] | None = None


def find_columns(rows: Sequence[Row], path: Path, *, asked: str = "") -> Columns:
    """The columns of a table, from what is asked for, from its header, or from its cells.

    Where the first row names both columns, as `sentence` and `label`, it is a header. Where there
    is none and there are two columns, the label is in the second, or in the first if that one has
    fewer different cells, which are much shorter. `asked` is `--columns`: two names of the header,
    first that of the texts, or a word for each column: text, label, and any other for the rest.

    Raises:
        InputError: if the columns are not clear, with a remedy.
    """
    first = rows[0].cells
    if asked:
        return _asked(rows, path, [name.strip() for name in asked.split(",")])
    named = _named(first) or _half_named(rows)
    if named is not None:
        _say(path, named)
        return named
    if len(first) < 2:
        raise InputError(
            f"{path}, line {rows[0].line}, has one column: give a text and a label, with a tab "
            "between them for tsv:PATH, a comma for csv:PATH; or lines:PATH for texts alone"
        )
    if len(first) > 2:
        raise InputError(
            f"{path} has {len(first)} columns ({listed(first)}): give --columns with the names of "
            f"text and label, or where no line names them a word for each, such as "
            f"{_such_as(len(first))}"
        )
    columns = _by_cells(rows, path)
    _refuse_header(rows, columns, path)
    return columns


def columns_like(rows: Sequence[Row], path: Path, model: Columns, *, asked: str = "") -> Columns:
    """The columns of another file of the same data: those of its own header, or of `model`."""
    first = rows[0].cells
    if model.header is not None:
        if _lower(first) == _lower(model.header):
            return model
        named = _named(first) if not asked else None
        if named is not None:
            return named
    if len(first) != model.width:
        raise InputError(
            f"{path} has {len(first)} columns, and the training part has {model.width}: "
            "give all files the same"
        )
    return model._replace(header=None)


def documents_of(rows: Sequence[Row], columns: Columns, path: Path) -> Documents:
    """The texts of a table, and its labels.

    Raises:
        InputError: for a row without a text or without a label.
    """
    kept = rows[1:] if columns.header is not None else rows
    if not kept:
        raise InputError(f"{path} has a header alone: give texts")
    for row in kept:
        for what, place in (("text", columns.text), ("label", columns.label)):
            if place is not None and not row.cells[place]:
                raise InputError(
                    f"{path}, line {row.line}, has no {what}: give it one, or leave it out"
                )
        if columns.label is not None and is_no_label(label := row.cells[columns.label]):
            raise InputError(f"{path}, line {row.line}, has the label {label!r}, which {NO_LABEL}")
    labels = None if columns.label is None else [row.cells[columns.label] for row in kept]
    return Documents([row.cells[columns.text] for row in kept], labels)


def _named(first: Sequence[str]) -> Columns | None:
    """The columns that a header names; None if the row is no header, or leaves a choice."""
    text, label = (_place_of(first, names) for names in (TEXT_NAMES, LABEL_NAMES))
    if text is None or label is None:
        return None
    return Columns(text, label, len(first), tuple(first))


def _half_named(rows: Sequence[Row]) -> Columns | None:
    """The columns of a header of two names of which one is known, and the other is in no row."""
    first = rows[0].cells
    text, label = (_place_of(first, names) for names in (TEXT_NAMES, LABEL_NAMES))
    known = text if text is not None else label
    if len(first) != 2 or known is None or len(rows) < 3:
        return None
    other = 1 - known
    if any(row.cells[other] == first[other] for row in rows[1:]):
        return None
    return Columns(*((known, other) if known == text else (other, known)), 2, tuple(first))


def _place_of(first: Sequence[str], names: Sequence[str]) -> int | None:
    """Where one of the names stands; the first of them wins, of others there may be one alone."""
    lower = _lower(first)
    found = [lower.index(name) for name in names if name in lower]
    clear = len(found) == 1 or (found and lower[found[0]] == names[0])
    return found[0] if clear else None


def _asked(rows: Sequence[Row], path: Path, names: list[str]) -> Columns:
    first, wanted = _lower(rows[0].cells), _lower(names)
    roles = [wanted.index(role) if role in wanted else None for role in ("text", "label")]
    given = ",".join(names)
    if all(name in first for name in wanted) and (len(names) == 2 or None not in roles):
        text, label = (0, 1) if None in roles else roles
        columns = [first.index(wanted[place]) for place in (text, label) if place is not None]
        return Columns(columns[0], columns[1], len(first), rows[0].cells)
    if None in roles or len(names) != len(first) or wanted.count("text") > 1:
        raise InputError(
            f"columns is {given}, and {path} has {len(first)} columns ({listed(rows[0].cells)}): "
            "give two names of its header, first that of the texts, or a word for each column, "
            f"such as {_such_as(len(first))}"
        )
    text, label = wanted.index("text"), wanted.index("label")
    named = first[text] in TEXT_NAMES or first[label] in LABEL_NAMES
    again = any(row.cells[label] == rows[0].cells[label] for row in rows[1:])
    columns = Columns(text, label, len(first), rows[0].cells if named and not again else None)
    _refuse_header(rows, columns, path)
    return columns


def _by_cells(rows: Sequence[Row], path: Path) -> Columns:
    """The columns of rows of two cells without a header."""
    left, right = ([row.cells[place] for row in rows] for place in (0, 1))
    few_left, few_right = len(set(left)), len(set(right))
    if few_left >= few_right:
        columns = Columns(0, 1, 2)
        unclear = len(rows) >= 4 and few_right == len(rows)
    else:
        columns = Columns(1, 0, 2)
        unclear = 2 * sum(map(len, left)) > sum(map(len, right)) and 4 * few_left > few_right
        if not unclear:
            say(f"{path}: labels are in the first column, texts in the second")
    if unclear:
        raise InputError(
            f"{path} has {few_left:,} different cells in its first column and {few_right:,} in its "
            "second: say which holds the labels, with --columns text,label or label,text"
        )
    return columns


def _refuse_header(rows: Sequence[Row], columns: Columns, path: Path) -> None:
    """Refuse a first row that would be the only one of its class beside plentiful ones."""
    first, place = rows[0], columns.label
    names = all(map(_NAME.fullmatch, first.cells))
    if columns.header is not None or place is None or len(rows) < 5 or not names:
        return
    counts = Counter(row.cells[place] for row in rows)
    once = counts.pop(first.cells[place]) == 1 and len(counts) > 1
    numbered = all(map(_is_number, counts)) and not _is_number(first.cells[place])
    if once and (numbered or min(counts.values()) > 1):
        raise InputError(
            f"{path}, line {first.line}, may be a header ({listed(first.cells)}): if it is, give "
            "--columns with its names, texts first; if not, put a line of `text` and `label` above"
        )


def _say(path: Path, columns: Columns) -> None:
    """Tell the person what a header was taken for, and which columns are passed over."""
    header, places = columns.header or (), (columns.text, columns.label)
    rest = [
        name or f"column {place + 1}" for place, name in enumerate(header) if place not in places
    ]
    label = "" if columns.label is None else f", labels from {listed([header[columns.label]])}"
    passed = f"; passed over: {listed(rest)}" if rest else ""
    say(f"{path}: texts from {listed([header[columns.text]])}{label}{passed}")


def _such_as(count: int) -> str:
    words = ["text", "label", *["_"] * (count - 2)]
    return ",".join(words if count <= 6 else [*words[:4], "..."])


def _is_number(cell: str) -> bool:
    return cell.lstrip("+-").replace(".", "", 1).isdecimal()


def _lower(cells: Sequence[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]
