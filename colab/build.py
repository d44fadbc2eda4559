"""Write the notebooks from their text twins: `python colab/build.py`.

A notebook is made from its twin `NN_name.py` and from `opening.py`, which all share. The address of
the repository comes from pyproject.toml alone. README.md beside this file tells how to write a twin.
"""

import sys
import tomllib
from itertools import takewhile
from pathlib import Path
from typing import Any

import jupytext
import nbformat

COLAB = Path(__file__).resolve().parent
TWINS = sorted(COLAB.glob("[0-9][0-9]_*.py"))
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
SOLUTION = "### Solution"


def main() -> None:
    """Write every notebook whose text has changed."""
    for twin in TWINS:
        path, text = twin.with_suffix(".ipynb"), nbformat.writes(notebook(twin)) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}", file=sys.stderr)


def notebook(twin: Path) -> Any:
    """The notebook of a twin, without outputs: title with badge, opening, the rest of the twin."""
    title, *body = jupytext.read(twin, fmt="py:percent").cells
    heading, _, introduction = title.source.partition("\n")
    title.source = f"{heading}\n\n{_badge(twin.stem)}\n{introduction}"
    cells = [title, *_opening(title.metadata.pop("cpu_devices", 1)), *body]
    for number, cell in enumerate(cells):
        cell.id = f"{twin.stem[:2]}-{number:03}"
        cell.source = _with_address(cell.source)
    return nbformat.v4.new_notebook(cells=cells, metadata=_metadata(_hide_solutions(cells)))


def repository() -> str:
    """The address of the repository, without a slash at its end."""
    project = tomllib.loads((COLAB.parent / "pyproject.toml").read_text(encoding="utf-8"))
    return project["project"]["urls"]["Repository"].rstrip("/")


def _badge(stem: str) -> str:
    place = repository().removeprefix("https://github.com/")
    address = f"https://colab.research.google.com/github/{place}/blob/main/colab/{stem}.ipynb"
    return f"[![Open in Colab]({BADGE})]({address})"


def _with_address(source: str) -> str:
    """`source` with `repo:FILE` in links as the address of that file, and `git+repo:` for pip."""
    links = source.replace("](repo:", f"]({repository()}/blob/main/")
    return links.replace("git+repo:", f"git+{repository()}")


def _opening(cpu_devices: int) -> list[Any]:
    """The cells that all notebooks begin with; several CPU devices stand in for several chips."""
    cells = jupytext.read(COLAB / "opening.py", fmt="py:percent").cells
    if cpu_devices > 1:
        line = f'jax.config.update("jax_num_cpu_devices", {cpu_devices})  # where there is no TPU'
        cells[-1].source = cells[-1].source.replace("import jax\n", f"import jax\n\n{line}\n")
        which = f"take a CPU, which then acts as {cpu_devices} devices, or a TPU of several chips."
        cells[-2].source = cells[-2].source.replace("any of them will do.", which)
    return cells


def _hide_solutions(cells: list[Any]) -> list[str]:
    """Collapse the sections that hold solutions, as Jupyter stores it; their ids, for Colab."""
    headings = [cell for cell in cells if cell.source == SOLUTION]
    for cell in headings:
        cell.metadata |= {"id": cell.id, "jp-MarkdownHeadingCollapsed": True}
    return [cell.id for cell in headings]


def _metadata(collapsed: list[str]) -> dict[str, Any]:
    return {
        "colab": {"collapsed_sections": collapsed, "provenance": [], "toc_visible": True},
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


def solutions(cells: list[Any]) -> list[list[Any]]:
    """The cells below each heading of a solution, up to the next heading."""

    def is_below(cell: Any) -> bool:
        return cell.cell_type == "code" or not cell.source.startswith("#")

    starts = [number + 1 for number, cell in enumerate(cells) if cell.source == SOLUTION]
    return [list(takewhile(is_below, cells[start:])) for start in starts]


if __name__ == "__main__":
    main()
