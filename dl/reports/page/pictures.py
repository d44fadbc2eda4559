"""Examples as a page shows them: pictures as PNG in the page itself, texts as text."""

from typing import Any

import numpy as np

from dl.data.shown import png_address
from dl.reports.page.html import Html, tag

SMALLEST, LONGEST_TEXT = 56, 300
"""Pixels that a picture's side is shown with at least; characters of a text that are shown."""


def is_picture(shape: tuple[int, ...]) -> bool:
    """Whether examples of this shape are pictures: [H, W, C] with one or three channels."""
    return len(shape) == 3 and shape[-1] in (1, 3)


def png(picture: Any) -> str:
    """A picture [H, W, C] as the address of a PNG that the page itself holds.

    Pictures that are not uint8 are stretched from their lowest value to their highest.
    """
    pixels = np.asarray(picture)
    if pixels.dtype != np.uint8:
        low, high = float(np.min(pixels)), float(np.max(pixels))
        pixels = np.rint((pixels - low) / ((high - low) or 1.0) * 255).astype(np.uint8)
    return png_address(pixels)


def picture(pixels: Any, says: str, caption: Any = None) -> Html:
    """A picture with the text that stands for it, and a caption below it."""
    high, wide = np.shape(pixels)[:2]
    factor = max(1, -(-SMALLEST // max(high, wide, 1)))
    shown = tag(
        "img",
        src=png(pixels),
        alt=says,
        width=wide * factor,
        height=high * factor,
        class_="pixels" if factor > 1 else None,
    )
    return tag("figure", shown, tag("figcaption", caption) if caption is not None else None)


def passage(words: str, caption: Any = None) -> Html:
    """A text, cut where it is long, with a caption below it."""
    cut = words[:LONGEST_TEXT] + ("…" if len(words) > LONGEST_TEXT else "")
    return tag(
        "figure",
        tag("blockquote", cut),
        tag("figcaption", caption) if caption is not None else None,
        class_="passage",
    )
