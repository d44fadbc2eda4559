"""Sphinx calls the page that searches the site search.html, and this site has a search.md."""

from typing import Any

from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.domains.std import StandardDomain

SEARCH = "find"
"""The name of the page that searches the site; templates/sidebar/search.html leads to it."""


class Builder(StandaloneHTMLBuilder):
    """Writes HTML, the page that searches under another name."""

    name = "html"

    def handle_page(self, pagename: str, *arguments: Any, **options: Any) -> None:
        template = options.get("templatename") or (arguments[1] if len(arguments) > 1 else "")
        name = SEARCH if template == "search.html" else pagename
        super().handle_page(name, *arguments, **options)


def setup(app: Any) -> dict[str, bool]:
    app.add_builder(Builder, override=True)
    StandardDomain._virtual_doc_names.pop("search", None)
    return {"parallel_read_safe": True}
