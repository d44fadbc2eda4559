"""Text from files, made safe to show on a terminal or in a page."""

import contextlib
import re
import sys
from html import escape

# C0, DEL and C1; ends of lines and turns of the writing direction; halves of surrogates.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str, *, keep: str = "") -> str:
    r"""`text` with its control characters written out, except for those in `keep`.

    A class name or a sampled text could otherwise move the cursor, change colours, or rename the
    window.

    >>> print(escaped("cat\x1b[2J\nd\u202eog", keep="\n"))
    cat\x1b[2J
    d\u202eog
    """
    return _CONTROL.sub(lambda found: found[0] if found[0] in keep else _written(found[0]), text)


def escaped_html(text: str, *, keep: str = "") -> str:
    r"""`text` as HTML shows it, also in an attribute; control characters as in `escaped`.

    >>> escaped_html("a < b\x00")
    'a &lt; b\\x00'
    """
    return escape(escaped(text, keep=keep))


def escaped_json(text: str) -> str:
    r"""JSON `text` with its control characters written as JSON writes them; ends of lines stay.

    >>> escaped_json('"\x9b"')
    '"\\u009b"'
    """
    return _CONTROL.sub(lambda found: found[0] if found[0] == "\n" else _as_json(found[0]), text)


def say(text: str, *, is_safe: bool = False) -> None:
    """Print a line for people, on standard error; a terminal that was closed ends nothing.

    Text that `is_safe` is printed as it is, with its colours and ends of lines.
    """
    with contextlib.suppress(OSError):
        print(text if is_safe else escaped(text), file=sys.stderr, flush=True)


def in_notebook() -> bool:
    """Whether the code runs in the kernel of a notebook, such as Colab's.

    >>> in_notebook()
    False
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")


def _written(character: str) -> str:
    return ascii(character)[1:-1]


def _as_json(character: str) -> str:
    return f"\\u{ord(character):04x}"
