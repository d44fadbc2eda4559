"""The shape of the code base: which way imports point, who may know what."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*(ROOT / "dl").rglob("*.py"), *(ROOT / "experiments").rglob("*.py")])

# A package may import those before it and those on its own line.
ORDER = [
    {"errors", "screen", "types", "ranges", "tables", "jaxprs", "promotion"},
    {"layers", "metrics", "assess", "games", "data", "optimizers"},
    {"models", "objectives", "ngram", "alignment", "hmm", "c_programs"},
    {"train", "sampling", "decoding"},
    {"inspect", "lessons", "search"},
    {"runs"},
    {"reports", "plots", "checks", "exports"},
    {"cli"},
    {"experiments"},
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
PURE = {
    "layers",
    "models",
    "ngram",
    "alignment",
    "metrics",
    "assess",
    "optimizers",
    "objectives",
    "experiments",
}
HEAVY = {
    "tensorflow_datasets",
    "sklearn",
    "matplotlib",
    "orbax",
    "grain",
    "PIL",
    "tqdm",
    "optuna",
    "IPython",
    "tensorboardX",
    "wandb",
    "playwright",
    "sacrebleu",
    "soundfile",
    "hmmlearn",
    "sentencepiece",
    "pgx",
    "mctx",
    "implicit",
    "surprise",
    "safetensors",
    "flatbuffers",
    "jax2onnx",
    "onnxruntime",
}
NOWHERE = {"tensorflow", "torch", "chex", "clu", "ml_collections", "absl", "pickle"}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, *, top_level: bool) -> Iterator[str]:
    """Full names of the modules that a file imports, at its top level or anywhere."""
    tree = parsed(path)
    nodes = (
        tree.body if top_level else [node for node in ast.walk(tree) if not is_typing_block(node)]
    )
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def roots(path: Path, *, top_level: bool) -> set[str]:
    """The projects that a file imports."""
    return {module.split(".")[0] for module in imports(path, top_level=top_level)}


def is_typing_block(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def room(module: str) -> str | None:
    """The room of the project that a module lies in; None for the surface and other projects."""
    parts = module.split(".")
    if parts[0] == "experiments":
        return "experiments"
    return parts[1] if parts[0] == "dl" and len(parts) > 1 else None


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_imports_point_one_way() -> None:
    wrong = []
    for path in FILES:
        own = room(name_of(path))
        if own is None or path.name == "__main__.py":
            continue
        for module in imports(path, top_level=False):
            other = room(module)
            if other not in (None, own) and RANK[other] > RANK[own]:
                wrong.append(f"{name_of(path)} imports {module}")
    assert not wrong


def test_no_two_files_import_each_other() -> None:
    """Neither directly nor in a circle, wherever in the file the import stands."""
    files = {name_of(path): path for path in FILES}
    arrows = {
        name: {module for module in imports(path, top_level=False) if module in files}
        for name, path in files.items()
    }
    while leaves := [name for name, targets in arrows.items() if not targets & arrows.keys()]:
        for name in leaves:
            del arrows[name]
    assert not {name: targets & arrows.keys() for name, targets in arrows.items()}


def test_heavy_libraries_are_imported_where_they_are_needed() -> None:
    wrong = []
    for path in FILES:
        at_top, anywhere = roots(path, top_level=True), roots(path, top_level=False)
        wrong += [f"{name_of(path)}: {name}" for name in (at_top & HEAVY) | (anywhere & NOWHERE)]
    assert not wrong


def test_c_programs_need_no_jax() -> None:
    code = "import sys; from dl.c_programs import *; print({'jax', 'flax'} & {*sys.modules})"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert told.stdout.strip() == "set()", told.stderr


def test_linen_is_known_in_layers_and_models_alone() -> None:
    others = [path for path in FILES if room(name_of(path)) not in ("layers", "models")]
    assert not [name_of(path) for path in others if "flax" in roots(path, top_level=False)]


IMPURE = {"jax.jit", "jit", "jax.pmap", "pmap", "open", "time.time", "time.perf_counter"}


def test_pure_rooms_never_jit() -> None:
    wrong = []
    for path in FILES:
        if room(name_of(path)) in PURE or name_of(path) == "dl.train.step":
            calls = (node for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))
            called = {ast.unparse(node.func) for node in calls}
            wrong += [f"{name_of(path)} calls {name}" for name in called & IMPURE]
    assert not wrong


def test_files_are_short_enough_to_be_read() -> None:
    lengths = {name_of(path): path.read_text(encoding="utf-8").count("\n") for path in FILES}
    assert not {name: lines for name, lines in lengths.items() if lines > 300}
