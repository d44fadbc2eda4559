"""HTML and SVG made of elements. All text that is not `Html` already is escaped."""

from collections.abc import Iterable
from typing import Any

from dl.screen import escaped_html

_WITHOUT_END = {"meta", "img", "br"}


class Html(str):
    """Text that is HTML already, and goes into a page as it is."""


def text(content: Any) -> Html:
    r"""`content` as HTML; what is no `Html` is escaped, and control characters are written out.

    >>> text("a < b"), text(Html("<b>a</b>")), text("\x00")
    ('a &lt; b', '<b>a</b>', '\\x00')
    """
    return content if isinstance(content, Html) else Html(escaped_html(str(content), keep="\n\t"))


def tag(name: str, /, *children: Any, **attributes: Any) -> Html:
    """The element `name` with its children, None for nothing.

    `class_` stands for class, and `_` for the hyphen in the name of an attribute. Attributes that
    are None or False are left out; True is one without a value.

    >>> tag("p", "1 < 2", tag("br"), class_="note", data_step=3, hidden=False)
    '<p class="note" data-step="3">1 &lt; 2<br></p>'
    """
    head = "".join([name, *(_attribute(*each) for each in attributes.items())])
    if name in _WITHOUT_END:
        return Html(f"<{head}>")
    return Html(f"<{head}>{join(children)}</{name}>")


def join(children: Iterable[Any]) -> Html:
    """Elements and texts one after the other; None is nothing."""
    return Html("".join(text(child) for child in children if child is not None))


def _attribute(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'
