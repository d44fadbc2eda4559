"""Which sub-folders of a folder are its parts: train, validation and test."""

import re
from pathlib import Path

from dl.data.naming import some_of
from dl.data.readers.folder_content import look_into, readable, sub_folders
from dl.errors import InputError

_WORDS = {
    "train": "train|training",
    "validation": "validation|valid|val|dev",
    "test": "test|tests|testing",
}
_ENDS = r"[ _-]*(?:set|data|images|pictures)?[ _-]*(?:stg)?\d*"
_PART = {part: re.compile(f"(?:{words}){_ENDS}") for part, words in _WORDS.items()}


def part_named(name: str) -> str | None:
    """The part that a folder's name means, in any case; None for any other name.

    >>> [part_named(name) for name in ("Train", "val", "testing", "test_set", "test1", "trainer")]
    ['train', 'validation', 'test', 'test', 'test', None]
    """
    found = (part for part, words in _PART.items() if words.fullmatch(name.strip().lower()))
    return next(found, None)


def find_parts(root: Path) -> dict[str, Path]:
    """The folders of the parts of `root`; {} if its folders are classes.

    Folders named like parts are parts if one of them holds folders, those of the classes. A single
    `train/` of pictures beside other classes is a class: trains are common in pictures.

    Raises:
        InputError: for parts without class folders, two folders for one part, and test pictures
            beside the folders of classes.
    """
    folders = sub_folders(root)
    named = [folder for folder in folders if part_named(folder.name)]
    if any(sub_folders(folder) for folder in named):
        return _parts(root, named, [folder for folder in folders if folder not in named])
    filled = [folder for folder in named if look_into(folder).pictures]
    if not filled:
        return {}
    others = [f for f in folders if f not in named and look_into(f).pictures]
    if others and [part_named(folder.name) for folder in filled] == ["train"]:
        return {}
    raise _without_classes(root, filled, others)


def _parts(root: Path, named: list[Path], others: list[Path]) -> dict[str, Path]:
    parts: dict[str, Path] = {}
    for folder in named:
        part = part_named(folder.name) or ""
        if part in parts:
            raise InputError(
                f"{root} has two folders for the {part} part, {parts[part].name} and "
                f"{folder.name}: put their pictures together, or rename one"
            )
        parts[part] = folder
    flat = [f for f in named if not sub_folders(f) and look_into(f).pictures]
    classes = [f for f in others if look_into(f).pictures] if "train" not in parts else []
    if flat or classes:
        raise _without_classes(root, flat or named, classes)
    return {part: parts[part] for part in _WORDS if part in parts}


def _without_classes(root: Path, parts: list[Path], classes: list[Path]) -> InputError:
    parts = sorted(parts, key=lambda folder: list(_WORDS).index(part_named(folder.name) or "test"))
    place = f"{_some_folders(parts)} in {root}"
    one = len(parts) == 1
    named = f"{place} {'is named like a part' if one else 'are named like parts'}"
    if classes:
        return InputError(
            f"{named} beside {_some_folders(classes)}: move the others into {root / 'train'}, or "
            "rename it if it is a class"
        )
    return InputError(
        f"{named} and {'holds' if one else 'hold'} pictures without class folders: put those of a "
        f"class into {parts[0] / 'CLASS'}, or name another folder"
    )


def _some_folders(folders: list[Path]) -> str:
    return some_of([f"{readable(folder.name)}/" for folder in folders])
