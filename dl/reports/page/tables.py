"""Tables and pairs of the page, in boxes that scroll where the page is narrower."""

from collections.abc import Sequence
from typing import Any

from dl.reports.page.html import Html, tag
from dl.tables import Table


def html_table(table: Table) -> Html:
    """A `Table` in a box that scrolls sideways where the page is narrower.

    >>> html_table(Table(("layer", "n"), (("conv1", 9),), title="a net"))
    '...<tbody><tr><th scope="row">conv1</th><td>9</td></tr></tbody></table></div>'
    """
    name = table.title or ", ".join(table.columns)
    return scrolling(Html(table.html(aligned=False)), name=name)


def scrolling(*content: Any, name: str, tall: bool = False) -> Html:
    """A box of its own for what may be wider than the page; a keyboard can scroll it too."""
    class_ = "scroll tall" if tall else "scroll"
    return tag("div", *content, class_=class_, role="region", aria_label=name, tabindex=0)


def pairs(rows: Sequence[tuple[str, Any]]) -> Html:
    """Names with what they stand for, such as the versions of packages."""
    entries = (tag("div", tag("dt", name), tag("dd", value)) for name, value in rows)
    return tag("dl", *entries, class_="pairs")
