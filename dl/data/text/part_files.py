"""Text files, plain or compressed, and the part of a data set that each of them holds."""

import gzip
import re
import zlib
from pathlib import Path

from dl.errors import InputError

_PARTS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}


def files_by_part(path: Path) -> dict[str, list[Path]]:
    """The files of each part; their names, or those of their folders, say which.

    A `path` that is a file is the training part.

    Raises:
        InputError: for a path that does not exist, and a folder without a training part.
    """
    if not path.exists():
        raise InputError(f"there is no {path}: give a file, or a folder with train and test files")
    if path.is_file():
        return {"train": [path]}
    by_part: dict[str, list[Path]] = {}
    for entry in sorted(path.iterdir()):
        part = part_of(entry.name)
        if part:
            files = [entry] if entry.is_file() else sorted(entry.rglob("*"))
            by_part.setdefault(part, []).extend(
                file for file in files if file.is_file() and file.name[0] != "."
            )
    if not by_part.get("train"):
        raise InputError(
            f"{path} has no file called train: name the parts train, validation and test, "
            "or give a file"
        )
    return {part: files for part, files in by_part.items() if files}


def part_of(name: str) -> str | None:
    """The part whose name is a word of `name`: train, validation (valid, val, dev) or test.

    >>> part_of("c_valid.jsonl.gz"), part_of("contest.txt")
    ('validation', None)
    """
    return next(
        (_PARTS[word] for word in re.split(r"[^a-z]+", name.lower()) if word in _PARTS), None
    )


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, decompressed if it is a `.gz`; lines end with a line feed.

    Raises:
        InputError: for a file that cannot be read, is damaged, empty, or not a text.
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is no UTF-8 text: byte {error.start} is {error.object[error.start]:#x}"
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
        ) from None
    if "\0" in text:
        raise InputError(f"{path} is no text: character {text.index(chr(0))} is a zero")
    if not text.strip():
        raise InputError(f"{path} is empty: give a text")
    return text.replace("\r\n", "\n")
