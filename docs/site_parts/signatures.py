"""Signatures as they stand in the code, and where the types in them are described."""

import ast
import builtins
import dataclasses
import importlib
import inspect
import pkgutil
import sys
import textwrap
from functools import cache
from typing import Any

from sphinx.util.nodes import make_refnode

from docs.site_parts.rooms import documented


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-signature", as_written)
    app.connect("missing-reference", find_type)
    return {"parallel_read_safe": True}


def as_written(
    app: Any, what: str, name: str, value: Any, options: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    """The parameters of a function with the names of types that its author chose.

    Of a class, the names of its fields and their defaults: the types stand beside each field.
    """
    if what == "class" and signature:
        return _fields(value), ""
    if what not in ("function", "method"):
        return None
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(value)))
        (node,) = ast.parse(source).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    if not isinstance(node, ast.FunctionDef):
        return None
    if what == "method" and node.args.args:
        node.args.args.pop(0)
    names = vars(sys.modules[value.__module__])
    for part in ast.walk(node):
        for field in ("annotation", "returns"):
            if isinstance(kind := getattr(part, field, None), ast.expr):
                setattr(part, field, _Types(names).visit(kind))
    return f"({ast.unparse(node.args)})", ast.unparse(node.returns) if node.returns else ""


class _Types(ast.NodeTransformer):
    """Types written as text become code, and those of the reference get their full name."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str):
            return node
        return self.visit(ast.parse(node.value, mode="eval").body)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return node if ast.unparse(node.value) == "Literal" else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        called_so = [entry for entry in documented().values() if entry.name == node.id]
        value = self.names.get(node.id)
        same = [entry.full_name for entry in called_so if entry.value is value]
        if not called_so:
            return node
        if value is None and len(called_so) == 1:  # imported for type checkers alone
            same = [called_so[0].full_name]
        # A name of the module's own must not be taken for one of the reference.
        own = f"{self.names['__name__']}.{node.id}"
        return ast.parse(same[0] if same else own, mode="eval").body


def _fields(value: type) -> str:
    if not (dataclasses.is_dataclass(value) or hasattr(value, "_fields")):
        return ""
    parameters = inspect.signature(value).parameters.values()
    if len(parameters) > 12:  # they are described one by one below
        return "(...)"
    plain = [one.replace(annotation=inspect.Parameter.empty) for one in parameters]
    return str(inspect.Signature(plain))


def find_type(app: Any, env: Any, node: Any, content: Any) -> Any:
    """The page that describes a type; one of another project, or of the inside of dl, has none."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    name = _public(target)
    objects = env.get_domain("py").objects
    if name in objects:
        entry = objects[name]
        return make_refnode(app.builder, node["refdoc"], entry.docname, entry.node_id, content)
    return content if node["reftype"] != "obj" and _exists(target) else None


@cache
def _short_names() -> dict[str, str]:
    """Name, and defining module with name -> the name on the site, where there is one alone."""
    found: dict[str, str] = {}
    for (module, name), entry in reversed(documented().items()):
        found[f"{module}.{name}"] = found[name] = entry.full_name
    return found


def _public(target: str) -> str:
    return _short_names().get(target, target)


@cache
def _names_in_code() -> set[str]:
    """The names that signatures may use: what the modules of the reference define or import."""
    names = {*vars(builtins)}
    for module in {module for module, _ in documented()}:
        source = inspect.getsource(importlib.import_module(module))
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Import() | ast.ImportFrom():
                    names |= {each.asname or each.name for each in node.names}
                case ast.ClassDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
                    names.add(name)
    return names


def _exists(target: str) -> bool:
    if target.split(".")[0] in _names_in_code():
        return True
    try:
        return pkgutil.resolve_name(target) is not None
    except (ImportError, AttributeError, ValueError):
        return False
