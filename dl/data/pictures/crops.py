"""Boxes in photographs: random ones for training, the middle for evaluation.

A box is (left, top, right, bottom) in pixels, as in Pillow.
"""

import math
from typing import Literal, TypeAlias

import numpy as np

Box: TypeAlias = tuple[float, float, float, float]
View: TypeAlias = Literal["whole", "middle"]
"""The part of a picture that a model sees outside of training."""

_ATTEMPTS = 10
_CENTRE = 224 / 256  # of the shorter side: 224 pixels are cut out of 256


def random_box(
    generator: np.random.Generator,
    size: tuple[int, int],
    *,
    area: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
) -> Box:
    """A box with a random area and a random ratio of width to height, at a random place.

    Its share of the picture's area is uniform in `area`; the logarithm of its ratio is uniform
    between those of `ratio`. If ten random boxes do not fit into the picture of `size` (height,
    width), it is the largest box in the middle with an allowed ratio. Source: Szegedy et al. 2014
    (arXiv:1409.4842).

    >>> random_box(np.random.default_rng(0), (100, 100), area=(1.0, 1.0), ratio=(1.0, 1.0))
    (0, 0, 100, 100)
    """
    height, width = size
    for _ in range(_ATTEMPTS):
        pixels = generator.uniform(*area) * height * width
        sides = math.exp(generator.uniform(math.log(ratio[0]), math.log(ratio[1])))
        across, down = round(math.sqrt(pixels * sides)), round(math.sqrt(pixels / sides))
        if 0 < across <= width and 0 < down <= height:
            left, top = (
                int(generator.integers(width - across + 1)),
                int(generator.integers(height - down + 1)),
            )
            return left, top, left + across, top + down
    return _middle(size, min(max(width / height, ratio[0]), ratio[1]), fraction=1.0)


def centre_box(size: tuple[int, int], shape: tuple[int, int]) -> Box:
    """The box for evaluation: 7/8 of the largest box with the ratio of `shape` (height, width).

    This does in one step what is usual: scale the shorter side to 256 pixels, cut out the middle
    224×224. Source: He et al. 2016.

    >>> centre_box((256, 512), (224, 224))
    (144.0, 16.0, 368.0, 240.0)
    """
    return _middle(size, shape[1] / shape[0], fraction=_CENTRE)


def evaluation_box(view: View, size: tuple[int, int], shape: tuple[int, int]) -> Box | None:
    """The box of `view` in a picture of `size` that is resized to `shape`, both (height, width).

    None is the whole picture.

    >>> evaluation_box("middle", (256, 256), (32, 32))
    (16.0, 16.0, 240.0, 240.0)
    >>> evaluation_box("whole", (256, 256), (32, 32)) is None
    True
    """
    return centre_box(size, shape) if view == "middle" else None


def _middle(size: tuple[int, int], ratio: float, *, fraction: float) -> Box:
    height, width = size
    across, down = (width, width / ratio) if width < height * ratio else (height * ratio, height)
    left, top = (width - fraction * across) / 2, (height - fraction * down) / 2
    return left, top, width - left, height - top
