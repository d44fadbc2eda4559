"""Export the net of every experiment with fresh parameters, and compare it with the net itself.

    python tests/exports/every_experiment.py            # StableHLO, batch sizes 1, 3 and 17
    python tests/exports/every_experiment.py --onnx     # ONNX too, where jax2onnx is installed

Prints a row of a table for each experiment; docs/export.md has the figures.
"""

import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "experiments"), str(ROOT / "tests" / "exports")]

import jax  # noqa: E402
import numpy as np  # noqa: E402
from raw_arrays import largest_difference, own_answers, random_arrays  # noqa: E402
from small_data import COUNTED  # noqa: E402
from small_runs import small_options, write_all_small_data  # noqa: E402

from dl.cli.catalog import Catalog  # noqa: E402
from dl.errors import InputError  # noqa: E402
from dl.exports.program import Program, make_program  # noqa: E402
from dl.runs.members import as_committee  # noqa: E402
from dl.runs.open_data import open_data  # noqa: E402
from dl.train.network import Network  # noqa: E402
from dl.train.state import first_arguments, jit_init_state  # noqa: E402

CATALOG = Catalog("experiments")


def fresh_network(name: str, data: dict[str, str]) -> Network:
    """The net of an experiment with fresh parameters, for small data."""
    experiment = CATALOG.load(name)
    options = experiment.options(**small_options(name, experiment.options(), data))
    spec = open_data(options).spec
    recipe = experiment.recipe(options, spec)
    state = jit_init_state(recipe, spec, options)(*first_arguments(recipe, options))
    model = as_committee(recipe, spec, options).model
    return Network(model, state.params, state.model_state, spec)


def differences(network: Network, program: Program, onnx: Any) -> tuple[float, float]:
    """The largest differences of the program and of ONNX from the net itself."""
    stablehlo, in_onnx = [], [np.nan]
    session = None if onnx is None else _session(onnx.content)
    for batch in (1, 3, 17):
        arrays = random_arrays(program.inputs, network.described, batch=batch)
        expected = own_answers(network, arrays)
        call = jax.jit(program.exported.call)
        stablehlo.append(largest_difference(call(program.parameters, *arrays), expected))
        if onnx is not None:
            arrays = random_arrays(onnx.inputs, network.described, batch=batch)
            expected = own_answers(network, arrays)
            answers = session.run(None, dict(zip(_names(program.inputs), arrays, strict=True)))
            named = dict(zip(_names(program.outputs), answers, strict=True))
            in_onnx.append(largest_difference(named, expected))
    return max(stablehlo), max(in_onnx[1:], default=np.nan)


def _names(ports: Any) -> list[str]:
    return [port.name for port in ports]


def _session(model: bytes) -> Any:
    import onnxruntime  # pyright: ignore[reportMissingImports]

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def row(name: str, data: dict[str, str], *, onnx: bool) -> str:
    """What became of one experiment."""
    try:
        network = fresh_network(name, data)
    except InputError as error:
        return f"| `{name}` | not tried: {error} | |"
    try:
        program = make_program(network)
    except InputError as error:
        return f"| `{name}` | {error} | |"
    model, said = None, ""
    if onnx:
        from dl.exports.onnx import make_onnx

        try:
            model = make_onnx(network, program)
        except InputError as error:
            said = str(error)
    try:
        first, second = differences(network, program, model)
    except Exception as error:  # of onnxruntime
        said, (first, second) = str(error).replace("\n", " ")[:200], (np.nan, np.nan)
    sides = {side for port in program.inputs for side in port.shape if isinstance(side, str)}
    return f"| `{name}` | {', '.join(sorted(sides))} | {first:.1e} | {said or f'{second:.1e}'} |"


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    names = [word for word in sys.argv[1:] if not word.startswith("-")] or CATALOG.names()
    with tempfile.TemporaryDirectory() as folder:
        data = write_all_small_data(Path(folder))
        for name in names:
            if name not in COUNTED and CATALOG.load(name).build is not None:
                print(row(name, data, onnx="--onnx" in sys.argv), flush=True)
