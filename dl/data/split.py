"""Which examples are held out: the same ones for every seed and every version."""

from collections.abc import Iterable
from numbers import Real
from typing import Protocol, Self, TypeVar

import numpy as np

from dl.data.naming import listed
from dl.errors import InputError

VALIDATION_SEED = 20_12_58
DOCUMENTS_SEED = 20_12_59
"""The seed of the permutation that holds out documents."""


class Examples(Protocol):
    """Anything that has a number of examples and can give some of them."""

    def __len__(self) -> int: ...

    def take(self, index: np.ndarray) -> Self: ...


_Examples = TypeVar("_Examples", bound=Examples)


def split_validation(
    train: _Examples,
    *,
    fraction: float,
    seed: int = VALIDATION_SEED,
    classes: np.ndarray | None = None,
) -> tuple[_Examples, _Examples | None]:
    """Hold out a `fraction` of the examples by the permutation of `seed`; (all, None) for 0.

    Both parts keep the order of the data. With the `classes` of the examples [N], none is held out
    as a whole: one example of such a class changes places with one of the most frequent class.

    Raises:
        InputError: for a fraction outside of [0, 1), or one that leaves nothing to train on.

    >>> from dl.data.sources.arrays import ArraySource
    >>> examples = ArraySource(np.zeros((10, 1)), np.zeros(10))
    >>> kept, held_out = split_validation(examples, fraction=0.2)
    >>> len(kept), len(held_out)
    (8, 2)
    """
    held_out = held_out_count(len(train), fraction=fraction)
    if not held_out:
        return train, None
    order = permutation(seed, len(train))
    if classes is not None:
        order = with_every_class(order, classes, held_out)
    kept, cut = (np.sort(index) for index in (order[held_out:], order[:held_out]))
    return train.take(kept), train.take(cut)


def with_every_class(order: np.ndarray, classes: np.ndarray, held_out: int) -> np.ndarray:
    """An order [N] whose first `held_out` examples are held out, with every class in the others.

    Orders that have it stay as they are. Otherwise one example of each class that is missing
    changes places with the first of the most frequent class.

    >>> with_every_class(np.arange(5), np.array(["b", "b", "a", "a", "a"]), 2).tolist()
    [0, 2, 1, 3, 4]
    """
    names, numbers = np.unique(classes, return_inverse=True)
    order = order.copy()
    left = np.bincount(numbers[order[held_out:]], minlength=len(names))
    for lost in np.flatnonzero(left == 0):
        most = int(left.argmax())
        if left[most] < 2:
            break  # fewer examples are kept than there are classes
        out, into = (
            np.flatnonzero(numbers[order[:held_out]] == lost)[-1],
            held_out + np.flatnonzero(numbers[order[held_out:]] == most)[0],
        )
        order[[out, into]] = order[[into, out]]
        left[lost], left[most] = 1, left[most] - 1
    return order


def check_every_class(given: Iterable[str], kept: Iterable[str], *, name: str) -> None:
    """Raise an `InputError` if a class of the examples `given` is not among those `kept` to train.

    >>> check_every_class(["a", "b"], ["b"], name="pets")
    Traceback (most recent call last):
    dl.errors.InputError: pets has too few examples to train on the class a: give more of each, ...
    """
    if lost := sorted(set(given) - set(kept)):
        raise InputError(
            f"{name} has too few examples to train on the class {listed(lost)}: give more of each, "
            "hold out fewer, or give a test part"
        )


def split_stream(tokens: np.ndarray, *, fraction: float) -> tuple[np.ndarray, np.ndarray | None]:
    """Hold out the last `fraction` of a stream [N]; (all, None) for fraction 0.

    >>> kept, held_out = split_stream(np.arange(10), fraction=0.2)
    >>> kept.tolist(), held_out.tolist()
    ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])
    """
    held_out = held_out_count(len(tokens), fraction=fraction)
    return (tokens, None) if not held_out else (tokens[:-held_out], tokens[-held_out:])


def held_out_count(count: int, *, fraction: float) -> int:
    """The number of examples that a fraction in [0, 1) of `count` holds out; it may not be all."""
    if not isinstance(fraction, Real) or not 0.0 <= fraction < 1.0:
        raise InputError(
            f"validation is {fraction}: give a fraction of the examples, 0 <= fraction < 1"
        )
    held_out = round(fraction * count)
    if held_out and held_out == count:
        raise InputError(
            f"validation {fraction} holds out all {count} training examples: give less"
        )
    return held_out


def permutation(seed: int, count: int) -> np.ndarray:
    """The order [N] in which a seed puts `count` examples."""
    return np.random.Generator(np.random.Philox(key=seed)).permutation(count)
