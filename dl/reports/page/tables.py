"""Tables as HTML: a caption, headings, and the first cell of a row as the row's heading."""

from collections.abc import Sequence
from typing import Any

from dl.reports.page.html import Html, tag
from dl.tables import Table


def html_table(table: Table) -> Html:
    """A `Table` in a box that scrolls sideways where the page is narrower.

    >>> html_table(Table(("layer", "n"), (("conv1", 9),), title="a net"))
    '...<tbody><tr><th scope="row">conv1</th><td>9</td></tr></tbody></table></div>'
    """
    head, *rows = table.lines()
    return scrolling(
        tag(
            "table",
            tag("caption", table.title) if table.title else None,
            tag("thead", tag("tr", *(tag("th", name, scope="col") for name in head))),
            tag("tbody", *map(_row, rows)),
        ),
        name=table.title or ", ".join(table.columns),
    )


def scrolling(*content: Any, name: str, tall: bool = False) -> Html:
    """A box of its own for what may be wider than the page; a keyboard can scroll it too."""
    class_ = "scroll tall" if tall else "scroll"
    return tag("div", *content, class_=class_, role="region", aria_label=name, tabindex=0)


def pairs(rows: Sequence[tuple[str, Any]]) -> Html:
    """Names with what they stand for, such as the versions of packages."""
    entries = (tag("div", tag("dt", name), tag("dd", value)) for name, value in rows)
    return tag("dl", *entries, class_="pairs")


def _row(cells: Sequence[str]) -> Html:
    first, *others = cells
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in others))
