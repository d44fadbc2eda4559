"""A trained net in ONNX, by jax2onnx.

jax2onnx asks for an old Orbax, so it lives in an environment of its own (docs/export.md).
"""

import logging
from typing import Any

import jax
import jax.numpy as jnp

from dl.errors import InputError, first_line
from dl.exports.ports import Port
from dl.exports.program import Program, make_forward
from dl.train.network import Network

_REMEDY = "make an environment for it as docs/export.md says (jax2onnx beside dl, then --onnx)"


def import_jax2onnx() -> Any:
    """The package jax2onnx.

    Raises:
        InputError: saying how to make its environment, when it is not installed.
    """
    try:
        import jax2onnx
    except ImportError as error:
        raise InputError(
            f"ONNX needs the package {error.name}, which is not in this environment: {_REMEDY}"
        ) from None
    return jax2onnx


def make_onnx(network: Network, program: Program) -> bytes:
    """The ONNX model of a net: the inputs and outputs of `program`, the parameters inside.

    Raises:
        InputError: for a net with an operation that jax2onnx does not know.
    """
    jax2onnx, forward = import_jax2onnx(), make_forward(network)
    parameters = {name: jnp.asarray(array) for name, array in program.parameters.items()}

    def answer(*inputs: Any) -> tuple[Any, ...]:
        answers = forward(parameters, *inputs)
        return tuple(answers[port.name] for port in program.outputs)

    quiet = logging.getLogger("onnx_ir"), logging.getLogger("jax2onnx")
    levels = [logger.level for logger in quiet]
    try:
        for logger in quiet:
            logger.setLevel(logging.ERROR)
        made = jax2onnx.to_onnx(
            answer,
            [_shape(port) for port in program.inputs],
            input_names=[port.name for port in program.inputs],
            output_names=[port.name for port in program.outputs],
            model_name=network.model.name.replace(" ", "_"),
        )
    except Exception as error:  # whatever a converter does with what it does not know
        raise InputError(
            f"{network.model.name} cannot be written as ONNX: {first_line(error)}"
        ) from error
    finally:
        for logger, level in zip(quiet, levels, strict=True):
            logger.setLevel(level)
    return made.SerializeToString()


def _shape(port: Port) -> Any:
    return jax.ShapeDtypeStruct(port.shape, port.dtype)
