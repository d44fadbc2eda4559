"""Inputs that somebody has in memory, as the arrays that training reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dl.data.arrays_of import to_array
from dl.data.naming import shown
from dl.data.own_pictures import check_pictures
from dl.errors import InputError

Inputs = np.ndarray | list[np.ndarray]
"""Examples [N, ...], or sequences [T_i, ...] of several lengths."""


def as_inputs(x: Any, *, ragged: bool, name: str = "x") -> Inputs:
    """Inputs [N, ...] as an array, or if `ragged` as a list of sequences [T_i, ...].

    Floats become float32, whole numbers int32, truth values 0.0 and 1.0. Pictures uint8 [N, H, W]
    or [N, H, W, C] stay uint8 and have a channel axis; a vector [N] becomes [N, 1].

    Raises:
        InputError: for no examples, text, objects, complex numbers, NaN or infinite values, whole
            numbers beyond 32 bits, examples of several shapes.

    >>> as_inputs([0.5, 1.5, 2.5], ragged=False).tolist()
    [[0.5], [1.5], [2.5]]
    """
    if ragged:
        return _as_sequences(x, name)
    array = _as_array(x, name)
    if not array.size:
        raise InputError(
            f"{name} has the shape {array.shape}: give at least one example and number"
        )
    check_pictures(array, name)
    pictures = array.dtype == np.uint8 and array.ndim in (3, 4)
    checked = array if pictures else _as_numbers(array, name)
    return checked[..., None] if array.ndim == 1 or (pictures and array.ndim == 3) else checked


def has_several_lengths(x: Any) -> bool:
    """Whether `x` is a list of sequences of several lengths.

    >>> has_several_lengths([[1, 2], [3]]), has_several_lengths([[1, 2], [3, 4]])
    (True, False)
    """
    if not isinstance(x, list | tuple):
        return False
    return len({_length(example) for example in x}) > 1


def _length(example: Any) -> int | None:
    try:
        return len(example)
    except TypeError:  # a number, or a tensor that is one
        return None


def _as_array(x: Any, name: str) -> np.ndarray:
    array = to_array(
        x,
        name,
        several="the examples of {} have several shapes: bring them to one; sequences may differ "
        "in their first axis only",
    )
    if array.ndim == 0:
        raise InputError(f"{name} is {shown(x)}: give an array [N, ...] or a list of N examples")
    return array


def _as_sequences(x: Sequence[Any], name: str) -> list[np.ndarray]:
    if any(isinstance(example, str) for example in x):
        raise _no_numbers("text", name)
    if any(_length(example) is None for example in x):
        raise InputError(f"{name} mixes numbers and sequences: give one or the other")
    sequences = []
    for number, example in enumerate(x):
        where = f"{name}[{number}]"
        sequences.append(_as_numbers(_as_array(example, where), where))
    first = sequences[0]
    for number, sequence in enumerate(sequences):
        if not len(sequence):
            raise InputError(f"{name}[{number}] has no steps: leave this sequence out")
        if sequence.shape[1:] != first.shape[1:]:
            raise InputError(
                f"{name}[0] is {first.shape} and {name}[{number}] is {sequence.shape}: sequences "
                "may differ in their first axis only"
            )
    kind = np.result_type(*{sequence.dtype for sequence in sequences})
    return [sequence.astype(np.float32 if kind.kind == "f" else kind) for sequence in sequences]


def _as_numbers(array: np.ndarray, name: str) -> np.ndarray:
    """The array as float32 or int32."""
    if array.dtype.kind in "OSUTMm":
        raise _no_numbers("objects" if array.dtype.kind == "O" else "text or dates", name)
    if array.dtype.names:
        raise InputError(f"{name} has named fields: give its columns as one array [N, F]")
    if array.dtype.kind == "c":
        raise InputError(f"{name} has complex numbers: give their real and imaginary parts")
    if array.dtype.kind in "iu" and array.dtype != np.uint8:
        if array.size and not -(2**31) <= array.min() <= array.max() < 2**31:
            raise InputError(f"{name} has whole numbers beyond 32 bits: give floats")
        return array.astype(np.int32)
    numbers = array.astype(np.float32)
    if not np.isfinite(numbers).all():
        place = tuple(int(axis[0]) for axis in np.nonzero(~np.isfinite(numbers)))
        value = numbers[place]
        raise InputError(
            f"{name} has {value} at {list(place)}: replace it by a number, or drop that example"
        )
    return numbers


def _no_numbers(what: str, name: str) -> InputError:
    return InputError(
        f"{name} holds {what}: give numbers; for text write a file, dl.load_data('tsv:PATH')"
    )
