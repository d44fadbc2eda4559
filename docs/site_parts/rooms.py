"""Which names the reference documents, and where each of them is defined."""

import ast
import importlib
import importlib.util
import inspect
import types
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOMS = (
    "dl",
    "dl.models",
    "dl.layers",
    "dl.objectives",
    "dl.optimizers",
    "dl.data.augment",
    "dl.inspect",
    "dl.plots",
    "dl.assess",
    "dl.checks",
    "dl.search",
    "dl.lessons",
    "dl.lessons.backprop",
    "dl.ngram",
    "dl.sampling",
    "dl.c_programs",
    "dl.metrics",
    "dl.tables",
    "dl.types",
)
"""The pages of the reference, in reading order."""


class Entry(NamedTuple):
    """A public name of a room, and the module that defines it."""

    room: str
    name: str
    module: str

    @property
    def full_name(self) -> str:
        """The name by which it is used, such as dl.models.lenet."""
        return f"{self.room}.{self.name}"

    @property
    def value(self) -> Any:
        return getattr(importlib.import_module(self.room), self.name)

    @property
    def kind(self) -> str:
        """class, exception, function or data: also the end of the directive's name."""
        if inspect.isclass(self.value):
            return "exception" if issubclass(self.value, Exception) else "class"
        return "function" if inspect.isfunction(self.value) else "data"


@cache
def entries(room: str) -> tuple[Entry, ...]:
    """The public names of a room, without its modules, in the order of its list."""
    module, origins = importlib.import_module(room), _imports(room)
    names = getattr(module, "__all__", None) or _defined(room)
    values = {name: getattr(module, name) for name in names}
    return tuple(
        Entry(room, name, value.__module__ if _knows_home(value) else origins.get(name, room))
        for name, value in values.items()
        if not isinstance(value, types.ModuleType)
    )


def _knows_home(value: Any) -> bool:
    return inspect.isclass(value) or inspect.isfunction(value)


@cache
def documented() -> dict[tuple[str, str], Entry]:
    """(defining module, name) -> entry: each object once, in a room, or else in dl itself."""
    found: dict[tuple[str, str], Entry] = {}
    for room in (*ROOMS[1:], ROOMS[0]):
        for entry in entries(room):
            found.setdefault((entry.module, entry.name), entry)
    return found


def home(entry: Entry) -> Entry:
    """The entry under which the same object is documented."""
    return documented()[entry.module, entry.name]


@cache
def tree(module: str) -> ast.Module:
    """The parsed source of a module; of a room that loads its names late, its list."""
    spec = importlib.util.find_spec(module)
    assert spec
    assert spec.origin
    path = Path(spec.origin)
    listed = path.with_suffix(".pyi")
    return ast.parse((listed if listed.exists() else path).read_text(encoding="utf-8"))


def _imports(room: str) -> dict[str, str]:
    """Name -> module, of what the room imports from elsewhere in dl."""
    found = {}
    for node in tree(room).body:
        if isinstance(node, ast.ImportFrom):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), room)
            found |= {each.name: module for each in node.names if module.startswith("dl")}
    return found


def _defined(module: str) -> list[str]:
    """What a module without a list defines, or imports as the same name to hand it on."""
    names: list[str] = []
    for node in tree(module).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                names.append(name)
            case ast.ImportFrom(names=handed_on):
                names += [each.name for each in handed_on if each.name == each.asname]
    return [name for name in names if not name.startswith("_")]
