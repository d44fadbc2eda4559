"""What every layer of a Flax module gives out for a batch."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from flax import linen as nn

from dl.types import Array, ModelState, Params


def capture_activations(
    module: nn.Module, params: Params, model_state: ModelState, inputs: Array
) -> OrderedDict[str, Array]:
    """The output of every layer by its name, [B, ...] each, in the order in which they are done; dropout is off.

    Names are those of `Model.layers`. Layers that call others (a block, a stage) are there too, after what they call.
    Layers that offer an `implementation` are run natively, so that fused steps show up one by one.
    """
    if "implementation" in module.__dataclass_fields__:
        module = module.clone(implementation="native")
    _, captured = module.apply(
        {"params": params, **model_state},
        inputs,
        capture_intermediates=lambda _, method: method != "setup",
        mutable=["intermediates"],
    )
    outputs = captured["intermediates"]
    # jit sorts the keys of a dict and leaves those of an OrderedDict as they are.
    return OrderedDict(entry for name, inner in outputs.items() if _is_layer(inner) for entry in _name(inner, name))


def _is_layer(inner: Any) -> bool:
    """Layers are mappings of what they hold; the outputs of a method are a tuple, one a call."""
    return isinstance(inner, Mapping)


def _name(outputs: Mapping[str, Any], path: str) -> list[tuple[str, Array]]:
    """The outputs of the layers within the one at `path`, then its own.

    Where its methods show the steps of a layer, they stand for its call: the first is `path`, another `path.method`;
    a second call is `path (2)`.
    """
    found = [entry for name, value in outputs.items() if _is_layer(value) for entry in _name(value, f"{path}/{name}")]
    methods = [name for name, value in outputs.items() if not _is_layer(value)]
    for number, method in enumerate([name for name in methods if name != "__call__"] or methods):
        name = f"{path}.{method}" if number else path
        for turn, call in enumerate(outputs[method], start=1):
            if hasattr(call, "shape"):
                found.append((f"{name} ({turn})" if turn > 1 else name, call))
    return found
