"""How deep a picture's values are, and from there to 8 bits."""

from typing import Any

import numpy as np

_DEEP = ("16", "12")
"""In Pillow's names of what a file stores, such as "RGB;16B" or "I;12"."""
_SHALLOW = "dl_shallow"


def check_depth(picture: Any) -> None:
    """Raises ValueError for 32-bit values, whose white is not known."""
    if picture.mode == "F" or (picture.mode == "I" and picture.format != "PPM"):
        raise ValueError(
            "it has 32-bit grey values without a known range; save it with 8 or 16 bits"
        )


def has_deep_colours(picture: Any) -> bool:
    """Whether the file stores colours of 16 bits; Pillow keeps the upper 8 of them."""
    raw = [str(tile[3]) for tile in getattr(picture, "tile", ())]
    return picture.mode in ("RGB", "RGBA", "LA") and any(";16" in mode for mode in raw)


def is_shallow(picture: Any) -> bool:
    """Whether a picture was stored with more bits than its values fill."""
    return _SHALLOW in picture.info


def to_eight_bits(picture: Any, *, deep: bool) -> Any:
    """Pillow's `picture` 8 bits deep, in a mode that converts to grey, RGB and RGBA.

    16-bit grey values are shifted by 8 bits; if none needs more than 12 (or 8) bits, which is how
    many cameras and microscopes store them, by 4 (or 0). `deep` colours that fill 12 bits at most
    have lost their lower bits here, so they are refused.
    """
    if picture.mode == "I" or picture.mode.startswith("I;16"):
        return _from_sixteen_bits(picture)
    if deep and 0 < _brightest(picture) < 16:
        raise ValueError(
            "its 16-bit colours fill 12 bits at most, and would be nearly black; "
            "save it with 8 bits"
        )
    return _from_lab(picture) if picture.mode == "LAB" else picture


def _from_sixteen_bits(picture: Any) -> Any:
    """Pillow's own conversion would cut values off at 255."""
    from PIL import Image

    values = np.asarray(picture)
    brightest = values.max(initial=0)
    shift = next(bits for bits in (0, 4, 8) if brightest < 256 << bits)
    small = Image.fromarray((values >> shift).astype(np.uint8))
    if shift < 8 and brightest:
        small.info[_SHALLOW] = True
    return small


def _brightest(picture: Any) -> int:
    bands = picture.getbands()
    extrema = picture.getextrema()
    ranges = extrema if len(bands) > 1 else (extrema,)
    return max(high for band, (_, high) in zip(bands, ranges, strict=True) if band != "A")


def _from_lab(picture: Any) -> Any:
    """CIE Lab as sRGB; Pillow's `convert` does not know it."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    return converted if converted is not None else picture
