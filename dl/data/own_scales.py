"""Inputs that somebody has in memory: numbers of another size than in training, or than nets take.

The size of numbers is their root mean square, which the standardised ones have at 1.
"""

import warnings
from collections.abc import Mapping

import numpy as np

from dl.errors import InputError

_WIDE = 64
"""Examples of so many numbers have one scale, as pictures and spectra do."""
_LARGE = 10.0
_APART = 20.0
_LOOKED_AT = 1000
"""Examples that show the size of a part."""


def check_scales(parts: Mapping[str, np.ndarray]) -> None:
    """Compare the float inputs [N, ...] of the parts, of which "train" is one.

    Parts whose sizes differ twentyfold were not scaled alike. They are refused where an example has
    at least 64 numbers, and warned of otherwise. A training part of at least 64 numbers an example
    is also warned of if its size is above 10, because nets learn badly from such numbers.

    Raises:
        InputError: for parts of wide examples that were not scaled alike.

    >>> check_scales({"train": np.ones((2, 64), np.float32), "test": np.full((2, 64), 255.0)})
    Traceback (most recent call last):
    dl.errors.InputError: x of test goes from 255 to 255 and x from 1 to 1: scale both alike
    """
    train = parts["train"]
    if train.dtype.kind != "f":
        return
    sizes = {part: _size(inputs) for part, inputs in parts.items()}
    wide = train[0].size >= _WIDE
    for part, size in sizes.items():
        if size and sizes["train"] and not 1 / _APART < size / sizes["train"] < _APART:
            said = f"x of {part} goes {_span(parts[part])} and x {_span(train)}: scale both alike"
            if wide:
                raise InputError(said)
            warnings.warn(said, stacklevel=3)
    if wide and sizes["train"] > _LARGE:
        warnings.warn(
            f"x goes {_span(train)}, and nets learn from numbers of about 1: scale it, such as "
            "(x - x.mean()) / x.std()",
            stacklevel=3,
        )


def _size(inputs: np.ndarray) -> float:
    index = np.linspace(0, len(inputs) - 1, min(len(inputs), _LOOKED_AT)).astype(int)
    return float(np.sqrt(np.mean(np.square(inputs[index], dtype=np.float64))))


def _span(inputs: np.ndarray) -> str:
    return f"from {inputs.min():.4g} to {inputs.max():.4g}"
