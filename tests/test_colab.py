"""Notebooks: made from their text twins, opening alike, with solved exercises, and running to the
end.
"""

import asyncio
import base64
import importlib.util
import json
import os
import re
import subprocess
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
WITHOUT_EXERCISES = {"00_quickstart"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def load_builder() -> Any:
    """`colab/build.py`, which lies in no package."""
    spec = importlib.util.spec_from_file_location("colab_build", ROOT / "colab" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load_builder()


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in read(path).cells if cell.cell_type == "code"]


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
    if folder_to_look_at := os.environ.get("DL_KEEP_NOTEBOOKS"):
        nbformat.write(notebook, Path(folder_to_look_at) / path.name)
    return notebook


def outputs(notebook: Any) -> list[Any]:
    return [
        output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
    ]


def printed(notebook: Any) -> str:
    return "".join(output.text for output in outputs(notebook) if output.output_type == "stream")


def pictures(notebook: Any) -> list[bytes]:
    data = [output.get("data", {}) for output in outputs(notebook)]
    return [base64.b64decode(each["image/png"]) for each in data if "image/png" in each]


def test_there_are_notebooks_and_each_has_a_twin() -> None:
    assert [path.stem for path in NOTEBOOKS] == [twin.stem for twin in build.TWINS] != []


@each_notebook
def test_notebook_is_what_its_twin_says_now(path: Path) -> None:
    """After a change of a twin, of the opening or of the address: `python colab/build.py`."""
    written = nbformat.writes(build.notebook(path.with_suffix(".py"))) + "\n"
    assert path.read_text(encoding="utf-8") == written


@each_notebook
def test_notebook_is_valid_and_without_outputs(path: Path) -> None:
    nbformat.validate(read(path))
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@each_notebook
def test_notebook_defines_no_model(path: Path) -> None:
    code = "\n".join(code_of(path))
    assert "nn.Module" not in code
    assert "flax" not in code


@each_notebook
def test_notebook_opens_in_colab_and_leaves_its_jax_alone(path: Path) -> None:
    cells = read(path).cells
    address = rf"https://colab\.research\.google\.com/github/[\w-]+/dl/blob/main/colab/{re.escape(path.name)}"
    title, _, badge = cells[0].source.split("\n")[:3]
    assert title.startswith("# ")
    assert re.search(address, badge)
    (install,) = [source for source in code_of(path) if "%pip install" in source]
    assert "\n    %pip install" in install, "a comment installs nothing"
    assert "--constraint" in install
    assert "upgrade" not in install


@each_notebook
def test_notebook_says_which_device_it_runs_on(path: Path) -> None:
    install, check = code_of(path)[:2]
    assert "%pip" in install
    assert "jax.devices()" in check
    assert all(f'"{kind}": "A {kind.upper()} ' in check for kind in ("tpu", "gpu", "cpu"))


@each_notebook
def test_real_data_wait_for_a_switch(path: Path) -> None:
    switches = [
        line for source in code_of(path) for line in source.splitlines() if "REAL_DATA =" in line
    ]
    assert switches in ([], ['REAL_DATA = False  # @param {type:"boolean"}'])


@each_notebook
def test_exercises_have_solutions_that_check_themselves(path: Path) -> None:
    cells = read(path).cells
    exercises = [cell for cell in cells if cell.source.startswith("### Exercise ")]
    solutions = build.solutions(cells)
    assert len(solutions) == len(exercises)
    assert path.stem in WITHOUT_EXERCISES or len(exercises) in (2, 3)
    assert all("assert " in "".join(cell.source for cell in section) for section in solutions)


@each_notebook
def test_solutions_are_closed_until_a_reader_opens_them(path: Path) -> None:
    """In Colab by the list of the notebook, in Jupyter by the mark of the heading."""
    notebook = read(path)
    headings = [
        cell for cell in notebook.cells if "solution" in cell.source.partition("\n")[0].lower()
    ]
    assert all(cell.source == build.SOLUTION for cell in headings), "text beside it would be seen"
    assert notebook.metadata.colab.collapsed_sections == [cell.metadata.id for cell in headings]
    assert all(cell.metadata["jp-MarkdownHeadingCollapsed"] for cell in headings)


def test_the_address_of_the_repository_stands_in_one_place() -> None:
    told = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if told.returncode:
        pytest.skip("no checkout of git")
    address = build.repository().removeprefix("https://")
    files = [ROOT / name for name in told.stdout.splitlines()]
    texts = {path: path.read_bytes() for path in files if path.is_file()}
    holding = {path.name for path, text in texts.items() if address.encode() in text}
    assert holding - {path.name for path in NOTEBOOKS} == {"pyproject.toml"}


NOISE = re.compile(r"warning|absl|^[IWE]\d{4} |traceback", re.IGNORECASE | re.MULTILINE)
SAYS = {
    "00_quickstart": [
        "interrupted: True, after step 160",
        "every parameter equal to those of the uninterrupted training: True",
        "exit code 130",
        "'result.json'",
    ],
    "01_neurons_and_xor": [
        "nand  w = (-1.0, -1.0), b =  1.5:  [1 1 1 0]",
        "accuracy on the four gates: 100%",
        "the best gets 3 of 4 corners right",
        "accuracy 100%",
    ],
    "02_backpropagation": [
        "half the squared error 0.0975",
        "cross-entropy          0.5108",
        "the same new weights: True",
        "answers [[0.   0.99 1.   0.01]]",
    ],
    "03_training_and_regularisation": [
        "sgd           30",
        "to and fro for ever",
        "nothing: 100% of the training digits right",
        "right: 0.00592, as on the slide: 7.89e-31",
    ],
    "04_convolution_and_lenet": [
        "all three equal: True",
        "[255, 178, 205, 240]",
        "[255, 178, 209, 240]",
        "(4, 4, 2)",
        "[[-1. -1. -1.]\n [-1.  8. -1.]\n [-1. -1. -1.]]",
        "431,080",
    ],
    "05_deep_convnets": [
        "shared                    34,944",
        "locally connected    105,705,600",
        "fully connected   44,892,355,200",
        "62,378,344",
        "37,752,832",
        "scalability",
    ],
    "06_autoencoders_and_belief_nets": [
        "3 numbers keep 41%, 21 are needed for 90 %",
        "squared error of a pixel 0.0000",
        "Δw = 0.1241",
    ],
    "07_recurrent_and_lstm": [
        "h = 0.000 0.762 0.363 0.180 -0.721",
        "w = 0.9120: 1.00e-02",
        "f > 0.9931, so b > 4.97",
    ],
    "08_text_and_programs": [
        "perplexity infinite",
        "wrong characters: 1",
        "[('int', 'void'), ('==', '<'), ('x', 'n'), ('max', 'max2')]",
    ],
    "09_search_and_committees": [
        "{'log scale': '71.6%', 'linear': '0.9%'}",
        "(8, 360, 10) members, digits, classes",
        "right members: 0.67 committee: [0.34333333 0.65666667]",
    ],
    "10_many_devices": [
        "8 × CPU",
        "a weight matrix (32, 10) lies on 8 devices",
        "real rows on each device: [8 8 8 8 8 8 2 0]",
        "axis_name=batch: devices differ by 0.0e+00",
        "batch size 62 does not divide over 8 devices: use 56 or 64",
        "{64: 8, 60: 6, 50: 5, 49: 7}",
    ],
    "11_sequences_to_sequences": [
        "weights  0.119 0.881 0.000",
        "73051964 becomes 46915037",
        "p(a) = 0.64 by prefix search",
        "the best path alone has 0 labels",
        "right captions in all",
    ],
    "12_play": [
        "legal: ['a3', 'b3', 'c3', 'a2', 'c2', 'b1']",
        "X wins: 58.6%",
        "'b1': '5",
        "playing ",
    ],
}
"""What the text of a notebook promises that it prints."""
PICTURES = {
    "00_quickstart": 3,
    "01_neurons_and_xor": 7,
    "02_backpropagation": 2,
    "03_training_and_regularisation": 7,
    "04_convolution_and_lenet": 13,
    "05_deep_convnets": 6,
    "06_autoencoders_and_belief_nets": 7,
    "07_recurrent_and_lstm": 9,
    "08_text_and_programs": 2,
    "09_search_and_committees": 7,
    "10_many_devices": 2,
    "11_sequences_to_sequences": 3,
    "12_play": 2,
}
"""How many pictures a notebook draws."""


@pytest.mark.slow
@each_notebook
def test_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    """Solutions too, so that what they assert is true; no line is the noise of a library."""
    notebook = execute(path, tmp_path)
    text, drawn = printed(notebook), pictures(notebook)
    assert "× CPU" in text
    assert not NOISE.findall(text)
    assert not [line for line in SAYS.get(path.stem, []) if line not in text]
    assert len(drawn) == PICTURES[path.stem]
    assert all(picture.startswith(b"\x89PNG") for picture in drawn)
