"""The pages of the reference: one for each room, written before Sphinx reads its sources."""

import ast
import importlib
import inspect
from itertools import takewhile
from pathlib import Path
from typing import Any

from sphinx.pycode import ModuleAnalyzer

from docs.site_parts.docstrings import as_rst
from docs.site_parts.rooms import ROOMS, Entry, entries, home, tree

FOLDER = "api"
"""Where in docs/ the pages are written; git ignores it."""


def setup(app: Any) -> dict[str, bool]:
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-skip-member", skip_member)
    return {"parallel_read_safe": True}


def write_pages(app: Any) -> None:
    """Write a page for each room; one that says the same already is left as it is."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    pages = {room: page(room) for room in ROOMS} | {"index": index()}
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for old in folder.glob("*.rst"):
        if old.stem not in pages:
            old.unlink()


def index() -> str:
    """The page that lists the rooms, with the first line of each."""
    modules = {room: inspect.getdoc(importlib.import_module(room)) or "" for room in ROOMS}
    rows = [f":doc:`{room}`\n   {first_line(doc.splitlines())}" for room, doc in modules.items()]
    hidden = ["", ".. toctree::", "   :hidden:", "", *(f"   {room}" for room in ROOMS)]
    return "\n".join([*heading("Reference"), *rows, *hidden, ""])


def page(room: str) -> str:
    """The page of one room: what it is for, its names in a list, then each of them."""
    module = importlib.import_module(room)
    text = as_rst((inspect.getdoc(module) or "").splitlines())
    names = [f"- {link(entry)}: {first_line(documentation(entry))}" for entry in entries(room)]
    parts = [block for entry in entries(room) if home(entry) == entry for block in described(entry)]
    return "\n".join([*heading(room), f".. module:: {room}", "", *text, "", *names, "", *parts])


def heading(title: str) -> list[str]:
    return [title, "=" * len(title), ""]


def link(entry: Entry) -> str:
    return f":py:obj:`{entry.name} <{home(entry).full_name}>`"


def documentation(entry: Entry) -> list[str]:
    """The lines of an object's docstring; of a constant, those that stand below it."""
    if entry.kind != "data":
        return (inspect.getdoc(entry.value) or "").splitlines()
    docs = ModuleAnalyzer.for_module(entry.module).find_attr_docs()
    return docs.get(("", entry.name), []) or [f"`{definition(entry)}`"]


def definition(entry: Entry) -> str:
    """The right-hand side of the assignment that defines a constant."""
    for node in tree(entry.module).body:
        if isinstance(node, ast.AnnAssign | ast.Assign) and node.value:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and target.id == entry.name:
                return ast.unparse(node.value)
    return ""


def first_line(doc: list[str]) -> str:
    """The first paragraph of a docstring in one line."""
    return " ".join(takewhile(str.strip, as_rst(doc)))


def described(entry: Entry) -> list[str]:
    """The directive that documents an entry in full."""
    if entry.kind == "data":
        return constant(entry)
    lines = [f".. auto{entry.kind}:: {entry.full_name}"]
    if entry.kind == "class":
        lines.append("   :members:")
        if all(each.__module__.startswith("dl") for each in entry.value.__mro__[:-1]):
            lines.append("   :inherited-members:")
    return [*lines, ""]


def constant(entry: Entry) -> list[str]:
    """A constant or a name for a type: what its module says below it."""
    text = as_rst(documentation(entry))
    return [f".. py:data:: {entry.full_name}", "", *(f"   {line}" for line in text), ""]


def skip_member(app: Any, what: str, name: str, value: Any, skip: bool, options: Any) -> Any:
    """Leave out what others wrote: of a tuple's field, or of a function that is a default."""
    theirs = not (getattr(value, "__module__", None) or "dl").startswith(("dl", "builtins"))
    unnamed = (getattr(value, "__doc__", None) or "").startswith("Alias for field")
    return True if theirs or unnamed else None
