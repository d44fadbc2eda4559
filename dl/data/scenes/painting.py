"""Where the pieces of a scene lie on the canvas, and the canvas with them on it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dl.data.scenes.scene import Scene

SIDE = 48
"""The side of a canvas in pixels."""
_CELL = SIDE // 2
_SIDES = {"small": (10, 12), "large": (18, 21)}
"""The least and the largest side of a piece."""


class Place(NamedTuple):
    """Where a piece lies: its upper left corner and its side, in pixels."""

    top: int
    left: int
    side: int


def draw_places(scene: Scene, generator: np.random.Generator) -> list[Place]:
    """A place for each piece of a scene, row by row.

    Each piece lies anywhere in its cell, a quarter of the canvas. The cells of a single row, and of
    a row with a single piece, are themselves moved at random; those of two pieces on top of each
    other alike.
    """
    down, across, third = generator.integers(_CELL + 1, size=3).tolist()
    same_column = all(len(row) == 1 for row in scene.rows)
    places = []
    for number, row in enumerate(scene.rows):
        top = number * _CELL if len(scene.rows) == 2 else down
        single = across if same_column or number == 0 else third
        for column, piece in enumerate(row):
            left = column * _CELL if len(row) == 2 else single
            least, most = _SIDES[piece.size]
            side = int(generator.integers(least, most + 1))
            inside = generator.integers(_CELL - side + 1, size=2).tolist()
            places.append(Place(top + inside[0], left + inside[1], side))
    return places


def paint(places: Sequence[Place], pictures: Sequence[np.ndarray]) -> np.ndarray:
    """The pictures uint8 [H, W, C], scaled to their places on a black canvas [48, 48, C]."""
    canvas = np.zeros((SIDE, SIDE, pictures[0].shape[-1]), np.uint8)
    for (top, left, side), picture in zip(places, pictures, strict=True):
        canvas[top : top + side, left : left + side] = _scaled(picture, side)
    return canvas


def _scaled(picture: np.ndarray, side: int) -> np.ndarray:
    from PIL import Image

    flat: Any = picture[..., 0] if picture.shape[-1] == 1 else picture
    scaled = Image.fromarray(flat).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(scaled).reshape(side, side, -1)
