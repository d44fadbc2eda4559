"""The outputs of every layer of a Flax module for a batch."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import jax
from flax import linen as nn

from dl.models.modes import mode
from dl.types import Array, ModelState, Params


def capture_activations(
    module: nn.Module, params: Params, model_state: ModelState, inputs: Array
) -> OrderedDict[str, Array]:
    """The output of every layer by its name, [B, ...] each, in the order of computation.

    Dropout is off. Names are those of `Model.layers`. Layers that call others (a block, a stage)
    follow the layers that they call. Convolutions that offer an `implementation` run natively, so
    that the steps of a fused operation are separate. For a recurrent layer it is the outputs [B, T,
    H], without the carry.
    """
    time_major: set[str] = set()

    def is_kept(layer: nn.Module, method: str) -> bool:
        if is_time_major(layer):
            time_major.add("/".join(layer.path))
        return method != "setup"

    _, captured = run_natively(module).apply(
        {"params": params, **model_state},
        inputs,
        **mode(module, train=False),
        capture_intermediates=is_kept,
        mutable=["intermediates"],
    )
    layers = [
        (name, inner) for name, inner in captured["intermediates"].items() if _is_layer(inner)
    ]
    outputs = [entry for name, inner in layers for entry in _name(inner, name)]
    # jit sorts the keys of a dict, and keeps the order of an OrderedDict.
    return OrderedDict(
        (name, array.swapaxes(0, 1) if name in time_major else array) for name, array in outputs
    )


def run_natively(module: nn.Module) -> nn.Module:
    """A convolutional module without fused steps; a recurrent one, which has a `kind`, as it is."""
    fields = module.__dataclass_fields__
    return (
        module.clone(implementation="native")
        if "implementation" in fields and "kind" not in fields
        else module
    )


def is_time_major(layer: nn.Module) -> bool:
    """Whether time is the first axis of a layer's outputs, as inside a recurrent stack."""
    return getattr(layer, "time_major", False) or hasattr(layer.parent, "time_major")


def _is_layer(inner: Any) -> bool:
    """Layers are mappings of their parts; the outputs of a method are a tuple."""
    return isinstance(inner, Mapping)


def _name(outputs: Mapping[str, Any], path: str) -> list[tuple[str, Array]]:
    """The outputs of the layers inside the one at `path`, then its own.

    If a layer shows its steps by methods, they stand for its call: the first is `path`, another
    `path.method`; a second call is `path (2)`.
    """
    entries = [
        entry
        for name, value in outputs.items()
        if _is_layer(value)
        for entry in _name(value, f"{path}/{name}")
    ]
    methods = [name for name, value in outputs.items() if not _is_layer(value)]
    for number, method in enumerate([name for name in methods if name != "__call__"] or methods):
        name = f"{path}.{method}" if number else path
        for turn, call in enumerate(outputs[method], start=1):
            leaves = jax.tree.leaves(call)
            if leaves and hasattr(leaves[0], "shape"):
                entries.append((f"{name} ({turn})" if turn > 1 else name, leaves[0]))
    return entries
