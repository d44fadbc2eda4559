"""Where sound files lie: in a folder, or in an archive made by tar."""

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from dl.data.audio.files import SUFFIXES
from dl.errors import InputError

_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
_MOST_BYTES = 4 * 2**30


class StoredFile(NamedTuple):
    """A file: where it lies below the folder or in the archive, and a function that reads it."""

    place: PurePosixPath
    read: Callable[[], bytes]


def find_sounds(
    path: Path, suffixes: tuple[str, ...] = SUFFIXES, *, strip: bool = True
) -> list[StoredFile]:
    """The files below `path`, or in an archive, whose names end so, sorted by place.

    Hidden files are passed over, and folders around everything are taken off (`strip`).

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
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"{path} cannot be unpacked ({error}): copy it again") from None


def _counts(place: PurePosixPath, suffixes: tuple[str, ...]) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in place.parts)
    return not hidden and place.suffix.lower() in suffixes


def _common_folders(places: list[PurePosixPath]) -> int:
    """How many folders lie around all places."""
    first, *others = (place.parts[:-1] for place in places)
    depth = len(first)
    for folders in others:
        while folders[:depth] != first[:depth]:
            depth -= 1
    return depth
