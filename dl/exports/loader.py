"""Load this net and apply it, with JAX, NumPy and flatbuffers: pip install jax flatbuffers

JAX reads programs with flatbuffers. Shapes, and what the numbers mean, are in export.json and
README.md.

    from load import load

    net = load("THIS FOLDER")
    answers = net(inputs)  # a dictionary of arrays
"""

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.export
import numpy as np

FORMAT = 1
_TYPES = {"F32": "f4", "F16": "f2", "F64": "f8", "I8": "i1", "I16": "i2", "I32": "i4", "I64": "i8"}
_TYPES |= {"U8": "u1", "U16": "u2", "U32": "u4", "BOOL": "?", "BF16": jax.numpy.bfloat16}


def load(folder: str | Path) -> Callable[..., dict[str, Any]]:
    """The net in `folder`: a function of the arrays that export.json lists as `inputs`."""
    about = json.loads(Path(folder, "export.json").read_text(encoding="utf-8"))
    if about.get("format") != FORMAT:
        raise ValueError(f"{folder} has format {about.get('format')}, load.py reads {FORMAT}")
    content = []
    for name in ("forward.jax", "parameters.safetensors"):
        content.append(Path(folder, name).read_bytes())
        if hashlib.sha256(content[-1]).hexdigest() != about["files"][name]["sha256"]:
            raise ValueError(f"{Path(folder, name)} is not as it was written: bring back a copy")
    program, parameters = jax.export.deserialize(bytearray(content[0])), read_arrays(content[1])
    call = jax.jit(program.call)
    return lambda *inputs: call(parameters, *inputs)


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file: 8 bytes of length, a header in JSON, the numbers."""
    start = 8 + int.from_bytes(content[:8], "little")
    header, arrays = json.loads(content[8:start]), {}
    for name in header.keys() - {"__metadata__"}:
        entry, (begin, end) = header[name], header[name]["data_offsets"]
        numbers = np.frombuffer(content[start + begin : start + end], _TYPES[entry["dtype"]])
        arrays[name] = numbers.reshape(entry["shape"])
    return arrays


if __name__ == "__main__":  # python load.py INPUTS.npy
    given = [np.load(file) for file in sys.argv[1:]]
    for name, answer in load(Path(__file__).parent)(*given).items():
        print(name, answer.shape, np.asarray(answer), sep="\n")
