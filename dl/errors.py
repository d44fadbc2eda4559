"""The two errors that are written for people.

Each has a message of one line: what was wrong, the value or shape, and what to do. The runner
prints that line without a traceback and exits with 2 (`InputError`) or 1 (`RunError`).
"""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """The input is wrong; nothing was started."""


class RunError(RuntimeError):
    """A run failed; everything that it had saved is kept."""


class DivergedError(RunError):
    """Training whose loss or parameters stopped being finite."""


_MOST_KNOWN = 30


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint naming the known word nearest to `name`; when none is near, all, or three of many.

    >>> did_you_mean("lenet_digit", ["lenet_digits", "mlp_xor"])
    'did you mean lenet_digits?'
    >>> did_you_mean("zzz", ["a", "b"])
    'known: a, b'
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    few = len(known) <= _MOST_KNOWN
    more = "" if few else f" and {len(known) - 3} more"
    return f"known: {', '.join(known if few else known[:3])}{more}"


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or its kind; long ones are cut.

    >>> first_line(ValueError("no\\nmore")), first_line(KeyError())
    ('no', 'KeyError')
    """
    lines = str(error).strip().splitlines()
    text = lines[0][:300] if lines else type(error).__name__
    return f"{type(error).__name__}: {text}" if isinstance(error, KeyError) and lines else text
