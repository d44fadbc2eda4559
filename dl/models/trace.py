"""The layers of a Flax module, found by tracing it: names, output shapes, parameters."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import jax
from flax import core
from flax import linen as nn
from flax.linen.module import InterceptorContext
from jax.ad_checkpoint import checkpoint_name

from dl.models.activations import is_time_major, run_natively
from dl.models.modes import mode
from dl.types import LayerRow, LayerTrace


def trace_layers(module: nn.Module, inputs: Any, *, initializing: bool = True) -> LayerTrace:
    """`module` applied to `inputs`, with the call of every sub-module marked; nothing is computed.

    A layer is a sub-module that calls no other, or that has parameters of its own. A layer whose
    work is split into public methods (a fused convolution and pooling) gives a row for each method.
    Convolutional models that offer an `implementation` are traced natively, so that the steps of a
    fused operation are separate. With `initializing`, layers that exist in training only, such as
    auxiliary heads, are listed too.
    """
    module = run_natively(module)
    evaluation = mode(module, train=False)
    key = jax.eval_shape(lambda: jax.random.key(0))
    rngs = {"params": key, "dropout": key}
    variables = jax.eval_shape(partial(module.init, **evaluation), rngs, inputs)
    calls: list[_Call] = []
    whole = core.apply(
        lambda scope, x: module.clone(parent=scope)(x, **evaluation),
        flags={"initializing": initializing},
    )
    alone = jax.tree.leaves(inputs)[0].shape[:1] == (1,)
    with nn.intercept_methods(partial(_mark, calls, count(), alone)):
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
    alone: bool,
    next_call: Any,
    args: tuple,
    kwargs: dict,
    context: InterceptorContext,
) -> Any:
    """Calls a method in a scope with its number, and marks and lists its output.

    Of one example `alone` it is seen where time comes before the batch.
    """
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
    sides = leaves[0].shape
    turned = is_time_major(layer) or (alone and sides[:1] != (1,) and sides[1:2] == (1,))
    shape = _without_batch(sides, time_major=turned)
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
    """Paths as names, layers first; another method is `path.method`, a second call `path (2)`."""
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
