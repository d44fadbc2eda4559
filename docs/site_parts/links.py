"""A link from a page to a file of code leads to a page that shows the file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).resolve().parents[2]


def setup(app: Any) -> dict[str, bool]:
    app.connect("doctree-resolved", show_files)
    app.connect("html-collect-pages", file_pages)
    return {"parallel_read_safe": True}


def show_files(app: Any, doctree: nodes.document, page: str) -> None:
    """Turn downloads of Python files into links to their pages."""
    for download in list(doctree.findall(addnodes.download_reference)):
        path = Path(app.srcdir) / app.env.relfn2path(download["reftarget"], page)[0]
        path = path.resolve().relative_to(ROOT)
        if path.suffix != ".py":
            continue
        target = f"code/{path.with_suffix('')}"
        _shown(app)[target] = path
        address = app.builder.get_relative_uri(page, target)
        download.replace_self(
            nodes.reference("", "", *download.children, refuri=address, internal=True)
        )


def file_pages(app: Any) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each file that some page links to."""
    for target, path in sorted(_shown(app).items()):
        text = (ROOT / path).read_text(encoding="utf-8")
        body = f"<h1>{path}</h1>{app.builder.highlighter.highlight_block(text, 'python')}"
        yield target, {"title": str(path), "body": body}, "page.html"


def _shown(app: Any) -> dict[str, Path]:
    """Page -> file, of all that pages link to."""
    if not hasattr(app.env, "dl_shown_files"):
        app.env.dl_shown_files = {}
    return app.env.dl_shown_files
