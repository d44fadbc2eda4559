"""Documents as JSON Lines: one object a line, with a text and perhaps a label."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from dl.data.naming import NO_LABEL, is_no_label, listed, shown
from dl.data.text.reading import Documents, Reading, lines_of
from dl.errors import InputError

_TEXT_KEYS = ("text", "code", "sentence", "content")
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")  # JSON can write these; no text has them


class _Row(NamedTuple):
    line: int
    text: str
    label: str | int | bool | None
    where: str


def json_lines(text: str, path: Path, reading: Reading) -> Documents:
    """The documents of a file with a JSON object a line.

    Texts stand under `Reading.text_key`, or else under `text`, `code`, `sentence` or `content`,
    labels under `Reading.label_key`, or else under `label`. A label is a string, a whole number, or
    true or false.

    Raises:
        InputError: for a line that is no JSON or has no text, labels of several types, labels that
            are missing on some lines.
    """
    _refuse_one_value(text, path)
    rows = [
        _row(number, line, path, reading)
        for number, line in lines_of(text, path, longest=reading.longest_line)
    ]
    labelled = [row for row in rows if row.label is not None]
    if labelled and len(labelled) < len(rows):
        first = next(row for row in rows if row.label is None)
        raise InputError(
            f"{path} has {len(labelled)} labels for {len(rows)} documents, and line {first.line} "
            "has none: give all of them one, or none"
        )
    if reading.label_key and rows and not labelled:
        raise InputError(f"{path} has no label under `{reading.label_key}`: give --label-key")
    _check_one_type(labelled)
    return Documents([row.text for row in rows], [str(row.label) for row in labelled] or None)


def _refuse_one_value(text: str, path: Path) -> None:
    """Refuse JSON that is one value over the whole file, a list or an indented object."""
    first = text.lstrip().splitlines()[0].rstrip()
    if first[:1] != "[" and first != "{":
        return
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(whole, list) and not any(isinstance(entry, dict) for entry in whole):
        return
    what, how = ("one list", "'.[]'") if isinstance(whole, list) else ("one object", ".")
    raise InputError(f"{path} is {what} of JSON: write one object a line, as `jq -c {how}` does")


def _row(number: int, line: str, path: Path, reading: Reading) -> _Row:
    where = f"{path}, line {number},"
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is no JSON ({error}): give one object a line") from None
    text = _text(entry, where, reading.text_key)
    if _HALF_A_PAIR.search(text):
        raise InputError(
            f"{where} has half of a surrogate pair, which is no character: leave it out"
        )
    return _Row(number, text, _label(entry.get(reading.label_key or "label"), where), where)


def _text(entry: Any, where: str, key: str) -> str:
    keys = (key,) if key else _TEXT_KEYS
    text = next((entry[key] for key in keys if isinstance(entry, dict) and key in entry), None)
    if isinstance(text, str) and text.strip():
        return text
    known = isinstance(entry, dict) and [name for name in entry if isinstance(entry[name], str)]
    remedy = f"; it has {listed(known)}: give --text-key KEY" if known and text is None else ""
    raise InputError(
        f"{where} has no text under {_either(keys)}{remedy or ': give it one, or leave it out'}"
    )


def _either(keys: tuple[str, ...]) -> str:
    quoted = [f"`{key}`" for key in keys]
    return " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


def _label(label: Any, where: str) -> str | int | bool | None:
    if isinstance(label, float) and label.is_integer():
        return int(label)
    if isinstance(label, str) and not label.strip():
        raise InputError(f"{where} has a label of blanks alone: give every document a label")
    if isinstance(label, str) and is_no_label(label):
        raise InputError(f"{where} has the label {label!r}, which {NO_LABEL}")
    if label is None or isinstance(label, str | int):
        return label
    raise InputError(
        f"{where} has the label {shown(json.dumps(label))}: give a string or a whole number"
    )


def _check_one_type(rows: list[_Row]) -> None:
    """Refuse `true` beside `1`: nobody knows whether they are one class."""
    kinds: dict[bool, _Row] = {}
    for row in rows:
        kinds.setdefault(isinstance(row.label, bool), row)
    if len(kinds) > 1:
        yes, other = kinds[True], kinds[False]
        raise InputError(
            f"{yes.where} has the label {json.dumps(yes.label)}, and {other.where} "
            f"{shown(json.dumps(other.label))}: give labels of one type"
        )
