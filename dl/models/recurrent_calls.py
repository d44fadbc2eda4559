"""The inputs and parameters of a model's recurrent layers when it is applied."""

from typing import Any, NamedTuple

from flax import linen as nn
from flax.linen.module import InterceptorContext

from dl.layers.recurrent import RecurrentLayer
from dl.layers.recurrent.cells import CellParams
from dl.types import Array, Model, ModelState, Params


class LayerCall(NamedTuple):
    """A recurrent layer's path, cell, parameters, and inputs [T, B, D] in the order it reads.

    A layer that reads in `reverse` begins with the last step. Lengths and a first carry are not
    noted.
    """

    name: str
    kind: str
    params: CellParams
    xs: Array
    reverse: bool


def recurrent_calls(
    model: Model, params: Params, model_state: ModelState, inputs: Any
) -> list[LayerCall]:
    """The calls of `RecurrentLayer` in one application of `model` to normalised `inputs`, in order.

    >>> import jax, jax.numpy as jnp
    >>> from dl.models import sequence_model
    >>> model, xs = sequence_model("gru", 2, hidden_size=3, num_layers=2), jnp.ones((4, 7, 5))
    >>> calls = recurrent_calls(model, *model.init(jax.random.key(0), xs), xs)
    >>> [(call.name, call.kind, call.xs.shape) for call in calls]
    [('recurrent/layer_0', 'gru', (7, 4, 5)), ('recurrent/layer_1', 'gru', (7, 4, 3))]
    """
    calls: list[LayerCall] = []

    def note(
        next_call: Any, args: tuple, kwargs: dict[str, Any], context: InterceptorContext
    ) -> Any:
        layer = context.module
        if isinstance(layer, RecurrentLayer) and context.method_name == "__call__":
            xs = args[0] if args else kwargs["xs"]
            xs = xs if layer.time_major else xs.swapaxes(0, 1)
            xs = xs[::-1] if layer.reverse else xs
            params = dict(layer.variables["params"])
            calls.append(LayerCall("/".join(layer.path), layer.kind, params, xs, layer.reverse))
        return next_call(*args, **kwargs)

    with nn.intercept_methods(note):
        model.apply(params, model_state, inputs)
    return calls
