"""A parser written in Python, as a judge of C programs where no compiler is installed.

It knows only the grammar: undeclared names, wrong types and redefinitions pass.
"""

import functools
import importlib
import re
from collections.abc import Sequence
from typing import Any

from dl.c_programs.tokens import Token, tokenize
from dl.c_programs.verdict import ACCEPTED, EMPTY, Judge, Verdict, offset_of

_NAMES = """
    FILE size_t ssize_t ptrdiff_t wchar_t time_t clock_t va_list fpos_t div_t ldiv_t bool
    int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t
"""
_TYPES = frozenset(_NAMES.split())
_PLACE = re.compile(r":(\d+):(\d+): ")


def parser_judge() -> Judge | None:
    """The Python package pycparser as a judge; None when it is not installed."""
    try:
        pycparser = importlib.import_module("pycparser")
    except ModuleNotFoundError:
        return None
    return Judge(f"pycparser {pycparser.__version__}", functools.partial(_verdicts, pycparser))


def _verdicts(pycparser: Any, texts: Sequence[str]) -> list[Verdict]:
    return [_verdict(pycparser, text) for text in texts]


def _verdict(pycparser: Any, text: str) -> Verdict:
    tokens = tokenize(text)
    if not tokens:
        return EMPTY
    try:
        pycparser.CParser().parse(_standard_types(tokens) + _preprocessed(text, tokens))
    except pycparser.c_parser.ParseError as error:
        return _rejected(text, str(error))
    except RecursionError:
        return Verdict(False, "nested too deeply", None, 1)
    return ACCEPTED


def _rejected(text: str, message: str) -> Verdict:
    place = _PLACE.search(message)
    at_end = len(text) if "end of input" in message else None
    offset = offset_of(text, int(place[1]), int(place[2])) if place else at_end
    return Verdict(False, _PLACE.sub("", message).lstrip(": "), offset, 1)


def _standard_types(tokens: list[Token]) -> str:
    """A line that declares those types of the standard headers that the text uses.

    The text may declare them too: C allows a second declaration of a type.
    """
    used = sorted({token.text for token in tokens} & _TYPES)
    return f"typedef int {', '.join(used)};\n#line 1\n" if used else ""


def _preprocessed(text: str, tokens: list[Token]) -> str:
    """The text with comments and directives blanked out; all other tokens keep their places."""
    blank = list(re.sub(r"\S", " ", text))
    for token in tokens:
        if token.kind != "directive":
            blank[token.start : token.stop] = token.text
    return "".join(blank)
