"""What files hold: texts in every form, and what is said of all others."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import pytest

from dl.data.text.stored import read_text
from dl.errors import InputError

TEXT = "Ein Bär,\nzwei Bären.\n"

# Without the time, which would give the tests other names in every process.
gzipped = partial(gzip.compress, mtime=0)


def archive(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr(zipfile.ZipInfo("train.txt"), TEXT)
    else:
        with tarfile.open(fileobj=buffer, mode="w") as file:
            file.addfile(tarfile.TarInfo("train.txt"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("a.txt", TEXT.encode()),
        ("a.txt", TEXT.replace("\n", "\r").encode()),
        ("a.txt", TEXT.replace("\n", "\r\n").encode()),
        ("a.txt", TEXT.encode("utf-8-sig")),
        ("a.txt", b"".join(line.encode("utf-8-sig") for line in TEXT.splitlines(keepends=True))),
        ("a.txt.gz", gzipped(TEXT.encode())),
        ("a.txt", gzipped(TEXT.encode())),
        ("a.txt.gz", gzipped(TEXT[:9].encode()) + gzipped(TEXT[9:].encode())),
        ("a.txt.bz2", bz2.compress(TEXT.encode())),
        ("a.txt.xz", lzma.compress(TEXT.encode())),
    ],
)
def test_a_text_is_the_same_in_every_form(tmp_path: Path, name: str, stored: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(stored)
    assert read_text(path) == TEXT


def test_a_text_may_begin_as_compressed_files_do(tmp_path: Path) -> None:
    for text in ("BZh9 is how bzip2 begins", "PAR1 is how Parquet begins"):
        (tmp_path / "a.txt").write_text(text)
        assert read_text(tmp_path / "a.txt") == text


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        (TEXT.encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
        (TEXT.encode("utf-16-be"), "is UTF-16 text"),
        (TEXT.encode("utf-16-le"), "is UTF-16 text"),
        (TEXT.encode("utf-32"), "is UTF-32 text"),
        (TEXT.encode("latin-1"), "is no UTF-8 text: byte 5 is 0xe4: save it as UTF-8"),
        (archive("zip"), "is a zip archive, or an office document: unpack it"),
        (archive("tar"), "is a tar archive: unpack it"),
        (gzipped(archive("tar")), "is a tar archive: unpack it"),
        (gzipped(gzipped(b"a")), "is compressed twice: unpack it once"),
        (b"PAR1\0\0PAR1", "is a Parquet table: save it as JSON Lines"),
        (b"ARROW1\0\0...", "is an Arrow table"),
        (b"SQLite format 3\0", "is an SQLite database"),
        (b"%PDF-1.7\n", "is a PDF document: save it as plain text"),
        (b"\x28\xb5\x2f\xfd....", "is compressed by Zstandard"),
        (b"\x93NUMPY\x01\0", "is a NumPy array"),
        (b"\xef\xbb\xbf", "is empty"),
        (gzipped(b""), "is empty"),
        (gzipped(bytes(3 * 2**20)), "grows to more than 2 megabytes: .*--most-unpacked"),
        (bz2.compress(bytes(3 * 2**20)), "grows to more than 2 megabytes"),
        (lzma.compress(bytes(3 * 2**20)), "grows to more than 2 megabytes"),
        (bz2.compress(TEXT.encode())[:-9], "cannot read"),
        (lzma.compress(TEXT.encode())[:-9], "cannot read"),
        (lzma.compress(TEXT.encode())[:20] + bytes(40), "cannot read"),
    ],
)
def test_other_files_are_told_by_their_content(tmp_path: Path, stored: bytes, says: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(stored)
    with pytest.raises(InputError, match=says) as refused:
        read_text(path, most_unpacked=2)
    assert "\n" not in str(refused.value)
