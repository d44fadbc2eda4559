"""`list`: the experiments, by the kind of net, with what to expect and how long it takes."""

import re
import sys
from typing import Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog
from dl.cli.docstring import first_line, first_sentence, terminal_width, wrap
from dl.cli.header import can_dim

_KINDS = {
    "ABCD": "Neurons and multilayer perceptrons",
    "E": "Convolutional nets",
    "F": "Auto-encoders",
    "G": "Recurrent nets",
    "H": "Programs and counted n-grams",
    "": "Others",
}
"""Headings, by the lecture that an experiment names first."""


def list_experiments(*, catalog: Annotated[Catalog, Parameter(parse=False)]) -> None:
    """List the experiments by kind, with the figure that each is to reach and its time."""
    documented = {name: catalog.docstring(name) for name in catalog.names()}
    width = terminal_width() - 1 if sys.stdout.isatty() else 10_000
    bold, plain = ("\x1b[1m", "\x1b[0m") if can_dim(sys.stdout) else ("", "")
    for number, (heading, names) in enumerate(_by_kind(documented).items()):
        print(f"{chr(10) if number else ''}{bold}{heading}{plain}")
        for name in names:
            entry = _entry(name, documented[name], width)
            print(f"{bold}{name}{plain}{entry.removeprefix(name)}")


def _by_kind(documented: dict[str, str]) -> dict[str, list[str]]:
    """Names by the heading that they stand under, in the order of the headings."""
    sections: dict[str, list[str]] = {heading: [] for heading in _KINDS.values()}
    for name, docstring in documented.items():
        sections[_KINDS[_letters(docstring)]].append(name)
    return {heading: names for heading, names in sections.items() if names}


def _letters(docstring: str) -> str:
    """The key of `_KINDS` for an experiment.

    >>> _letters("A net.\\n\\nLecture: D6, E8."), _letters("A net.")
    ('ABCD', '')
    """
    lecture = re.search(r"^Lecture: ([A-Z])\d", docstring, re.MULTILINE)
    known = [letters for letters in _KINDS if lecture and lecture[1] in letters]
    return known[0] if known else ""


def _entry(name: str, docstring: str, width: int) -> str:
    """One experiment: its name with what it is, and below that its time and its figure."""
    fields = [first_sentence(docstring, label) for label in ("Time:", "Expected:")]
    lines = [wrap(f"{name}  {first_line(docstring)}", width, hanging="    ")]
    lines += [wrap(field, width, indent="    ", hanging="    ") for field in fields if field]
    return "\n".join(lines)
