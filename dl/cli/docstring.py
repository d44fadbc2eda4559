"""Docstrings as the runner shows them: their fields, and their lines as wide as the terminal."""

import inspect
import re
import shutil
import textwrap
from collections.abc import Callable
from itertools import groupby

_WIDEST = 100
_BEGINS = re.compile(r"[A-Z][a-z]+: |[-*] ")
"""The begin of a field, such as `Time: `, or of a list's entry."""


def terminal_width() -> int:
    """Columns of the terminal; 80 where there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def first_line(docstring: str) -> str:
    """What a docstring says that its object is.

    >>> first_line("A net.\\n\\nTime: 1 s.")
    'A net.'
    """
    return docstring.splitlines()[0] if docstring else ""


def first_sentence(docstring: str, label: str) -> str:
    """The first sentence after `label` in a docstring; it may continue on indented lines.

    >>> first_sentence("A net.\\n\\nExpected: 98 %\\n    of ten. More.\\nTime: 1 s.", "Expected:")
    'Expected: 98 % of ten.'
    """
    match = re.search(rf"^{label}.*(?:\n[ \t]+\S.*)*", docstring, re.MULTILINE)
    return re.split(r"(?<=\.) (?=[A-Z])", " ".join(match[0].split()))[0] if match else ""


def rewrap(docstring: str, width: int | None = None) -> str:
    """A docstring with its lines broken anew for `width`; indented paragraphs stay as they are.

    >>> print(rewrap("A net of a\\nkind.\\n\\nTime: 8 s,\\n    or more.\\nCommand: run\\n", 12))
    A net of a
    kind.
    <BLANKLINE>
    Time: 8 s,
        or more.
    Command: run
    """
    widest = min(width or terminal_width() - 1, _WIDEST)
    groups = groupby(docstring.strip("\n").splitlines(), key=lambda line: bool(line.strip()))
    paragraphs = [list(lines) for filled, lines in groups if filled]
    return "\n\n".join(_rewrap_paragraph(lines, widest) for lines in paragraphs)


def _rewrap_paragraph(lines: list[str], width: int) -> str:
    if lines[0].startswith(" "):
        return "\n".join(lines)
    whole: list[str] = []
    for line in lines:
        if not whole or _BEGINS.match(line):
            whole.append(line)
        else:
            whole[-1] += f" {line.strip()}"
    return "\n".join(wrap(line, width) for line in whole)


def wrap(line: str, width: int, *, indent: str = "", hanging: str | None = None) -> str:
    """A line broken at `width`; what follows the begin of a field or an entry is indented.

    >>> print(wrap("Time: 8 s or more", 12))
    Time: 8 s or
        more
    """
    deeper = hanging if hanging is not None else "    " if _BEGINS.match(line) else ""
    return textwrap.fill(
        line,
        width,
        initial_indent=indent,
        subsequent_indent=indent + deeper,
        break_long_words=False,
        break_on_hyphens=False,
    )


def with_whole_lines(function: Callable) -> Callable:
    """`function` with each parameter described on one line, which the help then breaks itself."""
    function.__doc__ = join_descriptions(inspect.cleandoc(function.__doc__ or ""))
    return function


def join_descriptions(docstring: str) -> str:
    """A docstring whose parameters are each described on one line.

    >>> print(join_descriptions("Do.\\n\\nParameters\\n----------\\nrun\\n    A\\n    run.\\n"))
    Do.
    <BLANKLINE>
    Parameters
    ----------
    run
        A run.
    """
    head, title, parameters = docstring.partition("\nParameters\n")
    lines: list[str] = []
    for line in parameters.splitlines():
        if lines and line.startswith("    ") and lines[-1].startswith("    "):
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    return head + title + "".join(f"{line}\n" for line in lines)


def description(docstring: str) -> str:
    """What a docstring says before its parameters."""
    return inspect.cleandoc(docstring).partition("\nParameters\n")[0].strip()
