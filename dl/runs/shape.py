"""What the values of a run's files must look like, read from the annotations of dataclasses.

JSON knows no types: a flipped bit turns a number into another kind, and `true` counts as 1 in
Python. Whatever is read from a run's folder is therefore compared with an annotation.
"""

import math
import types
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from dl.errors import did_you_mean
from dl.ranges import Range

_LARGEST = 2**63
"""Whole numbers of JSON are of any size, those of arrays are not."""


class Misfit(Exception):
    """A value that does not look as expected; the message names its place."""


def as_kind(kind: Any, value: Any, place: str) -> Any:
    """`value` of JSON as the annotation `kind`: lists become tuples, objects become dataclasses.

    `place` says in messages where the value stands. A number may be a whole one where any is
    expected, but `true` is no number. Keys without a field are refused.

    Raises:
        Misfit: when the value is of another kind, or not in the `Range` of its annotation.

    >>> as_kind(tuple[int, ...], [2, 3], "shape")
    (2, 3)
    >>> as_kind(dict[str, int], {"a": 1.5}, "counts")
    Traceback (most recent call last):
    dl.runs.shape.Misfit: counts.a is 1.5; it must be a whole number
    """
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin is Annotated:
        return _in_ranges(args[1:], as_kind(args[0], value, place), place)
    if origin is Literal:
        return _one_of(args, value, place)
    if origin in (Union, types.UnionType):
        return _any_of(args, value, place)
    if origin is tuple:
        _require(isinstance(value, list), place, value, "a list")
        return tuple(as_kind(args[0], item, f"{place}[{n}]") for n, item in enumerate(value))
    if origin is dict:
        _require(isinstance(value, dict), place, value, "an object { }")
        return {name: as_kind(args[1], item, f"{place}.{name}") for name, item in value.items()}
    if is_dataclass(kind):
        return kind(**dict(_fields_of(kind, value, place)))  # type: ignore[operator]
    return _plain(kind, value, place)


def _plain(kind: type, value: Any, place: str) -> Any:
    holds, what = {
        bool: (type(value) is bool, "true or false"),
        int: (type(value) is int, "a whole number"),
        float: (type(value) in (int, float), "a number"),
        str: (type(value) is str, "a text"),
    }[kind]
    _require(holds, place, value, what)
    if kind is int:
        _require(-_LARGEST <= value < _LARGEST, place, value, "of a size that can be used")
    return _as_float(value, place) if kind is float else value


def _as_float(value: Any, place: str) -> Any:
    """A finite number; small whole ones stay as they are."""
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    _require(finite, place, value, "a finite number")
    return value if abs(value) < _LARGEST else float(value)


def _one_of(words: tuple, value: Any, place: str) -> Any:
    if value not in words or type(value) not in map(type, words):
        known = did_you_mean(str(value), map(str, words))
        raise Misfit(f"{place} is {_short(value)}: {known}")
    return value


def _any_of(kinds: tuple, value: Any, place: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    return as_kind(next(kind for kind in kinds if kind is not type(None)), value, place)


def _in_ranges(remarks: tuple, value: Any, place: str) -> Any:
    for allowed in remarks:
        if isinstance(allowed, Range):
            _require(value in allowed, place, value, str(allowed))
    return value


def _fields_of(kind: Any, value: Any, place: str) -> Iterator[tuple[str, Any]]:
    _require(isinstance(value, dict), place or "it", value, "an object { }")
    hints = get_type_hints(kind, include_extras=True)
    known = {field.name: field for field in fields(kind) if field.init}
    for name in sorted(value.keys() - known.keys()):
        raise Misfit(f"{_below(place, name[:40])} is not known: {did_you_mean(name[:40], known)}")
    for name, field in known.items():
        if name in value:
            yield name, as_kind(hints[name], value[name], _below(place, name))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise Misfit(f"{_below(place, name)} is missing")


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _require(holds: bool, place: str, value: Any, what: str) -> None:
    if not holds:
        raise Misfit(f"{place} is {_short(value)}; it must be {what}")


def _short(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**15:
        return f"about 10^{round(math.log10(abs(value)))}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
