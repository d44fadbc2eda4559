"""What every layer of a Flax module gives out for a batch."""

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
    """The output of every layer by its name, [B, ...] each, in the order in which they are done;
    dropout is off.

    Names are those of `Model.layers`. Layers that call others (a block, a stage) are there too,
    after what they call. Convolutions that offer an `implementation` are run natively, so that
    fused steps show up one by one. Of what a recurrent layer gives out it is its outputs [B, T, H],
    without the carry.
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
    found = [entry for name, inner in layers for entry in _name(inner, name)]
    # jit sorts the keys of a dict and leaves those of an OrderedDict as they are.
    return OrderedDict(
        (name, array.swapaxes(0, 1) if name in time_major else array) for name, array in found
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
    """Whether time comes before the batch in what a layer gives out, as it does inside of a stack
    of recurrent ones.
    """
    return getattr(layer, "time_major", False) or hasattr(layer.parent, "time_major")


def _is_layer(inner: Any) -> bool:
    """Layers are mappings of what they hold; the outputs of a method are a tuple, one a call."""
    return isinstance(inner, Mapping)


def _name(outputs: Mapping[str, Any], path: str) -> list[tuple[str, Array]]:
    """The outputs of the layers within the one at `path`, then its own.

    Where its methods show the steps of a layer, they stand for its call: the first is `path`,
    another `path.method`; a second call is `path (2)`.
    """
    found = [
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
                found.append((f"{name} ({turn})" if turn > 1 else name, leaves[0]))
    return found
