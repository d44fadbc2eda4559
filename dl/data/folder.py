"""Pictures in folders as a data set.

One folder a class, the classes sorted by name; any format that Pillow reads, other files are passed over:

    PATH/cat/1.jpg               PATH/train/cat/1.jpg
    PATH/cat/2.png               PATH/train/dog/2.png
    PATH/dog/1.jpg               PATH/test/cat/3.jpg
                                 PATH/test/dog/4.jpg

With `train/` and `test/` (right) those are the parts; without them (left) a tenth is cut off as test, by a
fixed permutation of the files sorted by class and name. Unless told otherwise pictures are grey (one channel) if all
files are, else RGB; 8 bits deep; turned upright as their camera says. They must have one size, or be given one:
resizing does not keep the ratio of the sides.
"""

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from dl.data.dataset import MEMORY_LIMIT, ArraySource, Dataset, make_dataset
from dl.data.picture import is_grey, open_picture, to_pixels
from dl.data.threads import in_threads
from dl.errors import InputError

Colour: TypeAlias = Literal["auto", "grey", "rgb"]
Damaged: TypeAlias = Literal["refuse", "skip"]

_TEST_FRACTION = 0.1
_TEST_SEED = 10_80_10  # fixed for ever: the same files are always the test
_MOST_NAMED = 10


def load_folder(
    path: str | Path,
    *,
    validation: float,
    image_size: tuple[int, int] | None = None,
    colour: Colour = "auto",
    damaged: Damaged = "refuse",
) -> Dataset:
    """The pictures below `path`, laid out as told above: uint8 [N, H, W, C], labels int32 [N].

    Args:
        path: the folder that holds the class folders, or `train/` and `test/`.
        validation: the fraction of the training examples to hold out.
        image_size: (height, width) to resize all pictures to.
        colour: "grey" (C is 1), "rgb" (3), or "auto": grey if all files are.
        damaged: "refuse" a file that cannot be read, or "skip" it and name it on standard error.

    Raises:
        InputError: for a folder that is missing or unreadable, holds no pictures, only one class, or other
            classes in train than in test; for pictures of several sizes without `image_size`; for a file
            that is damaged, and when skipping those leaves nothing of a class.
    """
    _check_choice("colour", colour, get_args(Colour))
    _check_choice("damaged", damaged, get_args(Damaged))
    train, test = _list_parts(Path(path).expanduser())
    files, count = train.files + test.files, len(train.files)
    pictures, readable = _decode_all(files, image_size=image_size, colour=colour, damaged=damaged)
    train, test = _kept(train, readable[:count]), _kept(test, readable[count:])
    count = len(train.files)
    return make_dataset(
        f"folder:{path}",
        ArraySource(pictures[:count], train.labels),
        ArraySource(pictures[count:], test.labels),
        class_names=train.classes,
        validation=validation,
    )


class _Listing(NamedTuple):
    """The files of one part, and the class of each."""

    classes: tuple[str, ...]
    files: list[Path]
    labels: np.ndarray

    def take(self, index: np.ndarray) -> "_Listing":
        return _Listing(self.classes, [self.files[i] for i in index], self.labels[index])


def _list_parts(root: Path) -> tuple[_Listing, _Listing]:
    """What is train and what is test below `root`."""
    try:
        if not root.is_dir():
            raise InputError(f"there is no folder {root}")
        if not ((root / "train").is_dir() and (root / "test").is_dir()):
            return _cut_test(_list_classes(root))
        train, test = _list_classes(root / "train"), _list_classes(root / "test")
    except OSError as error:
        raise InputError(f"{error.filename or root} cannot be read: {error.strerror}") from error
    if train.classes != test.classes:
        only = sorted(set(train.classes) ^ set(test.classes))
        raise InputError(f"train and test in {root} have different classes: only one has {', '.join(only)}")
    return train, test


def _list_classes(folder: Path) -> _Listing:
    """The pictures in the class folders of `folder`, sorted by class and name."""
    classes = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != ".")
    listed = [_list_pictures(folder / name) for name in classes]
    if not any(listed):
        raise InputError(f"{folder} holds no pictures: put those of a class into {folder / 'CLASS'}")
    if empty := [name for name, files in zip(classes, listed, strict=True) if not files]:
        raise InputError(f"{folder / empty[0]} holds no pictures: put those of its class there, or remove it")
    if len(classes) == 1:
        raise InputError(f"{folder} holds only the class {classes[0]}: two are needed, one sub-folder each")
    labels = np.repeat(np.arange(len(classes), dtype=np.int32), [len(files) for files in listed])
    return _Listing(tuple(classes), [file for files in listed for file in files], labels)


def _list_pictures(folder: Path) -> list[Path]:
    from PIL import Image

    Image.preinit()  # common formats are then tried before rare ones: opening is a quarter faster
    kinds = {suffix for suffix, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in kinds and file.name[0] != ".")


def _cut_test(everything: _Listing) -> tuple[_Listing, _Listing]:
    count = len(everything.files)
    order = np.random.Generator(np.random.Philox(key=_TEST_SEED)).permutation(count)
    test = max(1, round(_TEST_FRACTION * count))
    return everything.take(np.sort(order[test:])), everything.take(np.sort(order[:test]))


def _kept(part: _Listing, readable: np.ndarray) -> _Listing:
    """What is left of a part without its damaged files."""
    if lost := set(part.labels.tolist()) - set(part.labels[readable].tolist()):
        raise InputError(f"every picture of the class {part.classes[min(lost)]} is damaged in one part: repair some")
    return part.take(np.flatnonzero(readable))


def _decode_all(
    files: Sequence[Path], *, image_size: tuple[int, int] | None, colour: Colour, damaged: Damaged
) -> tuple[np.ndarray, np.ndarray]:
    """The pictures that can be read as uint8 [M, H, W, C], and which of the files [N] they are."""
    first, size = _first_readable(files, damaged)
    size = image_size or size
    _check_memory(len(files), size)
    pictures = np.empty((len(files), *size, 1 if colour == "grey" else 3), np.uint8)

    def decode(index: int) -> bool | InputError:
        """Fill in one picture; whether it is grey, or what is wrong with it."""
        try:
            picture = open_picture(files[index])
        except InputError as error:
            if damaged == "refuse":
                raise _refused(error) from error
            return error
        if image_size is None and picture.size[::-1] != size:
            raise InputError(
                f"{first} has {_written(size)} pixels but {files[index]} has {_written(picture.size[::-1])}: "
                "give all one size with --image-size"
            )
        pictures[index] = to_pixels(picture, pictures.shape[1:])
        return is_grey(picture)

    outcomes = in_threads(decode, len(files))
    readable = np.array([isinstance(outcome, bool) for outcome in outcomes])
    if not readable.all():
        _name_skipped([outcome for outcome in outcomes if isinstance(outcome, InputError)], len(files))
        pictures = pictures[readable]
    grey = colour == "auto" and all(outcomes)  # an error counts as true
    return pictures[..., :1].copy() if grey else pictures, readable


def _first_readable(files: Sequence[Path], damaged: Damaged) -> tuple[Path, tuple[int, int]]:
    """The first picture that will be used, with its height and width."""
    for file in files:
        try:
            return file, open_picture(file).size[::-1]
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


def _check_memory(count: int, size: tuple[int, int]) -> None:
    if min(size) < 1 or count * math.prod(size) * 3 > MEMORY_LIMIT:
        raise InputError(
            f"{count} pictures of {_written(size)} pixels do not fit into the {MEMORY_LIMIT / 2**30:.0f} GiB "
            "that a data set may take in memory: give another --image-size"
        )


def _written(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
