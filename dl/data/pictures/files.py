"""Picture files as people have them: opened although text or EXIF in them cannot be read."""

import io
import struct
import warnings
from functools import cache
from pathlib import Path
from typing import Any

_NO_PICTURES = {"BUFR", "GRIB", "HDF5", "MPEG", "WMF", "EPS"}
"""Formats of data, films and programs for a printer, which Pillow lists without decoding them."""
_PNG = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_ORIENTATION = 0x0112


@cache
def picture_formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are pictures, the common ones first."""
    from PIL import Image

    Image.preinit()
    common = list(Image.OPEN)
    Image.init()
    others = [kind for kind in Image.OPEN if kind not in common]
    return tuple(kind for kind in (*common, *others) if kind not in _NO_PICTURES)


def open_stored(stored: Path | io.BytesIO) -> Any:
    """The picture in a file, not decoded; may raise whatever Pillow's decoders raise."""
    from PIL import Image

    with warnings.catch_warnings():  # the size is checked by whoever opens it
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(stored, formats=picture_formats())


def without_texts(file: Path) -> io.BytesIO | None:
    """A PNG without the texts and colour profiles that Pillow refuses if they are large.

    None for another file, and for a PNG without them.
    """
    data = file.read_bytes() if file.is_file() else b""
    if not data.startswith(_PNG):
        return None
    kept, place = [_PNG], len(_PNG)
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4].rjust(4, b"\0"))
        end = place + length + 12
        if data[place + 4 : place + 8] not in _TEXTS:
            kept.append(data[place:end])
        place = end
    small = b"".join(kept)
    return io.BytesIO(small) if len(small) < len(data) else None


def upright(picture: Any) -> Any:
    """Pillow's `picture`, turned by the orientation in its EXIF if that can be read."""
    from PIL import Image

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    if "exif" not in picture.info:
        return picture
    turn = turns.get(_orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def _orientation(picture: Any) -> int:
    """The orientation, 1 to 8; some programs write it as text, or what nobody can parse."""
    try:
        stored = picture.getexif().get(_ORIENTATION, 1)
        return int(stored[0] if isinstance(stored, tuple) else stored)
    except Exception:  # parsers may raise anything
        return 1
