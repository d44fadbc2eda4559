"""What a file holds, told by its first bytes: text, compressed text, or something else."""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from dl.errors import InputError

MOST_UNPACKED = 1024
"""How many megabytes a compressed text may grow to, where nothing else is said."""
COMPRESSED = (".gz", ".bz2", ".xz")
"""How the names of compressed texts end."""

_BLOCK = 2**20
_OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # a text may begin with the letters BZh

_UNPACK = "unpack it, and give what is in it"
_AS_UTF_8 = "save it as UTF-8"
_AS_JSON_LINES = "save it as JSON Lines, and give jsonl:PATH"
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive, or an office document", _UNPACK + ", or save it as plain text"),
    (b"PAR1", "a Parquet table", _AS_JSON_LINES),
    (b"ARROW1\0\0", "an Arrow table", _AS_JSON_LINES),
    (b"SQLite format 3\0", "an SQLite database", _AS_JSON_LINES),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _AS_JSON_LINES),
    (b"\x93NUMPY", "a NumPy array", "give arrays to dl.make_dataset"),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard", "unpack it, or compress it as .gz or .xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"%PDF-", "a PDF document", "save it as plain text"),
    (b"{\\rtf", "an RTF document", "save it as plain text"),
    (b"\xff\xfe\0\0", "UTF-32 text", _AS_UTF_8),
    (b"\0\0\xfe\xff", "UTF-32 text", _AS_UTF_8),
    (b"\xff\xfe", "UTF-16 text", _AS_UTF_8),
    (b"\xfe\xff", "UTF-16 text", _AS_UTF_8),
    (b"\x1f\x8b", "compressed twice", "unpack it once"),
)


def read_text(path: Path, *, most_unpacked: int = MOST_UNPACKED) -> str:
    """The text of a file in UTF-8, plain or compressed by gzip, bzip2 or xz.

    Lines end with a line feed, however they end in the file, and byte-order marks are left out,
    also those that stand inside of joined files. A compressed text may grow to `most_unpacked`
    megabytes.

    Raises:
        InputError: for a file that cannot be read, is damaged, empty, too large, or not a text.
    """
    try:
        data = _unpacked(path, path.read_bytes(), most_unpacked)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise InputError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
        ) from None
    _refuse_what_is_no_text(path, data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is no UTF-8 text: byte {error.start} is {data[error.start]:#x}: {_AS_UTF_8}"
        ) from None
    if "\0" in text:
        raise InputError(f"{path} is no text: character {text.index(chr(0))} is a zero")
    text = text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError(f"{path} is empty: give a text")
    return text


def _unpacked(path: Path, data: bytes, most: int) -> bytes:
    """The data as they were before they were compressed, if they are."""
    opener = next((_OPENERS[magic] for magic in _OPENERS if data.startswith(magic)), None)
    if data.startswith(b"BZh") and data[4:10] not in _BZIP2_BLOCKS:
        opener = None
    if opener is None:
        if path.suffix.lower() in COMPRESSED and data:
            raise InputError(f"cannot read {path}: it is not compressed, as its name says")
        return data
    blocks, size = [], 0
    with opener(io.BytesIO(data)) as file:
        while block := file.read(_BLOCK):
            blocks.append(block)
            size += len(block)
            if size > most * 2**20:
                raise InputError(
                    f"{path} grows to more than {most:,} megabytes: unpack it, or give "
                    "--most-unpacked MEGABYTES"
                )
    return b"".join(blocks)


def _refuse_what_is_no_text(path: Path, data: bytes) -> None:
    for magic, what, remedy in _FOREIGN:
        if data.startswith(magic) and (magic != b"PAR1" or data.endswith(magic)):
            raise InputError(f"{path} is {what}: {remedy}")
    if data[257:262] == b"ustar":
        raise InputError(f"{path} is a tar archive: {_UNPACK}")
    zeros = sorted(data[place:1000:2].count(0) for place in (0, 1))
    if zeros[0] == 0 and zeros[1] > 0.4 * min(len(data), 1000) / 2:
        raise InputError(f"{path} is UTF-16 text: {_AS_UTF_8}")
