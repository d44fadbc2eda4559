"""`captions:PATH`: pictures in a folder, and caption files in COCO's format (`readers.coco`).

    PATH/captions_train.json     PATH/annotations/captions_train2017.json
    PATH/captions_test.json      PATH/annotations/captions_val2017.json
    PATH/1.jpg                   PATH/train2017/000000000009.jpg
    PATH/2.jpg                   PATH/val2017/000000000139.jpg

The part of a caption file is the one that its name holds. If there is no test part, the validation
part is the test. If there is neither, a tenth of the pictures is, chosen by a fixed permutation. If
there are both, a run validates on the validation part when its `--validation` is 0, and otherwise
on that fraction of the training pictures. A picture lies anywhere below PATH under the name in the
caption file; files outside of PATH are not read. Pictures that are not there are refused, or with
`--damaged skip` left out and counted. Pictures must have one size, or be resized to one.
"""

import math
import os
import unicodedata
from pathlib import Path, PurePosixPath

import numpy as np

from dl.data.dataset import MEMORY_LIMIT, Dataset
from dl.data.pictures.picture import MOST_MEGAPIXELS
from dl.data.readers.captioned import Captioned, captioned_pictures
from dl.data.readers.coco import Listed, caption_files, read_coco
from dl.data.readers.folder_layout import part_named
from dl.data.readers.folder_pictures import (
    Check,
    Colour,
    Damaged,
    decode_all,
    first_readable,
    most_channels,
)
from dl.data.text.reading import Reading, say_unused
from dl.errors import InputError
from dl.screen import say

_Files = dict[Path, Listed]
"""The pictures of a part, and what the caption file says of each."""


def load_captions(
    path: str | Path,
    *,
    validation: float,
    image_size: tuple[int, int] | None = None,
    colour: Colour = "auto",
    damaged: Damaged = "refuse",
    max_megapixels: int = MOST_MEGAPIXELS,
    reading: Reading | None = None,
) -> Dataset:
    """The pictures below `path` with their captions, in the layout above.

    Args:
        path: the folder that holds the caption files and, at any depth, the pictures.
        validation: the fraction of the training pictures to hold out; 0 takes the folder's own.
        image_size: (height, width) to resize all pictures to.
        colour: "grey" (C is 1), "rgb" (3), or "auto": grey if all files are.
        damaged: "refuse" pictures that are missing or cannot be read, or "skip" and count them.
        max_megapixels: refuse larger pictures before they are decoded.
        reading: how captions become symbols; default words.

    Raises:
        InputError: as `caption_files` and `read_coco`; for pictures that are missing or damaged,
            and for those of several sizes without `image_size`.
    """
    root, name = Path(path).expanduser(), f"captions:{path}"
    if not root.is_dir():
        raise InputError(f"there is no folder {root}: give one with pictures and a caption file")
    below = _files_below(root)
    listed = {
        part: _with_files(file, part, root, below, damaged)
        for part, file in _used(caption_files(root), validation, name).items()
    }
    _say_shared(name, listed)
    files = [file for part in listed.values() for file in part]
    first = first_readable(files, damaged, max_megapixels)
    size = image_size or first.size
    needed = len(files) * math.prod(size) * most_channels(colour)
    if needed > MEMORY_LIMIT:
        raise InputError(
            f"{name} has {len(files):,} pictures, {needed / 2**30:.1f} GiB at {size[0]}x{size[1]}: "
            f"bring them below {MEMORY_LIMIT / 2**30:.0f} GiB with a smaller --image-size"
        )
    check = Check(None if image_size else first, damaged, max_megapixels)
    pictures, seen = decode_all(files, check, size=size, colour=colour)
    parts = _parts(listed, pictures, seen.readable, root)
    return captioned_pictures(
        name,
        parts["train"],
        parts.get("validation", validation),
        parts.get("test"),
        reading=reading or Reading(unit="word"),
    )


def _used(files: dict[str, Path], validation: float, name: str) -> dict[str, Path]:
    """The caption files that are read; a validation part may be the test, or not be used."""
    if "validation" not in files:
        return files
    if "test" not in files:
        return {"train": files["train"], "test": files["validation"]}
    if validation:
        say_unused(name)
        return {part: file for part, file in files.items() if part != "validation"}
    return files


def _files_below(root: Path) -> dict[str, list[Path]]:
    """The files below a folder, by their names without folders.

    Letters with accents have one code or two, and some systems write names in the other way.
    """
    below: dict[str, list[Path]] = {}
    for folder, folders, files in os.walk(root):
        folders.sort()
        for file in sorted(files):
            below.setdefault(_composed(file), []).append(Path(folder, file))
    return below


def _with_files(
    file: Path, part: str, root: Path, below: dict[str, list[Path]], damaged: Damaged
) -> _Files:
    """The pictures of a caption file that are there."""
    listed = read_coco(file)
    found = {one.file_name: _find(one.file_name, part, file, below) for one in listed}
    missing = [name for name, place in found.items() if place is None]
    if missing:
        lost = f"{len(missing):,} of the {len(listed):,} pictures that {file.name} names"
        if damaged == "refuse" or len(missing) == len(found):
            raise InputError(
                f"{root} lacks {lost}, such as {missing[0]}: bring them back, or leave them and "
                "their captions out with --damaged skip"
            )
        say(f"left out: {lost}, such as {missing[0]}; {root} does not have them")
    files: _Files = {}
    for one in listed:
        place = found[one.file_name]
        if place is not None:
            before = files[place].captions if place in files else ()
            files[place] = Listed(one.file_name, (*before, *one.captions))
    return files


def _find(name: str, part: str, listed_in: Path, below: dict[str, list[Path]]) -> Path | None:
    """The file that a caption file calls `name`; of several the one in the folder of its part."""
    inside = PurePosixPath(_composed(name).replace("\\", "/"))
    found = [
        file
        for file in below.get(inside.name, [])
        if _composed(file.as_posix()).endswith(f"/{inside.as_posix().removeprefix('/')}")
    ]
    if len(found) > 1:
        own = [file for file in found if any(part_named(one) == part for one in file.parts[:-1])]
        found = own or found
    if len(found) > 1:
        raise InputError(
            f"{listed_in.name} names {name}, and there are {found[0]} and {found[1]}: write the "
            "folder into the name"
        )
    return found[0] if found else None


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _say_shared(name: str, listed: dict[str, _Files]) -> None:
    """Tell the person of pictures that are trained on and held out too: figures are too good."""
    for part, files in listed.items():
        shared = [] if part == "train" else [file for file in files if file in listed["train"]]
        if shared:
            say(
                f"{name}: the training part has {len(shared):,} of the {len(files):,} pictures of "
                f"the {part} part too, such as {shared[0].name}: leave them out of one"
            )


def _parts(
    listed: dict[str, _Files], pictures: np.ndarray, readable: np.ndarray, root: Path
) -> dict[str, Captioned]:
    """The readable pictures [M, H, W, C] of all parts, cut apart; `readable` [N] says which."""
    parts, first, place = {}, 0, 0
    for part, files in listed.items():
        own = readable[place : place + len(files)]
        count, place = int(own.sum()), place + len(files)
        if not count:
            raise InputError(f"all pictures of the {part} part of {root} are damaged: repair some")
        kept = [file for file, fine in zip(files, own, strict=True) if fine]
        parts[part] = Captioned(
            pictures[first : first + count],
            tuple(files[file].captions for file in kept),
            tuple(str(file.relative_to(root)) for file in kept),
        )
        first += count
    return parts
