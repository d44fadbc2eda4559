"""What lies in a folder: which sub-folders count, which files are pictures, how names are read."""

import os
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dl.data.pictures.files import picture_formats

_LEFT_BY_SYSTEMS = {"__macosx", "__pycache__", "@eadir", "$recycle.bin", "lost+found"}
_FIRST_BYTES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")


class Content(NamedTuple):
    """The `pictures` of one class, sorted, and the `others`: names of what is passed over."""

    pictures: list[Path]
    others: list[str]


def sub_folders(folder: Path) -> list[Path]:
    """The folders in `folder` without hidden ones and those that archives and systems leave."""
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not _is_left(entry))


def look_into(folder: Path) -> Content:
    """The pictures that lie in `folder` itself; hidden files are not even passed over."""
    entries = sorted(entry for entry in folder.iterdir() if not _is_left(entry))
    pictures = [entry for entry in entries if entry.is_file() and is_picture(entry)]
    known = set(pictures)
    others = [entry for entry in entries if entry not in known]
    return Content(pictures, [f"{readable(e.name)}{'/' * e.is_dir()}" for e in others])


def is_picture(file: Path) -> bool:
    """Whether a file is to be read as a picture: by the end of its name, or by its first bytes.

    A text that is called `1.png` is meant as a picture, and refused as a damaged one when it is
    read; a file without the name of a picture may still be one.
    """
    return file.suffix.lower() in _suffixes() or _begins_as_picture(file)


def readable(name: str) -> str:
    r"""A name of the file system as text: composed accents, single blanks, the rest escaped.

    Two folders whose names differ only in how an accent is stored are the same class.

    >>> readable("e\u0301te\u0301"), readable("a\nb"), readable("caf\udce9")
    ('été', 'a b', 'caf\\xe9')
    """
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )


def _is_left(entry: Path) -> bool:
    return entry.name.startswith(".") or entry.name.lower() in _LEFT_BY_SYSTEMS


@cache
def _suffixes() -> frozenset[str]:
    from PIL import Image

    formats = picture_formats()
    return frozenset(
        suffix for suffix, kind in Image.registered_extensions().items() if kind in formats
    )


def _begins_as_picture(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            first = opened.read(12)
    except OSError:
        return False
    return first.startswith(_FIRST_BYTES) or (first[:4], first[8:]) == (b"RIFF", b"WEBP")
