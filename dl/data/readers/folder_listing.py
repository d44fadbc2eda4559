"""The picture files in class folders, and which of them are train, validation and test."""

import difflib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from dl.data.naming import some_of
from dl.data.readers.folder_content import is_picture, look_into, readable, sub_folders
from dl.data.readers.folder_layout import find_parts
from dl.data.sources.streamed import Record
from dl.data.split import permutation, with_every_class
from dl.errors import InputError

_TEST_FRACTION = 0.1
_TEST_SEED = 10_80_10  # fixed for ever: the same files are always the test


@dataclass(frozen=True)
class Listing:
    """The `files` of one part, and the class of each: `labels` [N] int32.

    `others` are the names of what lies beside the pictures, `loose` those of pictures that lie in
    no folder of a class.
    """

    name: str
    classes: tuple[str, ...]
    files: list[Path]
    labels: np.ndarray
    others: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """A digest of the class folder, name and size of every file; reading all takes too long."""
        digest = hashlib.blake2b(digest_size=16)
        for file in self.files:
            name = os.fsencode(f"{file.parent.name}/{file.name}")  # may be no UTF-8
            digest.update(b"%s %d\n" % (name, file.stat().st_size))
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


class Parts(NamedTuple):
    """The parts of a folder.

    `folders` are those they come from, {} if its folders are classes; `beside` are the names of
    other folders, which are left out.
    """

    train: Listing
    validation: Listing | None
    test: Listing
    folders: dict[str, Path]
    beside: list[str]


def list_parts(root: Path, *, known: tuple[str, ...] | None = None) -> Parts:
    """The files below `root`, in one of the layouts of `dl.data.readers.folder`.

    With the classes `known` to a model, files are labelled by these. A part may then lack some of
    them, and nothing is cut: a folder without parts is train and test as a whole.

    Raises:
        InputError: for a folder that is missing or unreadable, that holds no pictures or only one
            class, or whose parts have different classes; for a class that is not `known`.
    """
    try:
        if not root.is_dir():
            raise InputError(
                f"there is no folder {root}: give one with a sub-folder for each class"
            )
        folders = find_parts(root)
        listed = {part: _list_classes(path, known) for part, path in folders.items()}
        whole = None if folders else _list_classes(root, known)
        beside = [
            readable(path.name) + "/" for path in sub_folders(root) if path not in folders.values()
        ]
    except OSError as error:
        raise InputError(f"{error.filename or root} cannot be read: {error.strerror}") from error
    if whole is not None:
        three = (whole, None, whole) if known else _cut_test(whole)
        return Parts(*three, {}, [])
    return Parts(*_chosen(root, listed, cut=known is None), folders, beside)


_Three: TypeAlias = tuple[Listing, Listing | None, Listing]


def _chosen(root: Path, listed: dict[str, Listing], *, cut: bool) -> _Three:
    """Train, validation and test of those `listed`; without a test part, validation is the test."""
    if cut and "train" not in listed:
        raise InputError(f"{root} has no train folder beside {some_of(sorted(listed))}: add one")
    if cut:
        _check_same_classes(root, listed)
    test = listed.get("test", listed.get("validation"))
    validation = listed.get("validation") if "test" in listed else None
    if test is None:
        train = listed["train"]
        return _cut_test(train) if cut else (train, None, train)
    return listed.get("train", test), validation, test


def _check_same_classes(root: Path, listed: dict[str, Listing]) -> None:
    train = listed["train"].classes
    for part, listing in listed.items():
        for one, classes, other in (
            (part, sorted(set(listing.classes) - set(train)), "train"),
            ("train", sorted(set(train) - set(listing.classes)), part),
        ):
            if classes:
                raise InputError(
                    f"train and {part} in {root} have different classes: only {one} has "
                    f"{some_of(classes)}; add pictures of it to {other}, or remove it"
                )


def _list_classes(folder: Path, known: tuple[str, ...] | None) -> Listing:
    """The pictures in the class folders of `folder`, sorted by class and name."""
    listed: dict[str, list[Path]] = {}
    strays = [entry for entry in sorted(folder.iterdir()) if _is_stray(entry)]
    loose = [readable(stray.name) for stray in strays if is_picture(stray)]
    others = [readable(stray.name) for stray in strays if not is_picture(stray)]
    for path in sub_folders(folder):
        content = look_into(path)
        if not content.pictures and known is None:
            listed.setdefault(readable(path.name), [])
        if content.pictures:
            listed[readable(path.name)] = listed.get(readable(path.name), []) + content.pictures
        others += [f"{readable(path.name)}/{name}" for name in content.others]
    if loose and not any(listed.values()):
        raise InputError(
            f"{folder} holds {len(loose)} pictures in no folder of a class ({some_of(loose)}): put "
            f"those of a class into {_example(folder)}"
        )
    _check_listed(folder, listed, others, known)
    classes = known or tuple(sorted(listed))
    files = [file for name in classes for file in listed.get(name, [])]
    counts = [len(listed.get(name, [])) for name in classes]
    labels = np.repeat(np.arange(len(classes), dtype=np.int32), counts)
    return Listing(f"folder:{folder}", classes, files, labels, tuple(others), tuple(loose))


def _is_stray(entry: Path) -> bool:
    return not entry.is_dir() and not entry.name.startswith(".")


def _check_listed(
    folder: Path,
    listed: dict[str, list[Path]],
    others: list[str],
    known: tuple[str, ...] | None,
) -> None:
    instead = f" but {some_of(others)}" if others else ""
    if not any(listed.values()):
        raise InputError(
            f"{folder} holds no pictures{instead}: put those of a class into {_example(folder)}"
        )
    if empty := [name for name, files in listed.items() if not files]:
        own = [name.removeprefix(f"{empty[0]}/") for name in others if name.startswith(empty[0])]
        instead = f" but {some_of(own)}" if own else ""
        raise InputError(
            f"{folder / empty[0]} holds no pictures{instead}: put those of its class there, or "
            "remove it"
        )
    if known is None and len(listed) == 1:
        raise InputError(
            f"{folder} holds only the class {next(iter(listed))}: two are needed, one sub-folder "
            "each"
        )
    if known and (strange := sorted(set(listed) - set(known))):
        raise unknown_classes(str(folder), strange, known)


def unknown_classes(name: str, strange: Sequence[str], known: tuple[str, ...]) -> InputError:
    """The error for data called `name`, with classes that are none of those a model knows."""
    near = difflib.get_close_matches(strange[0], known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"it knows {some_of(known)}"
    return InputError(
        f"{name} has classes that the model does not know: {some_of(strange)}; {hint}"
    )


def _example(folder: Path) -> str:
    """Where pictures would be looked for; names a folder that holds the classes one level below."""
    below = [path for path in sub_folders(folder) if any(map(_has_pictures, sub_folders(path)))]
    hint = f" (or give folder:{below[0]})" if below else ""
    return f"{folder / 'CLASS'}{hint}"


def _has_pictures(folder: Path) -> bool:
    return bool(look_into(folder).pictures)


def _cut_test(everything: Listing) -> _Three:
    test = max(1, round(_TEST_FRACTION * len(everything)))
    order = permutation(_TEST_SEED, len(everything))
    order = with_every_class(order, everything.labels, test)
    return everything.take(np.sort(order[test:])), None, everything.take(np.sort(order[:test]))
