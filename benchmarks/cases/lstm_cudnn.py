"""An LSTM layer by NVIDIA's library, forward and backward, called from `dl` and from PyTorch.

As in `lstm_layer`, whose "dl" is a compiled loop; here it calls cuDNN (`implementation="cudnn"`).
"""

from functools import partial
from pathlib import Path

from benchmarks.cases import recurrent_layer as layers
from benchmarks.cases.recurrent_layer import Shape
from benchmarks.measure import Workload

UNIT = layers.UNIT
FAMILIES = {
    "lstm_cudnn": {
        name.replace("lstm", "lstm_cudnn"): shape
        for name, shape in layers.FAMILIES["lstm_layer"].items()
    }
}


def unavailable(quick: bool) -> str | None:
    """Why this cannot run here."""
    return None if Path("/dev/nvidia0").exists() else "it needs an NVIDIA GPU"


def with_dl(shape: Shape, quick: bool) -> Workload:
    import jax

    from dl.layers.recurrent import init_layer, recurrent_layer

    layer = partial(recurrent_layer, shape.kind, implementation="cudnn")
    params = init_layer(
        shape.kind, jax.random.key(0), input_size=shape.size, hidden_size=shape.size
    )
    return layers.differentiated(lambda params, xs: layer(params, xs)[0], params, shape)


SYSTEMS = {"dl": with_dl, "torch": layers.with_torch}
