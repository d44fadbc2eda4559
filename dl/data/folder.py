"""Pictures in folders as a data set, and single pictures for prediction.

One folder a class, the classes sorted by name; any format that Pillow reads, other files are passed over:

    PATH/cat/1.jpg               PATH/train/cat/1.jpg
    PATH/cat/2.png               PATH/train/dog/2.png
    PATH/dog/1.jpg               PATH/test/cat/3.jpg
                                 PATH/test/dog/4.jpg

With `train/` and `test/` (right) those are the parts; without them (left) a tenth is cut off as test, by a
fixed permutation of the files sorted by class and name. Pictures are grey (one channel) if all files are,
else RGB; 8 bits deep; turned upright as their camera says. They must have one size, or be given one: resizing
does not keep the ratio of the sides.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dl.data.dataset import ArraySource, Dataset, make_dataset
from dl.data.tfds import MEMORY_LIMIT, PICTURE_MODES
from dl.errors import InputError

_TEST_FRACTION = 0.1
_TEST_SEED = 10_80_10  # fixed for ever: the same files are always the test
_GREY = ("1", "L", "LA", "La")


def load_folder(path: str | Path, *, validation: float, image_size: tuple[int, int] | None = None) -> Dataset:
    """The pictures below `path`, laid out as told above: uint8 [N, H, W, C], labels int32 [N].

    Args:
        path: the folder that holds the class folders, or `train/` and `test/`.
        validation: the fraction of the training examples to hold out.
        image_size: (height, width) to resize all pictures to.

    Raises:
        InputError: for a folder that is missing or unreadable, holds no pictures, only one class, or other
            classes in train than in test; for pictures of several sizes without `image_size`; for a file
            that is damaged.
    """
    train, test = _list_parts(Path(path).expanduser())
    pictures = _decode_all(train.files + test.files, image_size)
    count = len(train.files)
    return make_dataset(
        f"folder:{path}",
        ArraySource(pictures[:count], train.labels),
        ArraySource(pictures[count:], test.labels),
        class_names=train.classes,
        validation=validation,
    )


def read_picture(path: str | Path, *, shape: tuple[int, int, int]) -> np.ndarray:
    """One picture as uint8 [H, W, C] of that `shape`: its channels converted, resized to H, W.

    Raises:
        InputError: for a file that is missing, or no picture that Pillow reads.
    """
    if shape[-1] not in PICTURE_MODES:
        raise InputError(f"pictures have 1, 3 or 4 channels; the shape {shape} asks for {shape[-1]}")
    return _pixels(_open(Path(path).expanduser()), shape)


def read_grey(path: str | Path) -> np.ndarray:
    """One picture in its own size as grey values uint8 [H, W]; what is transparent shows as white paper.

    Raises:
        InputError: for a file that is missing, or no picture that Pillow reads.
    """
    from PIL import Image

    picture = _open(Path(path).expanduser()).convert("RGBA")
    paper = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(paper, picture).convert("L"))


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


def _decode_all(files: Sequence[Path], image_size: tuple[int, int] | None) -> np.ndarray:
    """All pictures as uint8 [N, H, W, C]: C is 1 if all are grey, else 3."""
    first = _open(files[0])
    height, width = size = image_size or first.size[::-1]
    _check_memory(len(files), size)
    pictures = np.empty((len(files), height, width, 3), np.uint8)
    grey = True
    for index, file in enumerate(files):
        picture = _open(file)
        if image_size is None and picture.size != first.size:
            raise InputError(
                f"{files[0]} has {_written(size)} pixels but {file} has {_written(picture.size[::-1])}: "
                "give all one size with --image-size"
            )
        pictures[index] = _pixels(picture, (height, width, 3))
        grey = grey and picture.mode in _GREY
    return pictures[..., :1].copy() if grey else pictures


def _check_memory(count: int, size: tuple[int, int]) -> None:
    if min(size) < 1 or count * math.prod(size) * 3 > MEMORY_LIMIT:
        raise InputError(
            f"{count} pictures of {_written(size)} pixels do not fit into the {MEMORY_LIMIT / 2**30:.0f} GiB "
            "that a data set may take in memory: give another --image-size"
        )


def _written(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _open(file: Path) -> Any:
    """The picture in `file`, decoded, upright, 8 bits deep."""
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as picture:
            picture.load()
            return _to_eight_bits(ImageOps.exif_transpose(picture) if "exif" in picture.info else picture)
    except Exception as error:  # decoders of third parties raise anything
        raise _not_a_picture(file, error) from error


def _to_eight_bits(picture: Any) -> Any:
    """16-bit grey values scaled to 8 bits, where Pillow would cut them off at 255."""
    from PIL import Image

    if picture.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise ValueError("it has 32-bit grey values without a known range; save it with 8 or 16 bits")
    return picture


def _pixels(picture: Any, shape: tuple[int, int, int]) -> np.ndarray:
    """A picture as uint8 [H, W, C] of that shape."""
    from PIL import Image

    height, width, channels = shape
    mode = PICTURE_MODES[channels]
    converted = picture if picture.mode == mode else picture.convert(mode)
    if converted.size != (width, height):
        converted = converted.resize((width, height), Image.Resampling.BILINEAR)
    return np.frombuffer(converted.tobytes(), np.uint8).reshape(shape)


def _not_a_picture(file: Path, error: Exception) -> InputError:
    from PIL import UnidentifiedImageError

    if isinstance(error, FileNotFoundError):
        return InputError(f"there is no file {file}")
    if isinstance(error, PermissionError | IsADirectoryError):
        return InputError(f"{file} cannot be read: {error.strerror}")
    if isinstance(error, UnidentifiedImageError):
        return InputError(f"{file} is not a picture in any format that Pillow reads")
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return InputError(f"{file} is a damaged picture, or none ({reason})")
