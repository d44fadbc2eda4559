"""The directive `pictures`: the pictures of a table in docs/pictures/, drawn by the build.

Each is drawn twice, for light pages and for dark ones. The files are kept in the build folder and
drawn again when a file of dl/ or of docs/pictures/ has changed.
"""

import hashlib
import importlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jax
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import dl

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "pictures_drawn"
"""Where in docs/ the files lie; git ignores it."""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("pictures", Pictures)
    return {"parallel_read_safe": True}


class Pictures(SphinxDirective):
    """```{pictures} NAME``` draws the table `PICTURES` of docs/pictures/NAME.py."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        module = f"docs.pictures.{self.arguments[0]}"
        there = importlib.util.find_spec(module) is not None
        table = importlib.import_module(module).PICTURES if there else {}
        figures = [self.figure(name, picture) for name, picture in table.items()]
        return figures or [nodes.paragraph("", "There are no pictures here yet.")]

    def figure(self, name: str, picture: Any) -> nodes.Node:
        result = nodes.figure("", ids=[nodes.make_id(name)], classes=["picture"])
        for path, theme in zip(drawn(name, picture), THEMES, strict=True):
            place = "/" + str(path.relative_to(self.env.srcdir))
            image = nodes.image("", uri=place, alt=picture.caption, classes=[f"only-{theme}"])
            self.set_source_info(image)
            result += image
        result += nodes.caption("", picture.caption)
        return result


def drawn(name: str, picture: Any) -> list[Path]:
    """The files of one picture, by theme; drawn now unless they are there."""
    folder = ROOT / "docs" / FOLDER
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}-{theme}-{code_digest()}.png" for theme in THEMES]
    if not all(path.exists() for path in paths):
        compile_quickly(folder)
        for old in folder.glob(f"{name}-*"):
            old.unlink()
        for path, theme in zip(paths, THEMES, strict=True):
            with dl.plots.theme(theme):
                dl.plots.save(picture.draw(), path)
    return paths


@cache
def compile_quickly(folder: Path) -> None:
    """Programs that run twice, once for each theme, are worth compiling once, and not for long."""
    jax.config.update("jax_disable_most_optimizations", True)
    jax.config.update("jax_compilation_cache_dir", str(folder / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)


@cache
def code_digest() -> str:
    """Changes when anything changes that a picture could depend on."""
    files = [*(ROOT / "dl").rglob("*.py"), *(ROOT / "docs" / "pictures").glob("*.py")]
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()
