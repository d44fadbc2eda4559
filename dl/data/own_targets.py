"""Targets that somebody has in memory: which task they ask for, and as the arrays of that task."""

import warnings
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from dl.data.arrays_of import to_array
from dl.data.naming import NO_LABEL, is_no_label, listed, one_form, shown, some_of
from dl.data.own_classes import class_numbers, infer_classes
from dl.data.tasks import TASKS, TaskName
from dl.errors import InputError, did_you_mean


class Encoding(NamedTuple):
    """How the targets of all parts are read: a task, and the names of its outputs."""

    task: TaskName
    class_names: tuple[str, ...]

    def encode(self, y: Any, *, name: str = "y") -> np.ndarray:
        """Targets as int32 [N] for a classification, float32 [N, K] otherwise.

        Raises:
            InputError: for labels that are none of the classes, values that do not fit the task.
        """
        array = as_targets(y, name=name)
        if TASKS[self.task].chooses:
            return class_numbers(array, self.class_names, name=name)
        if array.dtype.kind == "U":
            raise InputError(f"{name} has strings: give numbers, or task='classification'")
        numbers = array.astype(np.float32)
        if not np.isfinite(numbers).all():
            row = int(np.nonzero(~np.isfinite(numbers))[0][0])
            raise InputError(f"{name}[{row}] is not finite: replace it, or drop that example")
        numbers = numbers[:, None] if numbers.ndim == 1 else numbers
        if self.task == "binary" and not np.isin(numbers, (0.0, 1.0)).all():
            value = numbers[~np.isin(numbers, (0.0, 1.0))][0]
            raise InputError(
                f"binary targets are 0 and 1; {name} has {value:g}: give truth values, such as "
                f"{name.split()[0]} > {'0.5' if numbers.min() >= 0 else '0'}"
            )
        if numbers.shape[1] != len(self.class_names):
            raise InputError(
                f"{name} has {numbers.shape[1]} columns for the {len(self.class_names)} outputs "
                f"{some_of(self.class_names)}: give one column for each output"
            )
        return numbers


def infer_encoding(
    y: Any, *, task: TaskName | None = None, class_names: tuple[str, ...] | None = None
) -> Encoding:
    """The task and classes of training targets; see `dl.make_dataset` for the rules.

    Raises:
        InputError: for targets of which the task is not clear, labels that are not 0 to K - 1, a
            single class.

    >>> infer_encoding(["cat", "dog", "cat"])
    Encoding(task='classification', class_names=('cat', 'dog'))
    >>> infer_encoding([[0.5], [1.5]])
    Encoding(task='regression', class_names=('y',))
    """
    array = as_targets(y)
    task = _infer_task(array) if task is None else task
    if not isinstance(task, str) or task not in TASKS:
        raise InputError(f"unknown task {task!r}; {did_you_mean(str(task), TASKS)}")
    if TASKS[task].step_targets:
        raise InputError(
            f"the task {task} has a target for every step: name a file, such as text:PATH, instead"
        )
    if not TASKS[task].chooses:
        columns = 1 if array.ndim == 1 else array.shape[1]
        names = ("y",) if columns == 1 else tuple(f"y{column}" for column in range(columns))
        return Encoding(task, class_names or names)
    names = class_names or infer_classes(array)
    if len(names) < 2:
        raise InputError(f"y has one class, {', '.join(names)}: a classification needs two")
    return Encoding(task, names)


def as_targets(y: Any, *, name: str = "y") -> np.ndarray:
    """Targets as an array [N] or [N, K]; a column of labels [N, 1] becomes [N].

    Raises:
        InputError: for objects other than strings, and arrays of other shapes.
    """
    array = _as_array(y, name)
    if array.dtype.kind == "S":
        array = _decoded(array, name)
    if array.dtype.kind == "O":
        array = _of_strings(array, name)
    if array.dtype.kind not in "biufUV" or array.dtype.names:
        raise InputError(
            f"{name} has the type {array.dtype}: give numbers, truth values or strings"
        )
    array = array.astype(np.float32) if array.dtype.kind == "V" else array  # bfloat16
    array = _tidy(array, name) if array.dtype.kind == "U" else array
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise InputError(f"{name} has the shape {array.shape}: give targets [N] or [N, K]")
    labels = array.dtype.kind in "iuU" and array.shape[1:] == (1,)
    return array[:, 0] if labels else array


def _as_array(y: Any, name: str) -> np.ndarray:
    array = to_array(y, name, several="the targets of {} have several shapes: give one target each")
    if isinstance(y, list | tuple) and array.dtype.kind == "U":
        return np.array(y, object)  # NumPy reads a number among strings as one of them
    return array.astype(str) if array.dtype.kind == "T" else array


def _decoded(array: np.ndarray, name: str) -> np.ndarray:
    try:
        return np.char.decode(array, "utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{name} has bytes that are no UTF-8: give strings or numbers") from None


def _tidy(array: np.ndarray, name: str) -> np.ndarray:
    """Labels in one form for each class, as those of files (`dl.data.text.labels`)."""
    labels, places = np.unique(array, return_inverse=True)
    forms = list(one_form(labels.tolist()).values())
    for number, form in enumerate(forms):
        if is_no_label(form):
            row = int(np.flatnonzero(places.ravel() == number)[0])
            raise InputError(f"{name}[{row}] is {form!r}, which {NO_LABEL}")
    joined = sorted(form for form, count in Counter(forms).items() if count > 1)
    if joined:
        warnings.warn(
            f"labels of {name} in two spellings are one class: {listed(joined)}", stacklevel=4
        )
    return np.array(forms)[places].reshape(array.shape)


def _of_strings(array: np.ndarray, name: str) -> np.ndarray:
    """An array of objects as one of strings, if every object is a string."""
    others = [place for place, label in enumerate(array.ravel()) if not isinstance(label, str)]
    if not others:
        return array.astype(str)
    place = [int(axis) for axis in np.unravel_index(others[0], array.shape)]
    raise InputError(
        f"{name} has the type object, and {shown(array.ravel()[others[0]])} at {place} is no "
        "string: give numbers, truth values or strings, and drop examples without a target"
    )


def _infer_task(array: np.ndarray) -> TaskName:
    kind = array.dtype.kind
    if kind == "b":
        return "binary"
    if array.ndim == 1:
        return "regression" if kind == "f" else "classification"
    if kind == "U":
        raise InputError(f"y has {array.shape[1]} labels for each input: give one label, [N]")
    if not np.isin(array, (0, 1)).all():
        return "regression"
    if array.shape[1] > 1 and (array.sum(axis=1) == 1).all():
        raise InputError(
            "every row of y has one 1: give class numbers, y.argmax(axis=1), or task='binary'"
        )
    return "binary"
