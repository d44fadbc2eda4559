"""A trained net in ONNX, by jax2onnx.

jax2onnx asks for an old Orbax, so it lives in an environment of its own (docs/export.md).
"""

import contextlib
import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dl.errors import InputError, first_line
from dl.exports.onnx_graph import repair
from dl.exports.ports import Port, input_ports
from dl.exports.program import Program, make_forward
from dl.train.network import Network


class OnnxModel(NamedTuple):
    """The bytes of an ONNX model, and what goes in; the outputs are those of the program."""

    content: bytes
    inputs: tuple[Port, ...]


def import_jax2onnx() -> Any:
    """The package jax2onnx.

    Raises:
        InputError: saying how to make its environment, when it is not installed.
    """
    try:
        import jax2onnx  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InputError(
            f"ONNX needs the package {error.name}, which is not in this environment: make one of "
            "its own, with jax2onnx beside dl, as docs/export.md says"
        ) from None
    return jax2onnx


def make_onnx(network: Network, program: Program) -> OnnxModel:
    """The ONNX model of a net, with its parameters inside, for any batch size.

    jax2onnx knows no recurrent loop whose length is open. Sequences then have the longest length
    of the data.

    Raises:
        InputError: for a net with an operation that jax2onnx does not know.
    """
    jax2onnx, forward = import_jax2onnx(), make_forward(network)
    parameters = {name: jnp.asarray(array) for name, array in program.parameters.items()}

    def answer(*inputs: Any) -> tuple[Any, ...]:
        answers = forward(parameters, *inputs)
        return tuple(answers[port.name] for port in program.outputs)

    fixed = input_ports(network.described, any_length=False)
    failures = []
    for ports in dict.fromkeys((program.inputs, fixed)):
        try:
            with _quiet():
                made = jax2onnx.to_onnx(
                    answer,
                    [jax.ShapeDtypeStruct(port.shape, port.dtype) for port in ports],
                    input_names=[port.name for port in ports],
                    output_names=[port.name for port in program.outputs],
                    model_name=network.model.name.replace(" ", "_"),
                )
            repair(made.graph)
            return OnnxModel(made.SerializeToString(), ports)
        except Exception as error:  # whatever a converter does with what it does not know
            failures.append(error)
    raise InputError(
        f"{network.model.name} cannot be written as ONNX: jax2onnx says "
        f"{first_line(failures[-1])!r}; leave ONNX out"
    ) from failures[-1]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the remarks of the converter, which speak of its plugins for other libraries."""
    loggers = [logging.getLogger(name) for name in ("onnx_ir", "jax2onnx")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
