"""Names of classes in one form, and in messages: short, at most three, without control signs."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

NO_LABEL = "stands for none: give it a class, or leave that example out"
"""What is said of `is_no_label`."""
_WHOLE = re.compile(r"([+-]?\d+)\.0*")
_LONGEST, _MOST = 40, 3


def one_form(labels: Iterable[str]) -> dict[str, str]:
    """Each label's form: the same class is written in several ways, in arrays and in files.

    Labels are tidied, and where `1` and `1.0` both occur they are one class.

    >>> one_form(["a ", "a", "1.0", "1", "2.0"])
    {'a ': 'a', 'a': 'a', '1.0': '1', '1': '1', '2.0': '2.0'}
    """
    forms = {label: tidy(label) for label in labels}
    known = set(forms.values())
    whole = {form: found[1] for form in known if (found := _WHOLE.fullmatch(form))}
    return {
        label: whole[form] if whole.get(form) in known else form for label, form in forms.items()
    }


def tidy(label: str) -> str:
    r"""The name of a class without blanks around it, with composed accents.

    >>> tidy(" a "), tidy("e\u0301") == "\u00e9"
    ('a', True)
    """
    return unicodedata.normalize("NFC", label.strip())


def is_no_label(label: str) -> bool:
    """Whether a label is blank, or NaN, as programs write a missing one.

    >>> is_no_label("NaN"), is_no_label(" "), is_no_label("none")
    (True, True, False)
    """
    return label.strip().casefold() in ("", "nan")


def shown(value: Any) -> str:
    r"""A value as text in one line of at most 40 characters, with control signs written out.

    >>> print(shown([1, 2]), shown("a" * 50), shown("spam\x1b[2J"))
    [1, 2] aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... spam\x1b[2J
    """
    words = value if isinstance(value, str) else " ".join(str(value).split())
    short = words if len(words) <= _LONGEST else f"{words[: _LONGEST - 3]}..."
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in short)


def some_of(values: Sequence[Any] | Any) -> str:
    """The first three values, and how many more there are.

    >>> some_of(["a", "b"]), some_of(range(6))
    ('a, b', '0, 1, 2 and 3 more')
    """
    more = len(values) - _MOST
    first = ", ".join(shown(value) for value in list(values)[:_MOST])
    return f"{first} and {more:,} more" if more > 0 else first


def listed(names: Sequence[str]) -> str:
    """The same as part of a sentence.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])
    ('a and b', 'a, b, c and 2 more')
    """
    if len(names) > _MOST:
        return some_of(names)
    first = [shown(name) for name in names]
    return " and ".join(filter(None, [", ".join(first[:-1]), *first[-1:]]))
