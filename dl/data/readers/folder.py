"""Pictures in folders as a data set.

Every class has one folder; classes are sorted by name. Files may have any format that Pillow reads;
other files are ignored:

    PATH/cat/1.jpg               PATH/train/cat/1.jpg
    PATH/cat/2.png               PATH/train/dog/2.png
    PATH/dog/1.jpg               PATH/test/cat/3.jpg
                                 PATH/test/dog/4.jpg

If there are `train/` and `test/` (right), they are the parts. Otherwise (left) a tenth of the files
is the test part, chosen by a fixed permutation of the files sorted by class and name. Pictures are
8 bits deep and turned upright by what their camera stored. By default they are grey (one channel)
if all files are, and RGB otherwise. They must have one size, or be resized to one, which does not
keep the ratio of their sides.

A set that does not fit in memory, or has random crops, is decoded while it is used
(`dl.data.sources.streamed`).
"""

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from dl.data.dataset import MEMORY_LIMIT, Dataset
from dl.data.parts import dataset_of_parts, dataset_of_records
from dl.data.pictures.picture import is_grey, open_picture, to_pixels
from dl.data.readers.folder_listing import Listing, list_parts
from dl.data.sources.arrays import ArraySource
from dl.data.threads import in_threads
from dl.errors import InputError

Colour: TypeAlias = Literal["auto", "grey", "rgb"]
Damaged: TypeAlias = Literal["refuse", "skip"]

_MOST_NAMED = 10


def load_folder(
    path: str | Path,
    *,
    validation: float,
    image_size: tuple[int, int] | None = None,
    random_crops: bool = False,
    colour: Colour = "auto",
    damaged: Damaged = "refuse",
) -> Dataset:
    """The pictures below `path`, in the layout above: uint8 [N, H, W, C], labels int32 [N].

    If they are decoded while they are used, a file may turn out to be damaged only then. To skip
    damaged files, or to find the size without `image_size`, all files are decoded once before.

    Args:
        path: the folder that holds the class folders, or `train/` and `test/`.
        validation: the fraction of the training examples to hold out.
        image_size: (height, width) to resize all pictures to.
        random_crops: train on random parts of the pictures, evaluate on their middles.
        colour: "grey" (C is 1), "rgb" (3), or "auto": grey if all files are.
        damaged: "refuse" a file that cannot be read, or "skip" it and name it on standard error.

    Raises:
        InputError: as `list_parts`; for pictures of several sizes without `image_size`; for a
            damaged file, and if skipping such files leaves a class without pictures.
    """
    _check_choice("colour", colour, get_args(Colour))
    _check_choice("damaged", damaged, get_args(Damaged))
    if image_size and min(image_size) < 1:
        raise InputError(f"image_size is {_written(image_size)}; it must be at least 1x1")
    parts = list_parts(Path(path).expanduser())
    files, name = parts[0].files + parts[1].files, f"folder:{path}"
    described = {"class_names": parts[0].classes, "validation": validation}
    first = _first_readable(files, damaged)
    size, check = image_size or first.size, _Check(None if image_size else first, damaged)
    if random_crops or len(files) * math.prod(size) * _most_channels(colour) > MEMORY_LIMIT:
        seen = _look_at(files, check, decoded=damaged == "skip" or not image_size)
        channels = 1 if colour == "auto" and seen.all_grey else _most_channels(colour)
        train, test = _without_damaged(parts, seen)
        return dataset_of_records(
            name, train, test, shape=(*size, channels), crops=random_crops, **described
        )
    pictures, seen = _decode_all(files, check, size=size, colour=colour)
    train, test = _without_damaged(parts, seen)
    inputs = np.split(pictures, [len(train)])
    return dataset_of_parts(
        name, ArraySource(inputs[0], train.labels), ArraySource(inputs[1], test.labels), **described
    )


class _Sized(NamedTuple):
    """A picture and its height and width."""

    file: Path
    size: tuple[int, int]


class _Check(NamedTuple):
    """What every picture must be: readable, and of the size of `like` if that is given."""

    like: _Sized | None
    damaged: Damaged


class _Seen(NamedTuple):
    """Which files [N] can be read, and whether all of these are grey."""

    readable: np.ndarray
    all_grey: bool


def _decode_all(
    files: Sequence[Path], check: _Check, *, size: tuple[int, int], colour: Colour
) -> tuple[np.ndarray, _Seen]:
    """The pictures that can be read, as uint8 [M, H, W, C]."""
    pictures = np.empty((len(files), *size, _most_channels(colour)), np.uint8)

    def keep(index: int, picture: Any) -> None:
        pictures[index] = to_pixels(picture, pictures.shape[1:])

    seen = _look_at(files, check, keep)
    pictures = pictures if seen.readable.all() else pictures[seen.readable]
    return pictures[..., :1].copy() if colour == "auto" and seen.all_grey else pictures, seen


def _look_at(
    files: Sequence[Path],
    check: _Check,
    look: Callable[[int, Any], None] = lambda index, picture: None,
    *,
    decoded: bool = True,
) -> _Seen:
    """Call `look` with the number and the picture of every file that can be read."""

    def outcome(index: int) -> bool | InputError:
        """Whether a picture is grey, or what is wrong with it."""
        try:
            picture = open_picture(files[index], decoded=decoded)
        except InputError as error:
            if check.damaged == "refuse":
                raise _refused(error) from error
            return error
        _check_size(_Sized(files[index], picture.size[::-1]), check.like)
        look(index, picture)
        return is_grey(picture)

    outcomes = in_threads(outcome, len(files))
    _name_skipped([result for result in outcomes if isinstance(result, InputError)], len(files))
    readable = np.array([isinstance(result, bool) for result in outcomes])
    return _Seen(readable, all(outcomes))  # an error counts as true


def _without_damaged(parts: tuple[Listing, Listing], seen: _Seen) -> list[Listing]:
    readable = np.split(seen.readable, [len(parts[0])])
    return [part.without_damaged(own) for part, own in zip(parts, readable, strict=True)]


def _check_size(picture: _Sized, like: _Sized | None) -> None:
    if like and picture.size != like.size:
        raise InputError(
            f"{like.file} has {_written(like.size)} pixels but {picture.file} has "
            f"{_written(picture.size)}: give all one size with --image-size"
        )


def _most_channels(colour: Colour) -> int:
    return 1 if colour == "grey" else 3


def _first_readable(files: Sequence[Path], damaged: Damaged) -> _Sized:
    for file in files:
        try:
            return _Sized(file, open_picture(file).size[::-1])
        except InputError as error:
            if damaged == "refuse":
                raise _refused(error) from error
    raise InputError(f"all {len(files)} pictures are damaged, such as {files[0]}: repair some")


def _refused(error: InputError) -> InputError:
    return InputError(f"{error}: repair it, or pass over such files with --damaged skip")


def _check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(f"{name} {value!r} is not one of {', '.join(known)}")


def _name_skipped(errors: list[InputError], count: int) -> None:
    for error in errors[:_MOST_NAMED]:
        print(f"skipped: {error}", file=sys.stderr)
    if len(errors) > _MOST_NAMED:
        print(f"skipped in all: {len(errors)} of {count} pictures", file=sys.stderr)


def _written(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
