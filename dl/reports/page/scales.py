"""Axes: from numbers to places, the numbers that are written beside them, and how."""

import math
from collections.abc import Sequence
from typing import NamedTuple


class Scale(NamedTuple):
    """A straight map from numbers between `low` and `high` to places between `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a number.

        >>> Scale(0.0, 10.0, 100.0, 0.0)(2.5)
        75.0
        """
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers from `low` to `high`, at most `most`, at distances of 1, 2 or 5 · 10ⁿ.

    >>> ticks(0.0, 1.0), ticks(3.0, 75.0)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [20.0, 40.0, 60.0])
    """
    if not high > low:
        return [low]
    rough = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step)) + 1)
    return [round(number * step, digits) for number in range(first, last + 1)]


def span(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest number, a little apart if they are equal but for rounding.

    >>> span([1.0, 3.0]), span([2.0]), span([])
    ((1.0, 3.0), (1.0, 3.0), (0.0, 1.0))
    """
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    half = abs(low) / 2 or 1.0
    return low - half, high + half


def brief(value: float) -> str:
    """A number in few characters.

    >>> [brief(value) for value in (0.98765, 12.0, 123456.0, 0.000012, 1e9, float("nan"))]
    ['0.9877', '12', '123,456', '1.2e-05', '1e+09', 'nan']
    """
    if not math.isfinite(value):
        return str(value)
    if value and not 1e-3 <= abs(value) < 1e7:
        return f"{value:.3g}"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.1f}"
