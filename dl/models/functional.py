"""From a Flax module to the pair of pure functions that the rest of the toolkit uses.

Linen is known here, in the layers and in the models, and nowhere else.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import core
from flax import linen as nn
from flax.errors import ScopeParamNotFoundError, ScopeParamShapeError
from flax.linen.module import InterceptorContext
from jax.ad_checkpoint import checkpoint_name

from dl.errors import InputError
from dl.models.activations import capture_activations, is_time_major, run_natively
from dl.models.checks import check_one_shape, shown
from dl.types import Array, Carry, Key, LayerRow, LayerTrace, Model, ModelState, Params


def from_linen(module: nn.Module, *, name: str | None = None, ragged: bool = False) -> Model:
    """The `Model` of a linen module whose call is `module(inputs, train=False)`.

    Collections other than `params` (batch statistics) become `model_state`; `key` feeds dropout.
    Sequences of several lengths are refused unless the module reads `ragged` inputs.

    >>> class Double(nn.Module):
    ...     @nn.compact
    ...     def __call__(self, inputs, *, train=False):
    ...         return 2.0 * inputs
    >>> outputs, model_state, carry = from_linen(Double()).apply({}, {}, jnp.ones(2))
    >>> outputs
    Array([2., 2.], dtype=float32)
    """

    def init(key: Key, inputs: Any) -> tuple[Params, ModelState]:
        if not ragged:
            check_one_shape(inputs, model=type(module).__name__)
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
                outputs, model_state = module.apply(
                    variables, inputs, train=True, rngs=rngs, mutable=list(model_state)
                )  # type: ignore[misc]
                return outputs, dict(model_state), carry
            return module.apply(variables, inputs, train=train, rngs=rngs), model_state, carry  # type: ignore[return-value]
        except ScopeParamShapeError as error:
            raise InputError(
                f"these parameters were made for inputs of another shape than {shown(inputs)}: give them the size and "
                f"the channels that init had, or call init for these"
            ) from error

    def activations(
        params: Params, model_state: ModelState, inputs: Array
    ) -> OrderedDict[str, Array]:
        return capture_activations(module, params, model_state, inputs)

    return Model(
        name or type(module).__name__.lower(),
        init,
        apply,
        partial(trace_layers, module),
        activations,
    )


def from_recurrent(
    module: nn.Module,
    *,
    name: str | None = None,
    initial_carry: Callable[[int], Carry] | None = None,
    symbols: bool = False,
) -> Model:
    """The `Model` of a linen module whose call is `module(inputs, carry=(), train=False) ->
    (outputs, carry)`.

    `initial_carry(B)` is the carry of B rows that go on from nothing; None for a module that
    carries nothing on. One that reads `symbols` is traced for integers of the shape that is asked
    for. There are no collections but `params`.

    >>> class Sum(nn.Module):
    ...     @nn.compact
    ...     def __call__(self, inputs, *, carry=(), train=False):
    ...         return carry + inputs, carry + inputs
    >>> from_recurrent(Sum(), initial_carry=jnp.zeros).apply({}, {}, jnp.ones(1), carry=jnp.ones(1))
    (Array([2.], dtype=float32), {}, Array([2.], dtype=float32))
    """
    model = from_linen(module, name=name, ragged=True)

    def apply(
        params: Params,
        model_state: ModelState,
        inputs: Any,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Array, ModelState, Carry]:
        rngs = None if key is None else {"dropout": key}
        try:
            outputs, carry = module.apply(
                {"params": params}, inputs, carry=carry, train=train, rngs=rngs
            )  # type: ignore[misc]
            return outputs, model_state, carry
        except (ScopeParamShapeError, ScopeParamNotFoundError) as error:
            raise InputError(
                f"these parameters are not those of this {model.name}, its layers or sizes are others: "
                f"give those that its own init made for inputs like these"
            ) from error

    def trace(inputs: jax.ShapeDtypeStruct) -> LayerTrace:
        return trace_layers(
            module, jax.ShapeDtypeStruct(inputs.shape, jnp.int32) if symbols else inputs
        )

    return replace(model, apply=apply, trace=trace, initial_carry=initial_carry)


def trace_layers(module: nn.Module, inputs: Any) -> LayerTrace:
    """`module` applied to `inputs`, with the call of every sub-module marked; nothing is computed.

    A layer is a sub-module that calls no other, or has parameters of its own; one whose work is
    split into public methods (a fused convolution and pooling) gives a row a method. Convolutional
    models that offer an `implementation` are traced natively, so that fused steps show up one by
    one.
    """
    module = run_natively(module)
    key = jax.eval_shape(lambda: jax.random.key(0))
    variables = jax.eval_shape(module.init, {"params": key, "dropout": key}, inputs)
    calls: list[_Call] = []
    # As in `init`, so that heads which are there in training alone are listed too.
    whole = core.apply(lambda scope, x: module.clone(parent=scope)(x), flags={"initializing": True})
    with nn.intercept_methods(partial(_mark, calls, count())):
        jaxpr = jax.make_jaxpr(whole)(variables, inputs)
    layers = [call for call in calls if call.is_layer]
    return LayerTrace(
        jaxpr,
        _name_calls(calls, type(module).__name__.lower()),
        tuple(call.number for call in layers),
    )


class _Call(NamedTuple):
    """One call of a method of a module; those it makes itself come before it."""

    number: int
    path: tuple[str, ...]
    method: str
    output_shape: tuple[int, ...]
    parameters: int
    is_layer: bool


def _mark(
    calls: list[_Call],
    numbers: Iterator[int],
    next_call: Any,
    args: tuple,
    kwargs: dict,
    context: InterceptorContext,
) -> Any:
    """Calls a method inside a scope of its number, and marks and lists what comes out."""
    if context.method_name in ("setup", "param", "variable"):
        return next_call(*args, **kwargs)
    layer, number, before = context.module, next(numbers), len(calls)
    with jax.named_scope(f"layer {number}"):
        output = next_call(*args, **kwargs)
    leaves, structure = jax.tree.flatten(output)
    if not leaves or not hasattr(leaves[0], "shape"):
        return output
    inner = len(calls) > before
    parameters = (
        0 if layer.path in {call.path for call in calls} else _own_parameters(layer, inner=inner)
    )
    is_layer = parameters > 0 or (not inner and bool(layer.path))
    shape = _without_batch(leaves[0].shape, time_major=is_time_major(layer))
    calls.append(_Call(number, layer.path, context.method_name, shape, parameters, is_layer))
    return jax.tree.unflatten(
        structure, [checkpoint_name(leaves[0], f"layer {number}"), *leaves[1:]]
    )


def _own_parameters(layer: nn.Module, *, inner: bool) -> int:
    """The parameters of a layer, without those of the modules that it calls."""
    variables = layer.variables.get("params", {})
    own = [value for value in variables.values() if not (inner and isinstance(value, Mapping))]
    return sum(int(leaf.size) for leaf in jax.tree.leaves(own))


def _without_batch(shape: tuple[int, ...], *, time_major: bool) -> tuple[int, ...]:
    sides = tuple(map(int, shape))  # those of a pooling are integers of NumPy
    return (*sides[:1], *sides[2:]) if time_major else sides[1:]


def _name_calls(calls: list[_Call], whole: str) -> dict[int, LayerRow]:
    """Paths as names, layers first; another method of one path is `path.method`, another call of it
    `path (2)`.
    """
    seen: Counter[str] = Counter()
    rows = {}
    for call in sorted(calls, key=lambda call: not call.is_layer):
        name = "/".join(call.path) or whole
        if seen[name] and call.method != "__call__":
            name = f"{name}.{call.method}"
        seen[name] += 1
        name = name if seen[name] == 1 else f"{name} ({seen[name]})"
        rows[call.number] = LayerRow(name, call.output_shape, call.parameters)
    return rows
