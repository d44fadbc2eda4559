"""Which values an option takes: annotations say it, and `check_fields` refuses all others."""

import math
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from dl.errors import InputError, did_you_mean


@dataclass(frozen=True, kw_only=True)
class Range:
    """The numbers that an option takes, for use in its annotation.

    >>> str(Range(at_least=0, below=1)), 0.0 in Range(above=0)
    ('at least 0 and below 1', False)
    """

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None

    def __contains__(self, value: float) -> bool:
        return not (
            (self.at_least is not None and not value >= self.at_least)
            or (self.above is not None and not value > self.above)
            or (self.at_most is not None and not value <= self.at_most)
            or (self.below is not None and not value < self.below)
        )

    def __str__(self) -> str:
        bounds = {option.name: getattr(self, option.name) for option in fields(self)}
        words = [f"{name} {bound}" for name, bound in bounds.items() if bound is not None]
        return " and ".join(words).replace("_", " ")


class _Traced:
    """Marks an option whose value does not decide what is compiled."""

    def __repr__(self) -> str:
        return "TRACED"


TRACED = _Traced()
"""Marks an option, in its annotation, that compiled programs take as an argument.

Another value does not recompile, and each member of a population may have its own. The value 0
means that the feature is left out, which is another program.
"""
Share: TypeAlias = Annotated[float, Range(at_least=0, below=1)]
"""A fraction from 0 to below 1."""
Positive: TypeAlias = Annotated[float, Range(above=0)]
"""A number above 0."""
NotNegative: TypeAlias = Annotated[float, Range(at_least=0)]
"""A number that is 0 or more."""
Count: TypeAlias = Annotated[int, Range(at_least=1)]
"""How many: at least 1."""
CountOrZero: TypeAlias = Annotated[int, Range(at_least=0)]
"""How many, or 0, which has a meaning of its own."""


SEED = Range(at_least=0, below=2**31)
"""Seeds of random numbers."""
Rate: TypeAlias = Annotated[float, Range(at_least=0, below=1), TRACED]
"""A fraction from 0 to below 1 that compiled programs take as an argument, such as of dropout."""


def check_fields(options: Any) -> None:
    """Raise an `InputError` unless every field of a dataclass has a value that it allows.

    An annotation with a `Literal` allows its words, one with a `Range` the numbers in it. A whole
    number is no truth value, text or 2.0; numbers must be finite. Those of NumPy become Python's,
    so that they can be stored. A subclass that gives a field another default keeps its range.

    >>> @dataclass
    ... class Options:
    ...     dropout: Share = 0.5
    ...     unit: Literal["char", "word"] = "char"
    >>> check_fields(Options(dropout=1.5))
    Traceback (most recent call last):
    dl.errors.InputError: dropout is 1.5; it must be at least 0 and below 1
    >>> check_fields(Options(unit="chars"))
    Traceback (most recent call last):
    dl.errors.InputError: unit is 'chars': did you mean char?
    >>> check_fields(Options(dropout=True))
    Traceback (most recent call last):
    dl.errors.InputError: dropout is True; it must be a number
    """
    for name, words in _choices(type(options)).items():
        value = getattr(options, name)
        if not any(type(value) is type(word) and value == word for word in words):
            raise InputError(f"{name} is {value!r}: {did_you_mean(str(value), map(str, words))}")
    for name, (kind, may_be_none) in _plain_types(type(options)).items():
        given = getattr(options, name)
        if _is_tracer(given) or (given is None and may_be_none):
            continue
        value = as_plain(given, kind, name)
        if value is not given:
            object.__setattr__(options, name, value)  # the dataclass may be frozen
    for name, allowed in ranges_of(type(options)):
        value = getattr(options, name)
        require(_is_tracer(value) or value in allowed, name, value, str(allowed))


def as_plain(value: Any, kind: type, name: str) -> Any:
    """`value` as a Python bool, int, float or str, whichever `kind` is; an int may be a float.

    Raises:
        InputError: for a value of another type, and a number that is not finite.

    >>> as_plain(np.int64(3), int, "epochs"), as_plain(1, float, "rate")
    (3, 1)
    >>> as_plain(2.0, int, "epochs")
    Traceback (most recent call last):
    dl.errors.InputError: epochs is 2.0; it must be a whole number
    """
    # NumPy and JAX are not imported, because the runner's help must not wait.
    is_array = type(value).__module__ == "numpy" or (is_traced(value) and not _is_tracer(value))
    value = value.item() if is_array and _is_scalar(value) else value
    accepted: dict[type, tuple[type, ...]] = {float: (int, float)}
    right = type(value) in accepted.get(kind, (kind,)) or (kind is str and isinstance(value, str))
    require(right, name, _shown(value), _KINDS[kind])
    require(not isinstance(value, float) or math.isfinite(value), name, value, "a finite number")
    countable = not isinstance(value, int) or abs(value) < 2**63
    require(countable, name, value, "a whole number of at most 64 bits")
    return value


def check_number(name: str, value: Any, allowed: Range, *, whole: bool = False) -> None:
    """Raise an `InputError` unless `value` is a number in the range `allowed`, or is traced.

    >>> check_number("momentum", 1.5, Range(at_least=0, below=1))
    Traceback (most recent call last):
    dl.errors.InputError: momentum is 1.5; it must be at least 0 and below 1
    """
    if is_traced(value):
        return
    value = as_plain(value, int if whole else float, name)
    require(value in allowed, name, value, str(allowed))


def is_traced(value: Any) -> bool:
    """Whether `value` is an array of JAX, whose numbers may be known only later."""
    return hasattr(value, "aval")


def is_zero(value: Any) -> bool:
    """Whether `value` is a plain 0, for which a feature is left out; a traced number is none.

    >>> is_zero(0.0), is_zero(0.5)
    (True, False)
    """
    return not is_traced(value) and value == 0


def require(holds: bool, name: str, value: object, what: str) -> None:
    """Refuse the option `name` unless `holds`, saying `what` it must be.

    >>> require(False, "longest_gram", 9, "at most 7, the symbols of the training part")
    Traceback (most recent call last):
    dl.errors.InputError: longest_gram is 9; it must be at most 7, the symbols of the training part
    """
    if not holds:
        raise InputError(f"{name} is {value}; it must be {what}")


@cache
def ranges_of(kind: type) -> tuple[tuple[str, Range], ...]:
    """The ranges of a dataclass's fields, also those that its base classes give them.

    >>> @dataclass
    ... class Options:
    ...     dropout: Share = 0.5
    >>> [(name, str(allowed)) for name, allowed in ranges_of(Options)]
    [('dropout', 'at least 0 and below 1')]
    """
    every = (
        (name, remark)
        for base in reversed(kind.__mro__)
        for name, hint in get_type_hints(base, include_extras=True).items()
        if get_origin(hint) is Annotated
        for remark in get_args(hint)[1:]
        if isinstance(remark, Range)
    )
    return tuple(dict.fromkeys(every))


@cache
def traced_options(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields that are marked as `TRACED`.

    >>> @dataclass
    ... class Options:
    ...     dropout: Rate = 0.5
    ...     hidden_size: Count = 128
    >>> traced_options(Options)
    ('dropout',)
    """
    every = (
        name
        for base in reversed(kind.__mro__)
        for name, hint in get_type_hints(base, include_extras=True).items()
        if get_origin(hint) is Annotated and TRACED in get_args(hint)[1:]
    )
    return tuple(dict.fromkeys(every))


_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "text",
}
"""What the value of an option with this annotation must be."""


@cache
def _plain_types(kind: type) -> dict[str, tuple[type, bool]]:
    """The fields whose annotation is one of the plain types, and whether they may be None."""
    hints = get_type_hints(kind)
    return {
        name: (plain, plain is not hint)
        for name, hint in hints.items()
        for plain in _KINDS
        if hint in (plain, plain | None)
    }


def _is_tracer(value: Any) -> bool:
    """Whether `value` stands for numbers that are known only when a program runs."""
    return is_traced(value) and type(value).__name__.endswith("Tracer")


def _is_scalar(value: Any) -> bool:
    return getattr(value, "shape", None) == () and hasattr(value, "item")


def _shown(value: Any) -> str:
    """A value in one short line."""
    words = " ".join(repr(value).split())
    return words if len(words) <= 40 else f"{words[:37]}..."


@cache
def _choices(kind: type) -> dict[str, tuple]:
    hints = get_type_hints(kind)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}
