"""JSON files that are replaced in one step, and files of JSON lines.

JSON has no word for a number that is not finite: it is written as the text "NaN", "Infinity" or
"-Infinity", which `read_number` and other languages read back.
"""

import contextlib
import json
import math
import os
import zlib
from pathlib import Path
from typing import Any, NoReturn

from dl.errors import InputError, RunError

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_SEAL = "checksum"
_LARGEST = 2**28
"""Bytes of the largest JSON file that is read as a whole: a config with a vocabulary of words."""


def as_text(value: Any, **how: Any) -> str:
    """`value` as JSON, with numbers that are not finite as texts.

    >>> as_text({"loss": float("nan")})
    '{"loss": "NaN"}'
    """
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, **how)


def read_number(value: Any) -> Any:
    """The number that `as_text` wrote as a text; null is one too, and all else stays as it is.

    >>> read_number("-Infinity"), read_number(None), read_number(2)
    (-inf, nan, 2)
    """
    if value is None:
        return math.nan
    return _NOT_FINITE.get(value, value) if isinstance(value, str) else value


def write_json(path: Path, value: Any) -> None:
    """Replace `path` in one step: a reader sees the old file or the new one, never a part."""
    _replace(path, as_text(value, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """The value in `path`.

    Raises:
        InputError: when the file is missing or is not JSON.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{path} is larger than any file of a run: bring back a copy of it")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is broken (not JSON: {error}); the folder cannot be used without it"
        ) from None


def sealed(value: dict[str, Any]) -> dict[str, Any]:
    """`value` with a checksum of all its entries, by which a later change is noticed."""
    return {**value, _SEAL: _checksum(value)}


def unsealed(stored: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The entries without their checksum, and whether they are as they were written.

    Files of earlier versions have no checksum and are taken as they are.

    >>> unsealed(sealed({"a": 1})), unsealed({**sealed({"a": 1}), "a": 2})
    (({'a': 1}, True), ({'a': 2}, False))
    """
    value = {name: item for name, item in stored.items() if name != _SEAL}
    return value, _SEAL not in stored or stored[_SEAL] == _checksum(value)


def append_line(path: Path, value: Any) -> None:
    """Add `value` as one JSON line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(as_text(value) + "\n")


def read_lines(path: Path) -> list[Any]:
    """The values of all whole lines; a last line that a crash cut short is ignored.

    Raises:
        InputError: when the file cannot be read, or a line before the last is not JSON.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    values = []
    for number, line in enumerate(lines, 1):
        try:
            values.append(json.loads(line.decode()))
        except (ValueError, RecursionError) as error:
            if number < len(lines):  # a whole line ends with a line's end
                refuse_line(path, number, f"not JSON: {error}")
    return values


def ends_torn(path: Path) -> bool:
    """Whether the last line is one that `read_lines` ignores."""
    last = path.read_bytes().split(b"\n")[-1] if path.exists() else b""
    try:
        json.loads(last.decode() or "0")
        return False
    except (ValueError, RecursionError):
        return True


def refuse_line(path: Path, number: int, why: str) -> NoReturn:
    """Refuse line `number` of a file of JSON lines."""
    raise InputError(
        f"{path}, line {number} is broken ({why}): mend the line, or remove it to do without "
        "this record"
    )


def check_output(path: Path) -> None:
    """Refuse a file that could not be written; called before its content is computed.

    Raises:
        InputError: when it is a folder, or lies in none.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InputError(f"cannot write {path}: name a file in a folder that exists")


def check_outside(path: Path, run: Path, *, verb: str) -> None:
    """Raise an `InputError` for a file in the folder of a run, which `verb` only reads."""
    if path.resolve().is_relative_to(run.expanduser().resolve()):
        raise InputError(
            f"{path} lies in the run's folder, which {verb} does not change: name another file"
        )


def write_text(path: Path, text: str) -> None:
    """Replace `path` in one step by a file with this text."""
    _replace(path, text)


def rewrite_lines(path: Path, values: list[Any]) -> None:
    """Replace the file by these lines in one step."""
    _replace(path, "".join(as_text(value) + "\n" for value in values))


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.unlink(missing_ok=True)  # it may be a link
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise RunError(
            f"cannot write {path}: {error.strerror}; what it held before is kept"
        ) from error


def _checksum(value: Any) -> int:
    return zlib.crc32(json.dumps(_plain(value), sort_keys=True).encode())


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
