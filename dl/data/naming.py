"""Values in messages: at most three of them, in one short line."""

from collections.abc import Sequence
from typing import Any

_MOST = 3


def some_of(values: Sequence[Any] | Any) -> str:
    """The first three values, and how many more there are.

    >>> some_of(["a", "b"]), some_of(range(6))
    ('a, b', '0, 1, 2 and 3 more')
    """
    listed = ", ".join(shown(value) for value in list(values)[:_MOST])
    more = len(values) - _MOST
    return f"{listed} and {more} more" if more > 0 else listed


def shown(value: Any) -> str:
    """A value as text in one line of at most 40 characters.

    >>> shown([1, 2]), shown("a" * 50)
    ('[1, 2]', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...')
    """
    words = " ".join(str(value).split())
    return words if len(words) <= 40 else f"{words[:37]}..."
