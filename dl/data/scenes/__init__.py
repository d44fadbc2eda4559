"""Scenes of real pieces on a canvas, with captions from a grammar that has synonyms."""

from dl.data.scenes.captions import (
    captions_of,
    count_captions,
    draw_caption,
    is_right,
    read_caption,
)
from dl.data.scenes.scene import Piece, Scene, draw_scene, is_held_out, relations

__all__ = [
    "Piece",
    "Scene",
    "captions_of",
    "count_captions",
    "draw_caption",
    "draw_scene",
    "is_held_out",
    "is_right",
    "read_caption",
    "relations",
]
