"""Notebooks: equal to their text twins, without outputs, without models of their own, and running
to the end.
"""

import asyncio
import base64
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

_REASON = "notebooks need the `notebooks` extra"
jupytext = pytest.importorskip("jupytext", reason=_REASON)
nbformat = pytest.importorskip("nbformat", reason=_REASON)
nbclient = pytest.importorskip("nbclient", reason=_REASON)
pytest.importorskip("ipykernel", reason=_REASON)

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "colab").glob("*.ipynb"))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def execute(path: Path, folder: Path) -> Any:
    """The notebook with its outputs, run in `folder` by this interpreter on a CPU, whatever kernels
    are installed.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    spec = folder / "kernels" / "tested"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "tested", "language": "python"})
    )
    specs = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
    manager = AsyncKernelManager(
        kernel_name="tested",
        kernel_spec_manager=specs,
        connection_file=str(folder / "connection.json"),
    )
    python_path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {
        **os.environ,
        "PYTHONPATH": python_path,
        "JAX_PLATFORMS": "cpu",
        "IPYTHONDIR": str(folder),
    }
    environment.pop("MPLBACKEND", None)  # pictures are to be drawn into the notebook
    notebook = read(path)
    client = nbclient.NotebookClient(
        notebook, km=manager, timeout=300, resources={"metadata": {"path": str(folder)}}
    )
    asyncio.run(client.async_execute(env=environment, cleanup_kc=True))
    return notebook


def outputs(notebook: Any) -> list[Any]:
    return [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]


def printed(notebook: Any) -> str:
    return "".join(output.text for output in outputs(notebook) if output.output_type == "stream")


def test_there_are_notebooks_and_each_has_a_twin() -> None:
    twins = (ROOT / "colab").glob("*.py")
    assert [path.stem for path in NOTEBOOKS] == sorted(twin.stem for twin in twins) != []


@each_notebook
def test_notebook_equals_its_text_twin(path: Path) -> None:
    twin = jupytext.read(path.with_suffix(".py"))
    assert [(cell.cell_type, cell.source) for cell in read(path).cells] == [
        (cell.cell_type, cell.source) for cell in twin.cells
    ]


@each_notebook
def test_notebook_is_stored_without_outputs(path: Path) -> None:
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@each_notebook
def test_notebook_defines_no_model(path: Path) -> None:
    code = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    assert "nn.Module" not in code
    assert "flax" not in code


@each_notebook
def test_notebook_opens_in_colab_and_leaves_its_jax_alone(path: Path) -> None:
    cells = read(path).cells
    address = rf"https://colab\.research\.google\.com/github/[\w-]+/dl/blob/main/colab/{re.escape(path.name)}"
    assert re.search(address, cells[0].source)
    (install,) = [
        cell.source for cell in cells if cell.cell_type == "code" and "pip install" in cell.source
    ]
    assert "--constraint" in install
    assert "upgrade" not in install


@pytest.mark.slow
def test_quickstart_runs_from_top_to_bottom(tmp_path: Path) -> None:
    notebook = execute(ROOT / "colab" / "00_quickstart.ipynb", tmp_path)
    text = printed(notebook)
    assert "× CPU" in text
    assert "interrupted: True, after step 160" in text
    assert "every parameter equal to those of the uninterrupted training: True" in text
    assert "exit code 130" in text
    assert "'result.json'" in text
    pictures = [
        output.data["image/png"]
        for output in outputs(notebook)
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 3
    assert all(base64.b64decode(picture).startswith(b"\x89PNG") for picture in pictures)
