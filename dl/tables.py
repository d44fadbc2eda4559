"""Tables of words and numbers: for a terminal, in Markdown, CSV and JSON."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dl.errors import InputError
from dl.screen import escaped_html

Cell: TypeAlias = str | int | float | tuple[int, ...] | None
"""A word, a number, a shape, or None for a value that does not exist."""
Format: TypeAlias = str | Callable[..., str]
"""A format specification such as ",", ".3f" or ".1%", or a function from a cell to its text."""


@dataclass(frozen=True)
class Table:
    """Rows of plain values under named columns, and how people are shown them.

    `columns` are the names in CSV and JSON; text and Markdown show `headings` in their place, where
    there are any. `formats` say by name how a column's cells are written for people; CSV and JSON
    have the values themselves. `missing` stands for None; `title` stands above text and Markdown.

    >>> table = Table(
    ...     ("layer", "parameters", "share"),
    ...     (("conv1", 520, 0.125), ("output", 12_000, None)),
    ...     formats={"parameters": ",", "share": ".1%"},
    ... )
    >>> print(table.text())
    layer   parameters   share
    conv1          520  12.5 %
    output      12,000       –

    Raises:
        InputError: when a row has more or fewer cells than there are columns.
    """

    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    formats: Mapping[str, Format] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    missing: str = "–"
    title: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                wanted = f"{len(self.columns)} columns ({', '.join(self.columns)})"
                raise InputError(f"a table of {wanted} has no place for the row {row}")

    def text(self) -> str:
        """Aligned columns for a terminal: the first to the left, the others to the right.

        >>> print(Table(("layer", "n"), (("conv1", 9), ("output", 10)), title="a net").text())
        a net
        layer    n
        conv1    9
        output  10
        """
        head, *rows = self.lines()
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = [_aligned(row, widths).rstrip() for row in (head, *rows)]
        return "\n".join([self.title, *lines] if self.title else lines)

    def markdown(self) -> str:
        """A table for a page in Markdown, in which a bar inside a cell is escaped.

        >>> print(Table(("layer", "|n|"), (("conv1", 9),)).markdown())
        | layer | \\|n\\| |
        | :-- | --: |
        | conv1 | 9 |
        """
        head, *rows = ([cell.replace("|", r"\|") for cell in line] for line in self.lines())
        rule = [":--", *["--:"] * (len(head) - 1)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *rows))
        return f"{self.title}\n\n{table}" if self.title else table

    def csv(self) -> str:
        """Comma-separated values, the names of the columns first; None is an empty cell.

        >>> print(Table(("layer", "shape", "loss"), (("conv1", (5, 5, 1), None),)).csv())
        layer,shape,loss
        conv1,5×5×1,
        """
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([times(cell) if isinstance(cell, tuple) else cell for cell in row])
        return file.getvalue().removesuffix("\n")

    def json(self) -> str:
        """A list with one object per row, by the names of the columns; None is null.

        >>> print(Table(("layer", "loss"), (("conv1", None),)).json())
        [
          {
            "layer": "conv1",
            "loss": null
          }
        ]
        """
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return json.dumps(rows, indent=2)

    def html(self, *, aligned: bool = True) -> str:
        """A table for a notebook or a page, in which every cell is escaped.

        Cells are `aligned` as in `text`; a page with a style sheet of its own does that itself.

        >>> table = Table(("layer", "n"), (("<b>", 9),))
        >>> table.html().split("<tbody>")[1][:40]
        '<tr><th scope="row" style="text-align:le'
        >>> table.html(aligned=False).split("<tbody>")[1]
        '<tr><th scope="row">&lt;b&gt;</th><td>9</td></tr></tbody></table>'
        """
        sides = ("left", "right") if aligned else ("", "")
        head, *rows = self.lines()
        title = f"<caption>{escaped_html(self.title)}</caption>" if self.title else ""
        columns = "".join(
            _cell("th", cell, sides[place > 0], "col") for place, cell in enumerate(head)
        )
        body = "".join(f"<tr>{_row(row, sides)}</tr>" for row in rows)
        return f"<table>{title}<thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"

    def _repr_html_(self) -> str:
        return self.html()

    def lines(self) -> list[list[str]]:
        """The headings and the cells as people are shown them."""
        head = [self.headings.get(name, name) for name in self.columns]
        rows = [
            [self._shown(name, cell) for name, cell in zip(self.columns, row, strict=True)]
            for row in self.rows
        ]
        return [head, *rows]

    def _shown(self, column: str, cell: Cell) -> str:
        if cell is None:
            return self.missing
        return _formatted(cell, self.formats.get(column, ""))


def times(sides: Sequence[int]) -> str:
    """A shape for people.

    >>> times((28, 28, 1))
    '28×28×1'
    """
    return "×".join(map(str, sides))


def _formatted(cell: Cell, form: Format) -> str:
    """A cell as text; words are never formatted, and a percent sign has a space before it.

    >>> _formatted(0.5, ".0%"), _formatted((5, 3), ""), _formatted("all", ".0%")
    ('50 %', '5×3', 'all')
    """
    if callable(form):
        return form(cell)
    if isinstance(cell, str):
        return cell
    if isinstance(cell, tuple):
        return times(cell)
    return format(cell, form).replace("%", " %")


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def _row(cells: Sequence[str], sides: tuple[str, str]) -> str:
    first, *others = cells
    return _cell("th", first, sides[0], "row") + "".join(
        _cell("td", cell, sides[1]) for cell in others
    )


def _cell(tag: str, text: str, side: str, scope: str = "") -> str:
    """A cell in HTML, aligned to a `side` if one is given; `scope` is that of a heading."""
    head = f' scope="{scope}"' if scope else ""
    style = f' style="text-align:{side}"' if side else ""
    return f"<{tag}{head}{style}>{escaped_html(text)}</{tag}>"
