"""What a search varies: a dimension for each option, as Python objects or as words."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from dl.errors import InputError

Value: TypeAlias = float | int | str | bool
MethodName: TypeAlias = Literal["random", "grid", "coarse-to-fine", "halving", "optuna"]
"""The strategies by the names that the runner gives them."""


class Dimension(Protocol):
    """The values that a search gives one option; positions from 0 to 1 stand for them."""

    def at(self, position: float) -> Value:
        """The value at a position."""
        ...

    def position(self, value: Value) -> float:
        """A position of the value."""
        ...

    def grid(self, count: int) -> list[Value]:
        """All values of a choice; of a range at most `count`, evenly spread, both ends included.

        For a `count` of 1 it is the middle of the range.
        """
        ...


Space: TypeAlias = Mapping[str, Dimension]
"""Option name -> dimension."""


@dataclass(frozen=True)
class Uniform:
    """Every number from `low` to `high` equally often.

    >>> Uniform(0.0, 0.5).at(0.5), Uniform(0.0, 0.5).grid(3)
    (0.25, [0.0, 0.25, 0.5])

    Raises:
        InputError: unless `low` is less than `high`.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_ends(self.low, self.high)

    def at(self, position: float) -> float:
        return _up_to(self.high, self.low + position * (self.high - self.low), position)

    def position(self, value: Value) -> float:
        return (float(value) - self.low) / (self.high - self.low)

    def grid(self, count: int) -> list[Value]:
        return [self.at(position) for position in _even(count)]


@dataclass(frozen=True)
class LogUniform:
    """10^U(log₁₀ low, log₁₀ high): every power of ten equally often. Source: D8.

    >>> [float(f"{value:.3g}") for value in LogUniform(1e-6, 1.0).grid(4)]
    [1e-06, 0.0001, 0.01, 1.0]

    Raises:
        InputError: unless 0 < `low` < `high`.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check_ends(self.low, self.high)
        if self.low <= 0:
            raise InputError(
                f"a range on a log scale begins above 0, not at {self.low:g}: give it another "
                "beginning, or leave log: out"
            )

    def at(self, position: float) -> float:
        return _up_to(self.high, self.low * (self.high / self.low) ** position, position)

    def position(self, value: Value) -> float:
        return math.log(float(value) / self.low) / math.log(self.high / self.low)

    def grid(self, count: int) -> list[Value]:
        return [self.at(position) for position in _even(count)]


@dataclass(frozen=True)
class Whole:
    """The whole numbers from `low` to `high`, equally often, or on a `log` scale.

    >>> Whole(8, 512, log=True).grid(4)
    [8, 32, 128, 512]

    Raises:
        InputError: unless `low` is less than `high`, and above 0 on a log scale.
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        self._ends()

    def at(self, position: float) -> int:
        return min(max(round(self._cells().at(position)), self.low), self.high)

    def position(self, value: Value) -> float:
        return self._cells().position(value)

    def grid(self, count: int) -> list[Value]:
        ends = self._ends()
        return list(dict.fromkeys(round(ends.at(position)) for position in _even(count)))

    def _ends(self) -> Uniform | LogUniform:
        return (LogUniform if self.log else Uniform)(self.low, self.high)

    def _cells(self) -> Uniform | LogUniform:
        """Half a step wider on both sides, so that the ends are as frequent as the others."""
        return (LogUniform if self.log else Uniform)(self.low - 0.5, self.high + 0.5)


@dataclass(frozen=True)
class Choice:
    """One of the `values`, equally often.

    >>> Choice(("sgd", "adam")).at(0.7), Choice(("sgd", "adam")).grid(9)
    ('adam', ['sgd', 'adam'])

    Raises:
        InputError: for no value, or the same twice.
    """

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InputError("a choice needs at least one value")
        if len(set(self.values)) < len(self.values):
            raise InputError(f"a choice has each value once: {', '.join(map(str, self.values))}")

    def at(self, position: float) -> Value:
        return self.values[min(int(position * len(self.values)), len(self.values) - 1)]

    def position(self, value: Value) -> float:
        return (self.values.index(value) + 0.5) / len(self.values)

    def grid(self, count: int) -> list[Value]:
        return list(self.values)


def parse_dimension(words: str, kind: type) -> Dimension:
    """The dimension that `words` describe, for an option of this `kind`.

    `LOW..HIGH` is a range, `log:LOW..HIGH` one on a log scale, `a,b,c` a choice.

    Raises:
        InputError: for words that are none of these, or do not fit the kind.

    >>> parse_dimension("log:1e-4..1", float), parse_dimension("sgd,adam", str)
    (LogUniform(low=0.0001, high=1.0), Choice(values=('sgd', 'adam')))
    >>> parse_dimension("16..64", int)
    Whole(low=16, high=64, log=False)
    """
    log, rest = words.startswith("log:"), words.removeprefix("log:")
    if ".." not in rest:
        if log:
            raise InputError(f"{words!r} has no range after log: give log:LOW..HIGH")
        words_of_it = (word.strip() for word in rest.split(","))
        return Choice(tuple(_as_value(word, kind) for word in words_of_it if word))
    if kind not in (int, float):
        raise InputError(f"{words!r} is a range, and the option takes no numbers: give a,b,c")
    low, high = (_as_value(word.strip(), kind) for word in rest.split("..", 1))
    if kind is int:
        return Whole(int(low), int(high), log)
    return LogUniform(float(low), float(high)) if log else Uniform(float(low), float(high))


def _as_value(word: str, kind: type) -> Value:
    try:
        if kind is bool:
            return {"true": True, "yes": True, "false": False, "no": False}[word.lower()]
        return kind(word)
    except (ValueError, KeyError):
        names = {int: "a whole number", float: "a number", bool: "true or false"}
        raise InputError(f"{word!r} is not {names.get(kind, 'a value')}") from None


def _check_ends(low: float, high: float) -> None:
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InputError(f"a range has finite ends, not {low:g} and {high:g}")
    if not low < high:
        raise InputError(
            f"a range goes from the lower to the higher end, not from {low:g} to {high:g}"
        )


def _up_to(high: float, value: float, position: float) -> float:
    """`value`, whose rounding must not leave the range: position 1 is `high` itself."""
    return high if position == 1 else min(value, high)


def _even(count: int) -> Sequence[float]:
    """`count` positions from 0 to 1; a single one lies in the middle."""
    return [0.5] if count == 1 else [number / (count - 1) for number in range(count)]


def describe(values: Mapping[str, Any]) -> str:
    """Values in one line.

    >>> describe({"learning_rate": 0.00123456, "optimizer": "adam"})
    'learning_rate=0.001235 optimizer=adam'
    """
    shown = (f"{x:.4g}" if isinstance(x, float) else str(x) for x in values.values())
    return " ".join(f"{name}={each}" for name, each in zip(values, shown, strict=True))
