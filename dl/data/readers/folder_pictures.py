"""A look at all pictures of a folder: sizes, colours and depths, and which are damaged."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from dl.data.pictures.depth import is_shallow
from dl.data.pictures.picture import (
    MOST_MEGAPIXELS,
    is_grey,
    open_picture,
    to_pixels,
)
from dl.data.threads import in_threads
from dl.errors import InputError

Colour: TypeAlias = Literal["auto", "grey", "rgb"]
Damaged: TypeAlias = Literal["refuse", "skip"]

_MOST_NAMED = 10


class Sized(NamedTuple):
    """A picture and its height and width."""

    file: Path
    size: tuple[int, int]


class Check(NamedTuple):
    """What every picture must be: readable, and of the size of `like` if that is given."""

    like: Sized | None
    damaged: Damaged
    max_megapixels: int = MOST_MEGAPIXELS


class Seen(NamedTuple):
    """Which files [N] can be read, whether all of these are grey, and how many are not so deep.

    `shallow` counts the files of 16 bits that were read as 12 or 8 bits deep.
    """

    readable: np.ndarray
    all_grey: bool
    shallow: int


def decode_all(
    files: Sequence[Path], check: Check, *, size: tuple[int, int], colour: Colour
) -> tuple[np.ndarray, Seen]:
    """The pictures that can be read, as uint8 [M, H, W, C]."""
    pictures = np.empty((len(files), *size, most_channels(colour)), np.uint8)

    def keep(index: int, picture: Any) -> None:
        pictures[index] = to_pixels(picture, pictures.shape[1:])

    seen = look_at(files, check, keep)
    pictures = pictures if seen.readable.all() else pictures[seen.readable]
    return pictures[..., :1].copy() if colour == "auto" and seen.all_grey else pictures, seen


def look_at(
    files: Sequence[Path],
    check: Check,
    look: Callable[[int, Any], None] = lambda index, picture: None,
    *,
    decoded: bool = True,
) -> Seen:
    """Call `look` with the number and the picture of every file that can be read.

    Raises:
        InputError: for a damaged file if these are refused, and for one of another size.
    """

    def outcome(index: int) -> tuple[bool, bool] | InputError:
        """Whether a picture is grey and whether it is shallow, or what is wrong with it."""
        try:
            picture = open_picture(
                files[index], decoded=decoded, max_megapixels=check.max_megapixels
            )
        except InputError as error:
            if check.damaged == "refuse":
                raise _refused(error) from error
            return error
        _check_size(Sized(files[index], picture.size[::-1]), check.like)
        look(index, picture)
        return is_grey(picture), is_shallow(picture)

    outcomes = in_threads(outcome, len(files))
    _name_skipped([result for result in outcomes if isinstance(result, InputError)], len(files))
    readable = np.array([not isinstance(result, InputError) for result in outcomes])
    kinds = [result for result in outcomes if not isinstance(result, InputError)]
    return Seen(readable, all(grey for grey, _ in kinds), sum(shallow for _, shallow in kinds))


def _check_size(picture: Sized, like: Sized | None) -> None:
    if like and picture.size != like.size:
        raise InputError(
            f"{like.file} has {written(like.size)} pixels but {picture.file} has "
            f"{written(picture.size)}: give all one size with --image-size"
        )


def most_channels(colour: Colour) -> int:
    """The channels that pictures of a `colour` may have."""
    return 1 if colour == "grey" else 3


def first_readable(files: Sequence[Path], damaged: Damaged, max_megapixels: int) -> Sized:
    """The first picture that can be read.

    Raises:
        InputError: for the first damaged one if these are refused; if all are damaged.
    """
    for file in files:
        try:
            return Sized(file, open_picture(file, max_megapixels=max_megapixels).size[::-1])
        except InputError as error:
            if damaged == "refuse":
                raise _refused(error) from error
    raise InputError(f"all {len(files)} pictures are damaged, such as {files[0]}: repair some")


def _refused(error: InputError) -> InputError:
    return InputError(f"{error}: repair it, or pass over such files with --damaged skip")


def _name_skipped(errors: list[InputError], count: int) -> None:
    for error in errors[:_MOST_NAMED]:
        print(f"skipped: {error}", file=sys.stderr)
    if len(errors) > _MOST_NAMED:
        print(f"skipped in all: {len(errors)} of {count} pictures", file=sys.stderr)


def written(size: tuple[int, int]) -> str:
    """A height and width in words."""
    return f"{size[0]}x{size[1]}"
