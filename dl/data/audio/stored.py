"""Where sound files lie: in a folder, or in an archive made by tar."""

import contextlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from dl.data.audio.files import SUFFIXES
from dl.errors import InputError

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_PASSED_OVER = (".", "__MACOSX", "_background_noise_")
"""How files and folders begin that hold no recordings; the last is that of Speech Commands."""
_MOST_BYTES = 4 * 2**30
_BLOCK = 2**20
_UNREADABLE: tuple[type[Exception], ...] = (tarfile.TarError, zlib.error)
with contextlib.suppress(ImportError):  # some Pythons are built without xz
    from lzma import LZMAError

    _UNREADABLE += (LZMAError,)


class StoredFile(NamedTuple):
    """A file: where it lies below the folder or in the archive, and a function that reads it."""

    place: PurePosixPath
    read: Callable[[], bytes]


def find_sounds(
    path: Path, suffixes: tuple[str, ...] = SUFFIXES, *, strip: bool = True
) -> list[StoredFile]:
    """The files below `path`, or in an archive, whose names end so, sorted by place.

    Hidden files and the noise of Speech Commands are passed over, and folders around everything are
    taken off (`strip`).

    Raises:
        InputError: when there is no such folder or archive, or no file in it.
    """
    if path.is_dir():
        files = list(_in_folder(path, suffixes))
    elif path.is_file() and path.name.lower().endswith(_ARCHIVES):
        files = list(_in_archive(path, suffixes))
    elif path.exists():
        raise InputError(f"{path} is no folder and no archive: give a folder, or a .tar.gz of one")
    else:
        raise InputError(f"there is no folder {path}: give the one that holds the recordings")
    if not files:
        raise InputError(f"{path} holds no file that ends in {', '.join(suffixes)}")
    around = _common_folders([file.place for file in files]) if strip else 0
    stripped = [StoredFile(PurePosixPath(*f.place.parts[around:]), f.read) for f in files]
    return sorted(stripped, key=lambda file: file.place)


def _in_folder(path: Path, suffixes: tuple[str, ...]) -> Iterator[StoredFile]:
    for file in sorted(path.rglob("*")):
        place = PurePosixPath(file.relative_to(path).as_posix())
        if _counts(place, suffixes) and file.is_file():
            yield StoredFile(place, file.read_bytes)


def _in_archive(path: Path, suffixes: tuple[str, ...]) -> Iterator[StoredFile]:
    """The files of an archive, which is read once from its beginning to its end."""
    total = 0
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                place = PurePosixPath(member.name)
                if not member.isfile() or not _counts(place, suffixes):
                    continue
                total += member.size
                if total > _MOST_BYTES:
                    raise InputError(f"{path} grows to more than 4 GiB: unpack it, give the folder")
                file = archive.extractfile(member)
                content = file.read() if file is not None else b""
                yield StoredFile(place, lambda content=content: content)
            _read_to_the_end(archive)
    except (*_UNREADABLE, EOFError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(":")  # other lines tell each kind it is not
        raise InputError(f"{path} cannot be unpacked ({reason}): copy it again") from None


def _read_to_the_end(archive: tarfile.TarFile) -> None:
    """Raise an error unless zeros end the archive, and its checksum, the last of it, is right.

    tarfile takes a damaged header for the end.
    """
    file = archive.fileobj
    assert file is not None
    file.seek(archive.offset)
    block = file.read(tarfile.BLOCKSIZE)
    if len(block) < tarfile.BLOCKSIZE:
        raise tarfile.ReadError("it has no end")
    while block:
        if block.strip(b"\0"):
            raise tarfile.ReadError(f"it is damaged behind byte {archive.offset:,}")
        block = file.read(_BLOCK)


def _counts(place: PurePosixPath, suffixes: tuple[str, ...]) -> bool:
    hidden = any(part.startswith(_PASSED_OVER) for part in place.parts)
    return not hidden and place.suffix.lower() in suffixes


def _common_folders(places: list[PurePosixPath]) -> int:
    """How many folders lie around all places."""
    first, *others = (place.parts[:-1] for place in places)
    depth = len(first)
    for folders in others:
        while folders[:depth] != first[:depth]:
            depth -= 1
    return depth
