"""What a judge of C programs says of a text."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether a text is a C program; if not, what is first wrong, where if that is known, and how
    many errors.
    """

    accepted: bool
    message: str = ""
    offset: int | None = None
    errors: int = 0


class Judge(NamedTuple):
    """Who decides whether texts are C programs: a name for reports, and one verdict a text, in
    order.
    """

    name: str
    verdicts: Callable[[Sequence[str]], list[Verdict]]


ACCEPTED = Verdict(True)
EMPTY = Verdict(False, "a program has at least one declaration", 0, 1)
"""C has no empty program, though compilers let it pass."""


def offset_of(text: str, line: int, column: int) -> int | None:
    """Where line and column, counted from 1, lie in `text`; None outside of it.

    >>> offset_of("int x;\\nint y", 2, 5)
    11
    """
    lines = text.split("\n")
    if not (1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1):
        return None
    return sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
