"""Endings for a program that was cut off: they close its string, statement and brackets."""

import itertools

from dl.c_programs.tokens import commented, open_brackets, tokenize

# Texts that may complete an expression or statement before its bracket is closed.
_FINISH = {
    "(": ("", "0", "0;", "()", ";;"),
    "[": ("", "0"),
    "{": ("", ";", "0;", "();", ":;"),
    "": ("", ";", "{}", "();"),
}
_CLOSE = {"(": ")", "[": "]", "{": "}", "": ""}
_UNSURE = 3  # innermost levels at which all completions are tried; further out, none


def endings(text: str, *, count: int = 40) -> list[str]:
    """At most `count` texts that may complete `text` when appended to it, shortest first.

    A program that was cut in the middle always needs its closing braces.

    >>> endings("int main() { if (x", count=4)
    [')}', ')};', ');}', '0)}']
    """
    levels = [*reversed(open_brackets(text)), ""]
    unsure = min(_UNSURE, levels.index("{") + 2) if "{" in levels else _UNSURE
    ways = [
        [finish + _CLOSE[bracket] for finish in (_FINISH[bracket] if depth < unsure else ("",))]
        for depth, bracket in enumerate(levels)
    ]
    joined = sorted(map("".join, itertools.product([_open_quote(text)], *ways)), key=len)
    return [ending for ending in dict.fromkeys(joined) if ending][:count]


def _open_quote(text: str) -> str:
    """The text that closes a comment, string or character still open at the end of `text`."""
    if commented(text + "\n*/") > commented(text):
        return "*/"
    for quote, kind in (('"', "string"), ("'", "character")):
        for last in tokenize(text + quote)[-1:]:
            if last.kind == kind and last.start < len(text) < last.stop:
                return quote
    return ""
