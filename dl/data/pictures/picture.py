"""Pictures in any format that Pillow reads: upright, 8 bits deep, of a wanted shape."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from dl.data.pictures.crops import Box, View, evaluation_box
from dl.data.pictures.depth import check_depth, has_deep_colours, to_eight_bits
from dl.data.pictures.files import open_stored, upright, without_texts
from dl.errors import InputError

PICTURE_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's names of 8-bit pictures by their number of channels."""
MOST_MEGAPIXELS = 89
"""The largest picture that is read unless asked for, in millions of pixels; that of Pillow."""
_GREY = ("1", "L", "LA", "La")
_PALETTE_BYTES = {"RGB": 3, "BGR": 3, "RGBA": 4, "RGBX": 4, "BGRX": 4}


class TooLarge(ValueError):
    """A picture has more pixels than were allowed."""


def read_picture(
    path: str | Path,
    *,
    shape: tuple[int, int, int],
    view: View = "whole",
    max_megapixels: int = MOST_MEGAPIXELS,
) -> np.ndarray:
    """One picture as uint8 [H, W, C] of `shape`: channels converted, its `view` resized to H, W.

    Raises:
        InputError: for a file that is missing, or not a picture that Pillow reads.
    """
    if shape[-1] not in PICTURE_MODES:
        raise InputError(
            f"pictures have 1, 3 or 4 channels; the shape {shape} asks for {shape[-1]}"
        )
    picture = open_picture(Path(path).expanduser(), max_megapixels=max_megapixels)
    return to_pixels(
        picture, shape, box=evaluation_box(view, (picture.height, picture.width), shape[:2])
    )


def read_on_paper(path: str | Path, *, max_megapixels: int = MOST_MEGAPIXELS) -> Any:
    """One picture in its own size, as Pillow's RGB, transparent parts white.

    Raises:
        InputError: for a file that is missing, or not a picture that Pillow reads.
    """
    picture = open_picture(Path(path).expanduser(), max_megapixels=max_megapixels)
    return _on_paper(picture).convert("RGB")


def open_picture(file: Path, *, decoded: bool = True, max_megapixels: int = MOST_MEGAPIXELS) -> Any:
    """The picture in `file` as Pillow reads it, upright and 8 bits deep.

    If it is not to be `decoded`, only its size and its kind are read. A picture of more than
    `max_megapixels` is not decoded: a small file may hold one that fills the memory.

    Raises:
        InputError: for a file that is missing, too large, or not a picture that Pillow reads.
    """
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise InputError(f"{file} is a pipe or a device: give a file")
    try:
        try:
            return _opened(file, decoded, max_megapixels)
        except Exception:
            small = without_texts(file)
            if small is None:
                raise
            return _opened(small, decoded, max_megapixels)
    except Exception as error:  # decoders may raise anything
        raise _not_a_picture(file, error) from error


def _opened(stored: Path | io.BytesIO, decoded: bool, max_megapixels: int) -> Any:
    with open_stored(stored) as picture:
        _check_size(picture, max_megapixels)
        check_depth(picture)
        if not decoded:
            return picture
        deep = has_deep_colours(picture)
        picture.load()
        return to_eight_bits(upright(picture), deep=deep)


def _check_size(picture: Any, max_megapixels: int) -> None:
    if picture.width * picture.height > max_megapixels * 1_000_000:
        raise TooLarge(
            f"it has {picture.height}x{picture.width} pixels, more than the {max_megapixels} "
            "million of --max-megapixels"
        )


def is_grey(picture: Any) -> bool:
    """Whether Pillow's `picture` has no colours."""
    if picture.mode == "P":
        return _has_grey_palette(picture.palette)
    return picture.mode in _GREY or picture.mode.startswith("I;16")


def _has_grey_palette(palette: Any) -> bool:
    """Whether all colours of a palette are grey; an unusual order of bytes counts as coloured."""
    size = _PALETTE_BYTES.get(palette.rawmode or palette.mode)
    if size is None:
        return False
    colours = np.frombuffer(bytes(palette.palette), np.uint8)
    colours = colours[: len(colours) // size * size].reshape(-1, size)[:, :3]
    return bool((colours == colours[:, :1]).all())


def to_pixels(picture: Any, shape: tuple[int, int, int], *, box: Box | None = None) -> np.ndarray:
    """Pillow's `picture`, or the `box` in it, as uint8 [H, W, C]: channels converted, resized.

    Transparent parts become white, unless four channels keep them.
    """
    from PIL import Image

    height, width, channels = shape
    mode = PICTURE_MODES[channels]
    picture = picture if mode == "RGBA" else _on_paper(picture)
    converted = picture if picture.mode == mode else picture.convert(mode)
    if box or converted.size != (width, height):
        converted = converted.resize((width, height), Image.Resampling.BILINEAR, box=box)
    return np.frombuffer(converted.tobytes(), np.uint8).reshape(shape)


def _on_paper(picture: Any) -> Any:
    """A picture with transparent parts on white: converting alone would show what they hide."""
    from PIL import Image

    if not picture.has_transparency_data:
        return picture
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture.convert("RGBA"))


def _not_a_picture(file: Path, error: Exception) -> InputError:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, FileNotFoundError):
        return InputError(f"there is no file {file}: give the path of a picture")
    if isinstance(error, IsADirectoryError):
        return InputError(f"{file} is a folder: give the pictures in it, such as {file}/*.png")
    if isinstance(error, PermissionError):
        return InputError(f"{file} cannot be read: {error.strerror}")
    if isinstance(error, UnidentifiedImageError):
        return InputError(f"{file} is not a picture in any format that Pillow reads, such as PNG")
    if isinstance(error, TooLarge):
        return InputError(f"{file} is too large a picture: {error}")
    if isinstance(error, Image.DecompressionBombError):
        return InputError(
            f"{file} is too large a picture: Pillow decodes 178 million pixels at most"
        )
    return InputError(f"{file} is a damaged picture, or none ({_first_line(error)})")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
