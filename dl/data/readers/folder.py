"""Pictures in folders as a data set.

Every class has one folder; classes are sorted by name. Files may have any format that Pillow reads:

    PATH/cat/1.jpg               PATH/train/cat/1.jpg
    PATH/cat/2.png               PATH/train/dog/2.png
    PATH/dog/1.jpg               PATH/test/cat/3.jpg
                                 PATH/test/dog/4.jpg

Folders called train or training; validation, valid, val or dev; test or testing (right) are parts,
in any case, also with a "set", "data" or "images" behind the word. If there is no test part, the
validation part is the test. If there is neither, or no part at all (left), a tenth of the files is
the test part, chosen by a fixed permutation of the files sorted by class and name. If there are
both, a run validates on the validation part when its `--validation` is 0, and otherwise on that
fraction of train. `Dataset.summary` says what was taken for what.

What is no picture is passed over and counted; a file with the name of a picture that cannot be read
is refused. Pictures are 8 bits deep and turned upright by what their camera stored; transparent
parts are put on white. Grey values of 16 bits that stay below 4096 (256) are read as 12 (8) bits
deep, and counted. By default pictures are grey (one channel) if all files are, and RGB otherwise.
They must have one size, or be resized to one, which does not keep the ratio of their sides.

A set that does not fit in memory, or has random crops, is decoded while it is used
(`dl.data.sources.streamed`).
"""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from dl.data.dataset import MEMORY_LIMIT, Dataset
from dl.data.parts import dataset_of_parts, dataset_of_records
from dl.data.pictures.picture import MOST_MEGAPIXELS
from dl.data.readers.folder_listing import Listing, Parts, list_parts
from dl.data.readers.folder_pictures import (
    Check,
    Colour,
    Damaged,
    Seen,
    decode_all,
    first_readable,
    look_at,
    most_channels,
    written,
)
from dl.data.readers.folder_summary import describe_parts
from dl.data.sources.arrays import ArraySource
from dl.data.sources.source import Source
from dl.data.sources.streamed import StreamedSource
from dl.data.split import check_every_class
from dl.errors import InputError


def load_folder(
    path: str | Path,
    *,
    validation: float,
    image_size: tuple[int, int] | None = None,
    random_crops: bool = False,
    colour: Colour = "auto",
    damaged: Damaged = "refuse",
    max_megapixels: int = MOST_MEGAPIXELS,
    classes: tuple[str, ...] | None = None,
) -> Dataset:
    """The pictures below `path`, in the layout above: uint8 [N, H, W, C], labels int32 [N].

    If they are decoded while they are used, a file may turn out to be damaged only then. To skip
    damaged files, or to find the size without `image_size`, all files are decoded once before.

    Args:
        path: the folder that holds the class folders, or the folders of the parts.
        validation: the fraction of the training examples to hold out; 0 takes the folder's own.
        image_size: (height, width) to resize all pictures to.
        random_crops: train on random parts of the pictures, evaluate on their middles.
        colour: "grey" (C is 1), "rgb" (3), or "auto": grey if all files are.
        damaged: "refuse" a file that cannot be read, or "skip" it and name it on standard error.
        max_megapixels: refuse larger pictures before they are decoded.
        classes: those of a model that is evaluated: labels follow them, a part may lack some, and
            a folder without parts is train and test as a whole.

    Raises:
        InputError: as `list_parts`; for pictures of several sizes without `image_size`; for a
            damaged file, and if skipping such files leaves a class without pictures.
    """
    _check_choice("colour", colour, get_args(Colour))
    _check_choice("damaged", damaged, get_args(Damaged))
    if image_size and min(image_size) < 1:
        raise InputError(f"image_size is {written(image_size)}; it must be at least 1x1")
    parts = list_parts(Path(path).expanduser(), known=classes)
    listed = _distinct(parts, validation)
    files, name = [file for part in listed.values() for file in part.files], f"folder:{path}"
    first = first_readable(files, damaged, max_megapixels)
    size = image_size or first.size
    check = Check(None if image_size else first, damaged, max_megapixels)
    described: dict[str, Any] = {"class_names": parts.train.classes, "validation": validation}
    if random_crops or len(files) * math.prod(size) * most_channels(colour) > MEMORY_LIMIT:
        seen = look_at(files, check, decoded=damaged == "skip" or not image_size)
        channels = 1 if colour == "auto" and seen.all_grey else most_channels(colour)
        kept = _without_damaged(listed, seen)
        described["validation"] = kept.get("validation", validation)
        data = dataset_of_records(
            name,
            kept["train"],
            kept.get("test", kept["train"]),
            shape=(*size, channels),
            crops=random_crops,
            **described,
        )
    else:
        pictures, seen = decode_all(files, check, size=size, colour=colour)
        kept = _without_damaged(listed, seen)
        arrays = _cut_apart(pictures, kept)
        described["validation"] = arrays.get("validation", validation)
        data = dataset_of_parts(
            name, arrays["train"], arrays.get("test", arrays["train"]), **described
        )
    if classes is None:
        names, labels = parts.train.classes, _trained_on(data.train, kept["train"])
        check_every_class(names, (names[label] for label in labels), name=name)
    return replace(data, summary=describe_parts(data, parts, kept, seen))


def _trained_on(train: Source, kept: Listing) -> set[int]:
    """The classes of the training examples, of which some of those `kept` may be held out."""
    labels = kept.labels[train.index] if isinstance(train, StreamedSource) else train.targets
    return set(labels.tolist())


def _distinct(parts: Parts, validation: float) -> dict[str, Listing]:
    """The parts that are used, by name; a test part that is the train part is left out."""
    listed = {"train": parts.train}
    if parts.validation is not None and not validation:
        listed["validation"] = parts.validation
    return listed if parts.test is parts.train else {**listed, "test": parts.test}


def _without_damaged(listed: dict[str, Listing], seen: Seen) -> dict[str, Listing]:
    ends = np.cumsum([len(part) for part in listed.values()])[:-1]
    readable = np.split(seen.readable, ends)
    return {
        name: part.without_damaged(own)
        for (name, part), own in zip(listed.items(), readable, strict=True)
    }


def _cut_apart(pictures: np.ndarray, kept: dict[str, Listing]) -> dict[str, ArraySource]:
    """The pictures [N, H, W, C] of all parts, one after the other, as one source for each."""
    ends = np.cumsum([len(part) for part in kept.values()])[:-1]
    return {
        name: ArraySource(inputs, part.labels, tuple(map(str, part.files)))
        for (name, part), inputs in zip(kept.items(), np.split(pictures, ends), strict=True)
    }


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(f"{name} {value!r} is not one of {', '.join(known)}")
