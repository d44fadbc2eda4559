"""What goes into an exported program and what comes out, in words and shapes."""

from typing import Any, NamedTuple, TypeAlias

import jax
from jax import export

from dl.data.example import raw_example
from dl.data.spec import DataSpec
from dl.types import Pair, Ragged

Side: TypeAlias = int | str
"""A side of an array: a number, or the name of one that every call chooses, such as "batch"."""


class Port(NamedTuple):
    """An array that goes in or comes out; sides with a name may differ from call to call."""

    name: str
    shape: tuple[Side, ...]
    dtype: str
    meaning: str


def input_ports(spec: DataSpec, *, any_length: bool) -> tuple[Port, ...]:
    """The arrays that a net takes for raw inputs, in order; `any_length` leaves time open.

    >>> spec = DataSpec("digits", "classification", (28, 28, 1), "uint8", ("0", "1"), 100)
    >>> input_ports(spec, any_length=True)[0][:3]
    ('inputs', ('batch', 28, 28, 1), 'uint8')
    """
    raw = raw_example(spec)
    source = raw.source if isinstance(raw, Pair) else raw
    ports = _source_ports(source, spec, any_length=any_length)
    if isinstance(raw, Pair):
        steps = "written" if any_length else raw.previous.shape[1]
        meaning = (
            "the symbol before each symbol that is asked for: the end first, then those so far"
        )
        ports.append(Port("previous", ("batch", steps), str(raw.previous.dtype), meaning))
    return tuple(ports)


def _source_ports(source: Any, spec: DataSpec, *, any_length: bool) -> list[Port]:
    values = source.values if isinstance(source, Ragged) else source
    in_time = isinstance(source, Ragged) or spec.has_step_targets
    sides: list[Side] = ["batch", *values.shape[1:]]
    if in_time and any_length:
        sides[1] = "steps"
    name = "values" if isinstance(source, Ragged) else "inputs"
    ports = [Port(name, tuple(sides), str(values.dtype), meaning_of_inputs(spec))]
    if isinstance(source, Ragged):
        counted = "how many steps of each sequence are real, from 1 on; behind them stands anything"
        ports.append(Port("lengths", ("batch",), str(source.lengths.dtype), counted))
    return ports


def meaning_of_inputs(spec: DataSpec) -> str:
    """What the numbers of raw inputs are.

    >>> meaning_of_inputs(DataSpec("xor", "binary", (2,), "float32", ("y",), 4))
    'numbers as in the training data'
    """
    if spec.game:
        return f"positions of {spec.game} as planes, seen by the player to move"
    if spec.task == "retrieval":
        return "1 for every item that a user took, 0 for all others"
    if spec.catalogue is not None:
        return "the number of a user and of an item, in the order of export.json"
    if spec.sample_rate:
        return f"samples of one channel at {spec.sample_rate} Hz"
    if spec.input_dtype == "uint8":
        return "pictures, 0 to 255; the program scales and normalises them"
    if spec.has_symbols:
        return "numbers of symbols, in the order of export.json"
    return "numbers as in the training data"


def as_arguments(ports: tuple[Port, ...]) -> list[jax.ShapeDtypeStruct]:
    """The shapes as `jax.export` takes them: named sides are symbols of one scope."""
    scope = export.SymbolicScope()

    def argument(port: Port) -> jax.ShapeDtypeStruct:
        shape = export.symbolic_shape(",".join(map(str, port.shape)), scope=scope)
        return jax.ShapeDtypeStruct(shape, port.dtype)

    return [argument(port) for port in ports]


def as_inputs(arrays: tuple[Any, ...], spec: DataSpec) -> Any:
    """The arrays of the ports as a model's raw inputs."""
    source = Ragged(*arrays[:2]) if spec.ragged else arrays[0]
    teaches = spec.kind.target_sequences and spec.kind.predicts_symbols
    return Pair(source, arrays[-1]) if teaches else source


def output_ports(outputs: dict[str, Any], spec: DataSpec) -> tuple[Port, ...]:
    """What comes out, from the shapes of the program's results."""
    meanings = {
        "outputs": f"raw answers for {spec.kind.outputs}",
        "probabilities": f"the probabilities of {spec.kind.outputs}",
        "reconstruction": "the inputs again, normalised as they are inside of the net",
        "code": "the code of each input",
    }
    return tuple(
        Port(name, tuple(map(_side, array.shape)), str(array.dtype), meanings[name])
        for name, array in outputs.items()
    )


def _side(side: Any) -> Side:
    return str(side) if export.is_symbolic_dim(side) else int(side)
