"""Brings probabilities and targets into the form that all figures take, and refuses wrong ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dl.errors import InputError

TOLERANCE = 1e-3
"""How far the probabilities of an example may sum from 1: those of float16 round by less."""


def class_probabilities(probabilities: Any) -> np.ndarray:
    """Probabilities [N, K] of K ≥ 2 classes as float64.

    Raises:
        InputError: for another shape, no example, a number outside of [0, 1] and a row that does
            not sum to 1.

    >>> class_probabilities([[0.25, 0.5]])
    Traceback (most recent call last):
    dl.errors.InputError: the probabilities of example 0 sum to 0.75, not 1: give softmax(logits)
    """
    array = _in_unit_interval(probabilities)
    if array.ndim != 2 or array.shape[1] < 2:
        raise InputError(
            f"probabilities are {list(array.shape)}: give [N, K], one for each of K classes; "
            "binary_report takes yes-or-no outputs"
        )
    sums = array.sum(axis=1)
    wrong = np.flatnonzero(np.abs(sums - 1.0) > TOLERANCE)
    if len(wrong):
        raise InputError(
            f"the probabilities of example {wrong[0]} sum to {sums[wrong[0]]:.6g}, not 1: "
            "give softmax(logits)"
        )
    return array


def yes_probabilities(probabilities: Any) -> np.ndarray:
    """Probabilities of "yes", [N] or [N, G], as float64 [N, G].

    Raises:
        InputError: for another shape, no example and a number outside of [0, 1].
    """
    array = _in_unit_interval(probabilities)
    if array.ndim not in (1, 2) or not array.shape[-1]:
        raise InputError(
            f"probabilities are {list(array.shape)}: give [N], or [N, G] of G yes-or-no outputs"
        )
    return array.reshape(len(array), -1)


def class_numbers(targets: Any, *, examples: int, classes: int, what: str = "target") -> np.ndarray:
    """The class numbers [N] of `examples` examples, int64, each from 0 to K − 1.

    Raises:
        InputError: for another number of them, other types, and a number that is no class.

    >>> class_numbers([0, 3], examples=2, classes=3)
    Traceback (most recent call last):
    dl.errors.InputError: target 1 is 3; there are 3 classes: give whole numbers from 0 to 2
    """
    array = np.asarray(targets)
    if array.shape != (examples,):
        hint = ": give their argmax" if array.ndim == 2 else ""
        raise InputError(f"{what}s are {list(array.shape)}, for {examples} examples{hint}")
    if array.dtype.kind not in "iu":
        raise InputError(f"{what}s are {array.dtype}: give class numbers, whole numbers from 0 on")
    wrong = np.flatnonzero((array < 0) | (array >= classes))
    if len(wrong):
        raise InputError(
            f"{what} {wrong[0]} is {array[wrong[0]]}; there are {classes} classes: "
            f"give whole numbers from 0 to {classes - 1}"
        )
    return array.astype(np.int64)


def yes_or_no(targets: Any, *, shape: tuple[int, ...]) -> np.ndarray:
    """Targets of 0 and 1 as bool of the `shape` [N, G]; those of one output may be [N].

    Raises:
        InputError: for another shape and other numbers.
    """
    array = np.asarray(targets)
    if array.shape != shape and (*array.shape, 1) != shape:
        raise InputError(
            f"targets are {list(array.shape)}, probabilities {list(shape)}: give one for each"
        )
    if array.dtype.kind not in "biuf" or not np.isin(array, (0, 1)).all():
        raise InputError("yes-or-no targets are 0 and 1: give no other values")
    return array.reshape(shape).astype(bool)


def names_of(names: Sequence[str] | None, count: int, what: str = "class") -> tuple[str, ...]:
    """`count` names; numbers where none are given.

    Raises:
        InputError: for another number of names.
    """
    if names is not None and len(names) != count:
        raise InputError(f"{len(names)} names are given, {count} are needed: one for each {what}")
    return tuple(map(str, range(count) if names is None else names))


def _in_unit_interval(probabilities: Any) -> np.ndarray:
    array = np.asarray(probabilities)
    if array.dtype.kind not in "biuf":  # also bfloat16, which NumPy does not know
        try:
            array = array.astype(np.float64, copy=False)
        except (TypeError, ValueError) as error:
            raise InputError(f"probabilities are {array.dtype}: give numbers") from error
    array = array.astype(np.float64, copy=False)
    if not array.size:
        raise InputError(f"probabilities are {list(array.shape)}: give at least one example")
    inside = (array >= 0) & (array <= 1 + TOLERANCE)  # nan is not inside
    if not inside.all():
        place = [int(axis[0]) for axis in np.nonzero(~inside)]
        raise InputError(
            f"probabilities{place} is {array[tuple(place)]:.6g}: give numbers from 0 to 1"
        )
    return array
