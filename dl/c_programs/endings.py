"""Endings for a program that was cut off: what closes its open string, statement and brackets."""

import itertools

from dl.c_programs.tokens import commented, open_brackets, tokenize

# What makes an unfinished expression or statement whole before its bracket is closed.
_FINISH = {
    "(": ("", "0", "0;", "()", ";;"),
    "[": ("", "0"),
    "{": ("", ";", "0;", "();", ":;"),
    "": ("", ";", "{}", "();"),
}
_CLOSE = {"(": ")", "[": "]", "{": "}", "": ""}
_UNSURE = (
    3  # brackets, from the innermost on, that are closed in every way; the others are closed alone
)


def endings(text: str, *, count: int = 40) -> list[str]:
    """At most `count` texts that close what `text` leaves open when they follow it, the shortest
    first.

    A program that was cut in the middle needs at least its closing braces, however well it began.

    >>> endings("int main() { if (x", count=4)
    [')}', ')};', ');}', '0)}']
    """
    levels = [*reversed(open_brackets(text))]
    sure_of = next(
        (depth + 2 for depth, bracket in enumerate(levels) if bracket == "{"), len(levels) + 1
    )
    ways = [
        [
            finish + _CLOSE[bracket]
            for finish in (_FINISH[bracket] if depth < min(sure_of, _UNSURE) else ("",))
        ]
        for depth, bracket in enumerate([*levels, ""])
    ]
    found = sorted(map("".join, itertools.product([_open_quote(text)], *ways)), key=len)
    return [ending for ending in dict.fromkeys(found) if ending][:count]


def _open_quote(text: str) -> str:
    """What closes a comment, string or character that goes on to the very end of `text`."""
    if commented(text + "\n*/") > commented(text):
        return "*/"
    for quote, kind in (('"', "string"), ("'", "character")):
        for last in tokenize(text + quote)[-1:]:
            if last.kind == kind and last.start < len(text) < last.stop:
                return quote
    return ""
