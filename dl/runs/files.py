"""JSON files that are replaced in one step, and files of JSON lines."""

import json
import os
from pathlib import Path
from typing import Any

from dl.errors import InputError


def write_json(path: Path, value: Any) -> None:
    """Replace `path` in one step: a reader sees the old file or the new one, never a part."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def read_json(path: Path) -> Any:
    """The value in `path`.

    Raises:
        InputError: when the file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise InputError(
            f"{path} is broken (not JSON: {error}); the folder cannot be used without it"
        ) from None


def append_line(path: Path, value: Any) -> None:
    """Add `value` as one JSON line."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(value, ensure_ascii=False) + "\n")


def read_lines(path: Path) -> list[Any]:
    """The values of all whole lines; a last line that a crash cut short is ignored."""
    if not path.exists():
        return []
    values = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        try:
            values.append(json.loads(line))
        except ValueError:
            break
    return values


def rewrite_lines(path: Path, values: list[Any]) -> None:
    """Replace the file by these lines in one step."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(
        "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8"
    )
    temporary.replace(path)
