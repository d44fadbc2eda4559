"""Docstrings are plain text with `code` and doctests; Sphinx reads reStructuredText."""

import re
from collections.abc import Iterable
from typing import Any

from sphinx.ext.napoleon import Config, GoogleDocstring

_CODE = re.compile(r"(`+)(.+?)\1")
_SETTINGS = Config(napoleon_numpy_docstring=False, napoleon_use_rtype=False)


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", translate)
    return {"parallel_read_safe": True}


def translate(app: Any, what: Any, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """What autodoc calls for each docstring; those of fields have no sections to look for."""
    lines[:] = as_rst(lines)
    if what not in ("attribute", "property", "data"):
        lines[:] = GoogleDocstring(lines, _SETTINGS, what=what).lines()


def as_rst(lines: Iterable[str]) -> list[str]:
    """The same text, in which nothing but `code`, lists and doctests has a meaning.

    >>> as_rst(["See `fit`: Σ|w| and *args."])
    ['See ``fit``: Σ\\\\|w\\\\| and \\\\*args.']
    """
    result: list[str] = []
    in_doctest = False
    for line in _whole_spans(lines):
        starts = line.lstrip().startswith(">>> ")
        if starts and not in_doctest and result and result[-1].strip():
            result.append("")
        in_doctest = (in_doctest and bool(line.strip())) or starts
        result.append(line if in_doctest else _line(line))
    return result


def _whole_spans(lines: Iterable[str]) -> list[str]:
    """Lines, where one that ends within `code` is joined with the next."""
    joined: list[str] = []
    for line in lines:
        if joined and joined[-1].count("`") % 2 and ">>>" not in joined[-1]:
            joined[-1] += " " + line.lstrip()
        else:
            joined.append(line)
    return joined


def _line(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    parts, end = [], len(indent)
    for match in _CODE.finditer(line):
        parts += [_escaped(line[end : match.start()]), _code(line, match)]
        end = match.end()
    return indent + "".join([*parts, _escaped(line[end:])])


def _code(line: str, match: re.Match[str]) -> str:
    before, after = line[: match.start()][-1:], line[match.end() :][:1]
    apart = r"\ "  # code that touches a word would not be seen as code
    left, right = (apart if beside.isalnum() else "" for beside in (before, after))
    return f"{left}``{match[2]}``{right}"


def _escaped(text: str) -> str:
    bullet = re.match(r"[*-] ", text)
    kept, rest = (bullet[0], text[bullet.end() :]) if bullet else ("", text)
    return kept + re.sub(r"([*|\\]|_(?!\w))", r"\\\1", rest)
