"""The picture files in class folders, and which of them are train and which are test."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dl.data.sources.streamed import Record
from dl.data.split import permutation
from dl.errors import InputError

_TEST_FRACTION = 0.1
_TEST_SEED = 10_80_10  # fixed for ever: the same files are always the test


@dataclass(frozen=True)
class Listing:
    """The `files` of one part, and the class of each: `labels` [N] int32."""

    name: str
    classes: tuple[str, ...]
    files: list[Path]
    labels: np.ndarray

    @property
    def fingerprint(self) -> str:
        """A digest of the class folder, name and size of every file; reading all takes too long."""
        digest = hashlib.blake2b(digest_size=16)
        for file in self.files:
            digest.update(f"{file.parent.name}/{file.name} {file.stat().st_size}\n".encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.files)

    def read(self, index: Sequence[int]) -> list[Record]:
        """The records at `index`; files are opened when they are decoded."""
        return [Record(self.files[place], int(self.labels[place])) for place in index]

    def take(self, index: np.ndarray) -> "Listing":
        """The files at `index` [M] as a listing."""
        return replace(
            self, files=[self.files[place] for place in index], labels=self.labels[index]
        )

    def without_damaged(self, readable: np.ndarray) -> "Listing":
        """The files that are `readable` [N] bool."""
        if lost := set(self.labels.tolist()) - set(self.labels[readable].tolist()):
            name = self.classes[min(lost)]
            raise InputError(
                f"every picture of the class {name} is damaged in one part: repair some"
            )
        return self.take(np.flatnonzero(readable))


def list_parts(root: Path) -> tuple[Listing, Listing]:
    """The training and test files below `root`, in one of the layouts of `dl.data.readers.folder`.

    Raises:
        InputError: for a folder that is missing or unreadable, that holds no pictures or only one
            class, or whose train and test have different classes.
    """
    try:
        if not root.is_dir():
            raise InputError(f"there is no folder {root}")
        if not ((root / "train").is_dir() and (root / "test").is_dir()):
            return _cut_test(_list_classes(root))
        train, test = (_list_classes(root / part) for part in ("train", "test"))
    except OSError as error:
        raise InputError(f"{error.filename or root} cannot be read: {error.strerror}") from error
    if train.classes != test.classes:
        only = sorted(set(train.classes) ^ set(test.classes))
        raise InputError(
            f"train and test in {root} have different classes: only one has {', '.join(only)}"
        )
    return train, test


def _list_classes(folder: Path) -> Listing:
    """The pictures in the class folders of `folder`, sorted by class and name."""
    classes = sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != "."
    )
    listed = [_list_pictures(folder / name) for name in classes]
    if not any(listed):
        raise InputError(
            f"{folder} holds no pictures: put those of a class into {folder / 'CLASS'}"
        )
    if empty := [name for name, files in zip(classes, listed, strict=True) if not files]:
        raise InputError(
            f"{folder / empty[0]} holds no pictures: put those of its class there, or remove it"
        )
    if len(classes) == 1:
        raise InputError(
            f"{folder} holds only the class {classes[0]}: two are needed, one sub-folder each"
        )
    labels = np.repeat(np.arange(len(classes), dtype=np.int32), [len(files) for files in listed])
    return Listing(
        f"folder:{folder}", tuple(classes), [file for files in listed for file in files], labels
    )


def _list_pictures(folder: Path) -> list[Path]:
    from PIL import Image

    Image.preinit()  # tries common formats first: pictures open in a quarter less time
    kinds = {suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    return sorted(
        file for file in folder.iterdir() if file.suffix.lower() in kinds and file.name[0] != "."
    )


def _cut_test(everything: Listing) -> tuple[Listing, Listing]:
    order = permutation(_TEST_SEED, len(everything))
    test = max(1, round(_TEST_FRACTION * len(everything)))
    return everything.take(np.sort(order[test:])), everything.take(np.sort(order[:test]))
