"""`list`: the experiments by lecture, with what to expect and how long it takes."""

import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from dl.cli.catalog import Catalog
from dl.cli.docstring import terminal_width, wrap
from dl.cli.header import can_dim
from dl.cli.outcome import print_json
from dl.cli.summary import Summary, summarise

HEADINGS = {
    "A": "A. Neurons and single layers",
    "B": "B. Losses and objectives",
    "C": "C. Back-propagation",
    "D": "D. Optimisation, initialisation, tuning",
    "E": "E. Images",
    "F": "F. Unsupervised learning",
    "G": "G. Sequences",
    "H": "H. Systems",
    "": "Others",
}
"""The lectures, by the letter of an experiment's first point."""


def list_experiments(
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """List the experiments by lecture, with the figure that each is to reach and its time.

    Parameters
    ----------
    json
        For programs: a list of objects with name, title, lecture (the ids of its points), expected,
        time and command.
    """
    summaries = [summarise(name, catalog.docstring(name)) for name in catalog.names()]
    if json:
        print_json([asdict(each) for each in summaries], indent=2)
        return
    width = terminal_width() - 1 if sys.stdout.isatty() else 10_000
    bold, plain = ("\x1b[1m", "\x1b[0m") if can_dim(sys.stdout) else ("", "")
    for number, (heading, those) in enumerate(by_lecture(summaries).items()):
        print(f"{chr(10) if number else ''}{bold}{heading}{plain}")
        for each in those:
            print(f"{bold}{each.name}{plain}{_entry(each, width).removeprefix(each.name)}")


def by_lecture(summaries: Iterable[Summary]) -> dict[str, list[Summary]]:
    """The experiments by the heading that they stand under, in the order of the lectures."""
    sections: dict[str, list[Summary]] = {heading: [] for heading in HEADINGS.values()}
    for each in summaries:
        sections[HEADINGS[each.letter]].append(each)
    return {heading: those for heading, those in sections.items() if those}


def _entry(each: Summary, width: int) -> str:
    """One experiment: its name with what it is, and below that its time and its figure."""
    points = f" ({', '.join(each.lecture)})" if each.lecture else ""
    lines = [wrap(f"{each.name}  {each.title.removesuffix('.')}{points}", width, hanging="    ")]
    for label, text in (("Time", each.time), ("Expected", each.expected)):
        if text:
            lines.append(wrap(f"{label}: {text}", width, indent="    ", hanging="    "))
    return "\n".join(lines)
