"""From a Flax module to the pair of pure functions that the rest of the toolkit uses.

Linen is known here, in the layers and in the models, and nowhere else.
"""

from collections import OrderedDict
from typing import Any

import jax
from flax import linen as nn
from flax.errors import ScopeParamShapeError

from dl.errors import InputError
from dl.models.activations import capture_activations
from dl.models.checks import shown
from dl.types import Array, Carry, Key, LayerRow, Model, ModelState, Params


def from_linen(module: nn.Module, *, name: str | None = None) -> Model:
    """The `Model` of a linen module whose call is `module(inputs, train=False)`.

    Collections other than `params` (batch statistics) become `model_state`; `key` feeds dropout.

    >>> import jax.numpy as jnp
    >>> class Double(nn.Module):
    ...     @nn.compact
    ...     def __call__(self, inputs, *, train=False):
    ...         return 2.0 * inputs
    >>> outputs, model_state, carry = from_linen(Double()).apply({}, {}, jnp.ones(2))
    >>> outputs
    Array([2., 2.], dtype=float32)
    """

    def init(key: Key, inputs: Array) -> tuple[Params, ModelState]:
        variables = dict(module.init({"params": key, "dropout": key}, inputs))
        return variables.pop("params", {}), variables

    def apply(
        params: Params,
        model_state: ModelState,
        inputs: Array,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        variables = {"params": params, **model_state}
        rngs = None if key is None else {"dropout": key}
        try:
            if train and model_state:
                outputs, model_state = module.apply(variables, inputs, train=True, rngs=rngs, mutable=list(model_state))  # type: ignore[misc]
                return outputs, dict(model_state), carry
            return module.apply(variables, inputs, train=train, rngs=rngs), model_state, carry  # type: ignore[return-value]
        except ScopeParamShapeError as error:
            raise InputError(
                f"these parameters were made for inputs of another shape than {shown(inputs)}: give them the size and "
                f"the channels that init had, or call init for these"
            ) from error

    def layers(inputs: jax.ShapeDtypeStruct) -> list[LayerRow]:
        return trace_layers(module, inputs)

    def activations(params: Params, model_state: ModelState, inputs: Array) -> OrderedDict[str, Array]:
        return capture_activations(module, params, model_state, inputs)

    return Model(name or type(module).__name__.lower(), init, apply, layers, activations)


def trace_layers(module: nn.Module, inputs: jax.ShapeDtypeStruct) -> list[LayerRow]:
    """Every layer in the order of its call, with output shape (batch left out) and parameter count.

    A layer is a sub-module that calls no other; one whose work is split into public methods (a fused convolution
    and pooling) gives a row a method. Shapes are traced with `jax.eval_shape`: nothing is computed. Layers that
    offer an `implementation` are traced natively, so that fused steps show up one by one.
    """
    rows: list[tuple[tuple[str, ...], str, tuple[int, ...], int]] = []

    def record(next_call: Any, args: tuple, kwargs: dict, context: nn.module.InterceptorContext) -> Any:
        before = len(rows)
        output = next_call(*args, **kwargs)
        layer = context.module
        is_layer = layer.path and context.method_name not in ("setup", "param", "variable")
        if is_layer and len(rows) == before and hasattr(output, "shape"):
            count = sum(leaf.size for leaf in jax.tree.leaves(layer.variables.get("params", {})))
            rows.append((layer.path, context.method_name, tuple(output.shape[1:]), count))
        return output

    if "implementation" in module.__dataclass_fields__:
        module = module.clone(implementation="native")
    with nn.intercept_methods(record):
        jax.eval_shape(module.init, {"params": jax.random.key(0), "dropout": jax.random.key(0)}, inputs)
    return _name_rows(rows)


def _name_rows(rows: list[tuple[tuple[str, ...], str, tuple[int, ...], int]]) -> list[LayerRow]:
    """Layer paths as names; a second method of one layer is `layer.method` and does not count parameters again."""
    seen: set[tuple[str, ...]] = set()
    named = []
    for path, method, shape, count in rows:
        again = path in seen
        seen.add(path)
        named.append(LayerRow("/".join(path) + (f".{method}" if again else ""), shape, 0 if again else count))
    return named
