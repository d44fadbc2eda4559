"""The folder of an exported net.

```
forward.jax              the program, for `jax.export.deserialize`
forward.stablehlo        the same program as portable StableHLO alone
parameters.safetensors   its first argument: arrays by their paths
load.py                  loads and applies the net, with JAX, NumPy and flatbuffers, without dl
README.md                the model card
forward.onnx             with `onnx`: program and parameters for ONNX
export.json              shapes, classes, symbols, versions, checksums (written last)
```
"""

import hashlib
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from dl.data.spec import DataSpec
from dl.errors import InputError
from dl.exports.card import model_card
from dl.exports.loader import FORMAT
from dl.exports.onnx import import_jax2onnx, make_onnx
from dl.exports.program import PLATFORMS, Program, make_program
from dl.exports.story import Story, story_of
from dl.runs.files import write_json
from dl.runs.folder import at_home, check_place, make_folder
from dl.runs.manifest import version
from dl.runs.trained import Trained
from dl.train.network import Network

_MEANINGS = {
    "forward.jax": "the program, for `jax.export.deserialize`",
    "forward.stablehlo": "the same program as portable StableHLO alone, for other compilers",
    "parameters.safetensors": "its first argument: arrays by their paths",
    "load.py": "loads and applies the net; needs JAX, NumPy and flatbuffers, and no dl",
    "forward.onnx": "program and parameters for ONNX",
}


def export(
    trained: Trained | Network,
    folder: str | Path,
    *,
    run: str | Path | None = None,
    package: str = "experiments",
    onnx: bool = False,
) -> Path:
    """Write a trained net into a new `folder`, as files that other programs read without `dl`.

    The program takes raw inputs, such as pictures of bytes, in batches of any size. `run` is the
    folder that the net was loaded from, for its figures and its history in the model card; its
    experiment is in `package`. With `onnx` there is a file for ONNX too.

    Raises:
        InputError: for a folder that holds something, a net that cannot be exported, and without
            the packages that it takes (extra `export`; for ONNX docs/export.md).

    >>> import dl, tempfile
    >>> folder = dl.export(dl.load("lenet_digits"), tempfile.mkdtemp(), run="lenet_digits")
    >>> sorted(path.name for path in folder.iterdir())[:4]
    ['README.md', 'export.json', 'forward.jax', 'forward.stablehlo']
    """
    if not isinstance(trained, Trained | Network):
        raise InputError(
            f"export takes a trained net, not {type(trained).__name__}: give what dl.fit or "
            "dl.load returns"
        )
    path = check_new(folder)
    save = import_packages()
    if onnx:
        import_jax2onnx()
    story = story_of(trained, run, package=package)
    program = make_program(trained.network)
    content = {
        "forward.jax": bytes(program.exported.serialize()),
        "forward.stablehlo": bytes(program.exported.mlir_module_serialized),
        "parameters.safetensors": save(program.parameters),
        "load.py": resources.files("dl.exports").joinpath("loader.py").read_bytes(),
    }
    converted = make_onnx(trained.network, program) if onnx else None
    if converted is not None:
        content["forward.onnx"] = converted.content
    content["README.md"] = _card(story, program, content).encode()
    make_folder(path, chosen=False)
    try:
        for name, written in content.items():
            (path / name).write_bytes(written)
    except OSError as error:
        raise InputError(f"cannot write into {path}: {error.strerror}") from None
    description = _description(story, program, content)
    if converted is not None:
        description["onnx_inputs"] = [port._asdict() for port in converted.inputs]
    write_json(path / "export.json", description)
    return path


def check_new(folder: str | Path) -> Path:
    """The path of a folder that is not there yet, or is empty.

    Raises:
        InputError: when it holds something, or cannot be a folder.
    """
    path = at_home(folder)
    check_place(path, "the folder")
    if path.exists() and any(path.iterdir()):
        raise InputError(f"{path} holds something already: name a new folder")
    return path


def import_packages() -> Any:
    """The function from arrays to the bytes of safetensors; flatbuffers, which JAX asks for.

    Raises:
        InputError: naming the extra, when a package is not installed.
    """
    try:
        import flatbuffers  # noqa: F401  # JAX says less when it misses it
        from safetensors.numpy import save
    except ImportError as error:
        raise InputError(
            f"export needs the package {error.name}: pip install 'dl-lectures[export]'"
        ) from None
    return save


def _card(story: Story, program: Program, content: dict[str, bytes]) -> str:
    rows = [f"- `{name}`: {_MEANINGS[name]}" for name in content]
    rows.append("- `export.json`: shapes, classes, symbols, versions, checksums of the files")
    return model_card(story, program.inputs, program.outputs, "\n".join(rows))


def _description(story: Story, program: Program, content: dict[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "written_with": {name: version(name) for name in ("dl", "jax", "jaxlib")},
        "calling_convention_version": program.exported.calling_convention_version,
        "platforms": PLATFORMS,
        "model": story.model,
        "experiment": story.experiment,
        "options": story.options,
        "step": story.step,
        "inputs": [port._asdict() for port in program.inputs],
        "outputs": [port._asdict() for port in program.outputs],
        "stablehlo_arguments": program.arguments,
        "parameters": sum(array.size for array in program.parameters.values()),
        "data": _data(story.spec),
        "figures": story.figures,
        "files": {
            name: {"bytes": len(written), "sha256": hashlib.sha256(written).hexdigest()}
            for name, written in content.items()
        },
    }


def _data(spec: DataSpec) -> dict[str, Any]:
    """What says how to read inputs and answers: classes, symbols, users and items."""
    catalogue = spec.catalogue
    named = {} if catalogue is None else {"users": catalogue.users, "items": catalogue.items}
    return {
        "name": spec.name,
        "task": spec.task,
        "class_names": spec.class_names,
        "mean": spec.mean,
        "std": spec.std,
        "sample_rate": spec.sample_rate or None,
        "game": spec.game or None,
        "vocabulary": asdict(spec.vocabulary) if spec.vocabulary else None,
        "source_vocabulary": asdict(spec.source_vocabulary) if spec.source_vocabulary else None,
        **named,
    }
