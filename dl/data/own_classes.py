"""Labels that somebody has in memory: the names of their classes, and the number of each."""

import numpy as np

from dl.data.naming import some_of
from dl.errors import InputError

_SIGNS = (-1, 1)


def infer_classes(array: np.ndarray) -> tuple[str, ...]:
    """The names of the classes of training labels, in the order of their numbers.

    Strings are sorted. The numbers 0 to K - 1, the pair -1 and 1, and truth values name themselves;
    a row [K] with a single 1 is the number of its place.

    Raises:
        InputError: for numbers that leave open which classes there are.

    >>> infer_classes(np.array([1, -1])), infer_classes(np.array([True, False]))
    (('-1', '1'), ('False', 'True'))
    """
    labels = np.unique(_one_each(array, name="y"))
    if labels.dtype.kind in "Ub":
        return tuple(str(label) for label in labels)
    if np.array_equal(labels, np.arange(len(labels))) or tuple(labels) == _SIGNS:
        return tuple(str(int(label)) for label in labels)
    raise InputError(
        f"labels in y are {some_of(labels)}; give 0 to K - 1, each at least once, or strings"
        f"{_hint(labels)}"
    )


def class_numbers(array: np.ndarray, class_names: tuple[str, ...], *, name: str) -> np.ndarray:
    """The number of each label in `array` [N], or of each row with a single 1 [N, K]: int32 [N].

    Raises:
        InputError: for a label that is none of the classes.

    >>> class_numbers(np.array(["b", "a"]), ("a", "b"), name="y").tolist()
    [1, 0]
    """
    labels = _one_each(array, name=name)
    by_name = labels.dtype.kind == "U" or _name_numbers(class_names)
    labels = labels.astype(str) if by_name and labels.dtype.kind != "b" else labels
    known = class_names if labels.dtype.kind == "U" else _numbers_of(class_names, labels)
    number = {label: place for place, label in enumerate(known)}
    found, places = np.unique(labels, return_inverse=True)
    unknown = [label for label in found.tolist() if label not in number]
    if not unknown:
        return np.array([number[label] for label in found.tolist()], np.int32)[places.ravel()]
    rule = "training needs examples of every class"
    rule = rule if by_name else f"classes are numbered from 0 to {len(class_names) - 1}"
    raise InputError(
        f"{name} has the label {some_of(unknown)}, and the classes are {some_of(class_names)}: "
        f"{rule}"
    )


def _name_numbers(class_names: tuple[str, ...]) -> bool:
    """Whether names of classes are numbers: a label is then such a name, not a class's place."""
    return any(name.removeprefix("-").isdecimal() for name in class_names)


def _numbers_of(class_names: tuple[str, ...], labels: np.ndarray) -> tuple[int, ...]:
    """The label of each class whose name is a word: its place, or -1 and 1."""
    signs = len(class_names) == 2 and set(labels.tolist()) == set(_SIGNS)
    return _SIGNS if signs else tuple(range(len(class_names)))


def _one_each(array: np.ndarray, *, name: str) -> np.ndarray:
    """One label for each example: strings, truth values or whole numbers [N]."""
    whole = array.dtype.kind != "f" or _are_whole(array)
    if whole and array.ndim == 2:
        if array.shape[1] == 1:
            array = array[:, 0]
        elif np.isin(array, (0, 1)).all() and (array.sum(axis=1) == 1).all():
            array = array.argmax(axis=1)
    if array.ndim != 1 or not whole:
        what = "" if whole else ", not all of them whole"
        raise InputError(
            f"{name} is {array.dtype} {array.shape}{what}: give each input one class, a number or "
            "a string"
        )
    return array.astype(np.int64) if array.dtype.kind == "f" else array


def _are_whole(array: np.ndarray) -> bool:
    return bool(((np.abs(array) < 2**53) & (array == np.round(array))).all())


def _hint(labels: np.ndarray) -> str:
    """What may be meant by numbers that are not 0 to K - 1."""
    count = len(labels)
    if np.array_equal(labels, np.arange(1, count + 1)):
        return ", such as y - 1"
    if labels[0] == -1:
        return "; leave out the examples of -1 if it means that the class is unknown"
    if tuple(labels) == (0, 255):
        return ", such as y > 0"
    return ", such as np.unique(y, return_inverse=True)[1]; task='regression' is for amounts"
