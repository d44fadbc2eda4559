"""Pictures that somebody has in memory: axes and scales that training would misread."""

import numpy as np

from dl.errors import InputError

_CHANNELS = (1, 3, 4)
_SIDE = 8
"""The fewest pixels of a side, from which on an array may be taken for pictures."""
_BYTES = 255
_FEW = 64
"""Examples of fewer numbers are no pictures."""


def check_pictures(array: np.ndarray, name: str) -> None:
    """Raise an `InputError` for [N, ...] that looks like pictures with other axes or scales.

    Pictures are uint8 [N, H, W] or [N, H, W, C], or floats of a small scale. Refused are channels
    that come first, bytes that are stored as floats or as other whole numbers, bytes [N, D] without
    rows and columns, pictures uint8 with more than four channels, and pictures of 10 to 16 bits as
    whole numbers.

    >>> check_pictures(np.zeros((2, 3, 32, 32)), "x")
    Traceback (most recent call last):
    dl.errors.InputError: x is [2, 3, 32, 32], channels first: give x.transpose(0, 2, 3, 1)
    """
    shape, own = array.shape, name.split()[0]
    if _channels_first(shape):
        raise InputError(
            f"{name} is {list(shape)}, channels first: give {own}.transpose(0, 2, 3, 1)"
        )
    if array.dtype == np.uint8 and array.ndim == 4 and shape[-1] > 4:
        raise InputError(
            f"{name} is uint8 {list(shape)}, pictures of {shape[-1]} channels: give [N, H, W, C] "
            f"of at most 4, or floats, such as {own} / 255"
        )
    deep = array.dtype.kind in "iu" and array.ndim == 4 and shape[-1] in _CHANNELS
    if deep and min(shape[1:3]) >= _SIDE and array.max() > _BYTES:
        raise InputError(
            f"{name} is {array.dtype} {list(shape)} with values up to {array.max()}, pictures of "
            f"more than 8 bits: give floats, such as {own} / {_most(array)}"
        )
    if not are_bytes(array):
        return
    sides = "" if array.ndim > 2 else ".reshape(-1, H, W)"
    raise InputError(
        f"{name} is {array.dtype} {list(shape)} with values up to {array.max():g}, pictures in "
        f"bytes: give {own}{sides}.astype(np.uint8), which are normalised, or {own} / 255"
    )


def _most(array: np.ndarray) -> int:
    """The highest value of a camera's 10, 12, 14 or 16 bits that holds those of `array`."""
    return next((2**bits - 1 for bits in (10, 12, 14) if array.max() < 2**bits), 65535)


def _channels_first(shape: tuple[int, ...]) -> bool:
    if len(shape) != 4:
        return False
    _, channels, *sides = shape
    return channels in _CHANNELS and shape[-1] not in _CHANNELS and min(sides) >= _SIDE


def are_bytes(array: np.ndarray) -> bool:
    """Whether the values go from 0 to about 255 as those of pictures do, and are not scaled.

    Whole numbers up to nearly 255 are bytes in any example of enough numbers. Numbers between them,
    as after scaling a picture, are so only where the axes are those of pictures. Pictures uint8
    [N, H, W] or [N, H, W, C] are scaled, and other whole numbers [N, D] are symbols.

    >>> are_bytes(np.full((2, 784), 255.0)), are_bytes(np.full((2, 28, 28), 255, np.uint8))
    (True, False)
    """
    kind, flat, unsigned = array.dtype.kind, array.ndim == 2, array.dtype == np.uint8
    if array.ndim < 2 or kind not in "fiu" or array[:1].size < _FEW:
        return False
    are_scaled, are_symbols = unsigned and not flat, kind != "f" and not unsigned and flat
    if are_scaled or are_symbols:
        return False
    counts = flat and not unsigned  # these are as large by chance
    if not (array.min() >= 0 and _BYTES * (1.0 if counts else 0.8) <= array.max() <= _BYTES):
        return False
    pictures = array.ndim == 4 and array.shape[-1] in _CHANNELS
    return pictures or bool((array == np.round(array)).all())
