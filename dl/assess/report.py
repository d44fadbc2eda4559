"""What all reports have in common, and the four forms in which they are written."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any, Literal, Protocol

from dl.tables import Table

Form = Literal["text", "markdown", "csv", "json"]
"""The forms of a report in files and on a terminal; notebooks show `report_html`."""


class Report(Protocol):
    """How good the predictions for some examples are."""

    @property
    def title(self) -> str:
        """What was looked at, in a line."""
        ...

    def figures(self) -> dict[str, float]:
        """The figures of all examples together, by name; nan where there is none."""
        ...

    def table(self) -> Table:
        """One row for each class, output or symbol; none is left out."""
        ...

    def tables(self) -> Sequence[Table]:
        """The tables that people are shown; long ones are cut."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain values for JSON; None where a figure does not exist."""
        ...


def write_report(report: Report, form: Form = "text") -> str:
    """The report as text, as Markdown, as JSON in one line, or its table as CSV."""
    if form == "csv":
        return report.table().csv()
    if form == "json":
        return json.dumps(report.to_dict(), ensure_ascii=False)
    tables = [figures_table(report.figures()), *report.tables()]
    return "\n\n".join([report.title, *(getattr(table, form)() for table in tables)])


def report_html(report: Report) -> str:
    """The report for a notebook: its figures, and each table below, closed until it is opened."""
    tables = [
        f"<details><summary>{escape(table.title or ', '.join(table.columns))}</summary>"
        f"{replace(table, title='').html()}</details>"
        for table in report.tables()
    ]
    figures = figures_table(report.figures()).html()
    return f"<div><b>{escape(report.title)}</b>{figures}{''.join(tables)}</div>"


def figures_table(figures: Mapping[str, float]) -> Table:
    """Names and values, one row each.

    >>> print(figures_table({"accuracy": 0.5, "mse": 0.0000123}).text())
    figure        value
    accuracy     0.5000
    mse       1.230e-05
    """
    return Table(
        ("figure", "value"),
        [(name, defined(value)) for name, value in figures.items()],
        formats={"value": _figure},
    )


def _figure(value: float) -> str:
    """Four decimals, or four digits of a figure so small that its decimals would say little."""
    return f"{value:.3e}" if 0 < abs(value) < 1e-3 else f"{value:.4f}"


def defined(value: Any) -> float | None:
    """A number, or None for nan, which tables show as a dash and JSON as null.

    >>> defined(0.5), defined(float("nan"))
    (0.5, None)
    """
    return None if math.isnan(value) else float(value)


def plain_figures(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Figures with None for nan; names have `_` between their words.

    >>> plain_figures({"top-5 accuracy": 0.5})
    {'top_5_accuracy': 0.5}
    """
    return {
        name.replace(" ", "_").replace("-", "_").lower(): defined(value)
        for name, value in figures.items()
    }


def rows_of(table: Table) -> list[dict[str, Any]]:
    """The rows of a table by the names of its columns."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def heading(title: str, examples: int, what: str = "examples") -> str:
    """What was looked at, and how many.

    >>> heading("digits, test", 1200)
    'digits, test: 1,200 examples'
    """
    return f"{title}: {examples:,} {what}" if title else f"{examples:,} {what}"
