"""The shape of the code base: which way imports point, who may know what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*(ROOT / "dl").rglob("*.py"), *(ROOT / "experiments").rglob("*.py")])

# A package may import those before it and those on its own line.
ORDER = [
    {"errors", "types", "ranges", "tables", "jaxprs"},
    {"layers", "metrics", "data", "optimizers"},
    {"models", "objectives", "ngram", "c_programs"},
    {"train", "sampling"},
    {"inspect", "lessons"},
    {"runs"},
    {"reports"},
    {"cli"},
    {"experiments"},
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
PURE = {"layers", "models", "ngram", "metrics", "optimizers", "objectives", "experiments"}
HEAVY = {"tensorflow_datasets", "sklearn", "matplotlib", "orbax", "grain", "PIL", "tqdm"}
NOWHERE = {"tensorflow", "torch", "chex", "clu", "ml_collections", "absl", "pickle"}


def imports(path: Path, *, top_level: bool) -> Iterator[str]:
    """Full names of the modules that a file imports: at its top level only, or anywhere at run
    time.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = (
        tree.body if top_level else [node for node in ast.walk(tree) if not is_typing_block(node)]
    )
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def is_typing_block(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def room(module: str) -> str | None:
    """The part of the project that a module lies in; None for the public surface and for other
    projects.
    """
    parts = module.split(".")
    if parts[0] == "experiments":
        return "experiments"
    return parts[1] if parts[0] == "dl" and len(parts) > 1 else None


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    own = room(name_of(path))
    if own is None or path.name == "__main__.py":
        return
    for module in imports(path, top_level=False):
        other = room(module)
        if other is not None and other != own:
            assert RANK[other] < RANK[own] or (RANK[other] == RANK[own] and own != other), (
                f"{own} imports {module}"
            )


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_heavy_libraries_are_imported_where_they_are_needed(path: Path) -> None:
    roots = {module.split(".")[0] for module in imports(path, top_level=True)}
    assert not roots & HEAVY
    anywhere = {module.split(".")[0] for module in imports(path, top_level=False)}
    assert not anywhere & NOWHERE


def test_c_programs_need_no_jax() -> None:
    code = "import sys; from dl.c_programs import *; print({'jax', 'flax'} & {*sys.modules})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert told.stdout.strip() == "set()", told.stderr


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_linen_is_known_in_layers_and_models_alone(path: Path) -> None:
    if room(name_of(path)) not in ("layers", "models"):
        assert "flax" not in {module.split(".")[0] for module in imports(path, top_level=False)}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_pure_rooms_never_jit(path: Path) -> None:
    pure = room(name_of(path)) in PURE
    if pure or name_of(path) == "dl.train.step":
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
        assert not called & {
            "jax.jit",
            "jit",
            "jax.pmap",
            "pmap",
            "open",
            "time.time",
            "time.perf_counter",
        }


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_are_short_enough_to_be_read(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 300
