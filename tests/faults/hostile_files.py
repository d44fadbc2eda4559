"""Files in the place of a text that are none, packed files that are cut or grow, archives."""

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
import zipfile
from pathlib import Path

from hostile import Case, link_to, of_data, pipe
from hostile_runs import grown, in_a_loop

_TEXT = "lstm_shakespeare"
UP = "../../../../outside"
"""A name that leads out of the folder in which it stands."""
_PROSE = "the cat sat on the mat and looked at the dog. " * 200


def archive(make: type, name: str) -> bytes:
    """A zip or tar archive whose only file has this name."""
    file = io.BytesIO()
    if make is zipfile.ZipFile:
        with zipfile.ZipFile(file, "w") as into:
            into.writestr(name, "text " * 100)
    else:
        with tarfile.open(fileobj=file, mode="w") as into:
            into.addfile(tarfile.TarInfo(name))
    return file.getvalue()


def harmful() -> bytes:
    """A pickle that would make a file."""

    class Harm:
        def __reduce__(self) -> tuple:
            return Path.touch, (Path("outside"),)

    return pickle.dumps(Harm())


FILES: list[Case] = [
    of_data("a text that is empty", _TEXT, "text", b""),
    of_data("a text of blanks", _TEXT, "text", b" \n\t\r\n"),
    of_data("a text of zeros", _TEXT, "text", bytes(5000)),
    of_data("a text of bytes that are no UTF-8", _TEXT, "text", bytes(range(128, 256)) * 50),
    of_data("a text of lone surrogates", _TEXT, "text", b"\xed\xa0\x80" * 500),
    of_data("a text in UTF-16", _TEXT, "text", _PROSE.encode("utf-16")),
    of_data("a text that is a program", _TEXT, "text", b"\x7fELF\x02\x01\x01" + bytes(5000)),
    of_data("a text that is a pickle", _TEXT, "text", harmful()),
    of_data("a text that is a pipe", _TEXT, "text", {"": pipe}),
    of_data("a text that is a device", _TEXT, "text", {"": link_to("/dev/zero")}),
    of_data("a text that is a link in a loop", _TEXT, "text", {"": in_a_loop}),
    of_data("a text that is a link to nothing", _TEXT, "text", {"": link_to("nowhere")}),
    of_data("a text that is an empty folder", _TEXT, "text", {"": Path.mkdir}),
    of_data("a gigabyte of zeros", _TEXT, "text", {"": grown}),
    of_data("gzip that is cut", _TEXT, "text", gzip.compress(_PROSE.encode())[:-20]),
    of_data(
        "gzip with noise in it",
        _TEXT,
        "text",
        gzip.compress(_PROSE.encode())[:30] + bytes(range(99)),
    ),
    of_data(
        "gzip that grows", _TEXT, "text", gzip.compress(bytes(3_000_000)), "--most-unpacked", "1"
    ),
    of_data(
        "bzip2 that grows", _TEXT, "text", bz2.compress(b"a" * 3_000_000), "--most-unpacked", "1"
    ),
    of_data("xz that is cut", _TEXT, "text", lzma.compress(_PROSE.encode())[:-20]),
    of_data("gzip in gzip", _TEXT, "text", gzip.compress(gzip.compress(_PROSE.encode()))),
    of_data("zip with a name that leads out", _TEXT, "text", archive(zipfile.ZipFile, UP)),
    of_data("tar with a name that leads out", _TEXT, "text", archive(tarfile.TarFile, UP)),
    of_data("tar with a path from the root", _TEXT, "text", archive(tarfile.TarFile, "/outside")),
]
