"""What a judge of C programs says about a text."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether a text is a C program; if not, the first error and the number of errors.

    `offset` is the place of the first error in the text, None when it is unknown.
    """

    accepted: bool
    message: str = ""
    offset: int | None = None
    errors: int = 0


class Judge(NamedTuple):
    """Who decides whether texts are C programs.

    `name` is printed in reports; `verdicts` gives one verdict per text, in order.
    """

    name: str
    verdicts: Callable[[Sequence[str]], list[Verdict]]


ACCEPTED = Verdict(True)
EMPTY = Verdict(False, "a program has at least one declaration", 0, 1)
"""The C standard has no empty program, although compilers accept one."""


def offset_of(text: str, line: int, column: int) -> int | None:
    """The offset in `text` of a line and column, both counted from 1; None outside the text.

    >>> offset_of("int x;\\nint y", 2, 5)
    11
    """
    lines = text.split("\n")
    if not (1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1):
        return None
    return sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
