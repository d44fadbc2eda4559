"""Names from files, as they are shown to people: escaped, shortened, and few."""

import sys
from collections.abc import Sequence

_LONGEST, _MOST = 40, 3


def shown(name: str) -> str:
    """A name without control signs, and cut after 40 characters.

    >>> shown("spam\\x1b[2J"), shown("a" * 41)
    ('spam\\\\x1b[2J', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…')
    """
    return _escaped(name if len(name) <= _LONGEST else name[:_LONGEST] + "…")


def listed(names: Sequence[str]) -> str:
    """At most three of some names, and how many more there are.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, c and 2 more')
    """
    first = [shown(name) for name in names[:_MOST]]
    if len(names) > _MOST:
        return f"{', '.join(first)} and {len(names) - _MOST:,} more"
    return " and ".join(filter(None, [", ".join(first[:-1]), *first[-1:]]))


def say(line: str) -> None:
    """Tell the person on standard error, in one line without control signs."""
    print(_escaped(line), file=sys.stderr)


def _escaped(text: str) -> str:
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
