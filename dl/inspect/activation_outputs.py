"""The outputs of every activation function of a model, wherever in its computation they are."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

from dl.models.earlier_selves import without_pool
from dl.types import Array, LayerTrace, Model, ModelState, Params


class Activation(NamedTuple):
    """The outputs [..., units] of one activation function, behind the layer of that name."""

    layer: str
    function: str
    """relu, tanh or logistic."""
    outputs: Array


def activation_outputs(
    model: Model, params: Params, model_state: ModelState, inputs: Any
) -> list[Activation]:
    """The outputs of each ReLU, tanh and logistic function for a batch of `inputs`, in order.

    They are found in the traced computation: a maximum with 0, and the operations tanh and
    logistic. Inside a loop over time they have the time as their first axis. Dropout is off.

    >>> import dl
    >>> model = dl.models.mlp(10, hidden_sizes=(5,))
    >>> params, state = model.init(jax.random.key(0), jnp.ones((1, 4)))
    >>> [(each.layer, each.function, each.outputs.shape)
    ...  for each in activation_outputs(model, params, state, jnp.ones((3, 4)))]
    [('hidden1', 'relu', (3, 5))]
    """
    own_state = without_pool(model_state)  # a traced model has no earlier selves
    shape = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), inputs)
    if model.trace is None:
        jaxpr = jax.make_jaxpr(lambda *given: model.apply(*given)[0])(params, model_state, shape)
        trace, given = LayerTrace(jaxpr, {}, ()), (params, model_state, inputs)
    else:
        trace, given = model.trace(shape), ({"params": params, **own_state}, inputs)
    kinds: list[tuple[str, str]] = []

    def run(leaves: list[Array]) -> list[Array]:
        recorder = _Recorder(trace)
        found = recorder.run(trace.jaxpr, leaves, None)[1]
        kinds[:] = [each[:2] for each in found]
        return [each.outputs for each in found]

    outputs = jax.jit(run)(jax.tree.leaves(given))
    return [Activation(*kind, array) for kind, array in zip(kinds, outputs, strict=True)]


class _Recorder:
    """Computes a traced model equation by equation, and keeps the outputs of activations.

    An activation function is named by its layer, or if it stands between layers by the one before.
    """

    def __init__(self, trace: LayerTrace) -> None:
        self._names = {number: trace.calls[number].name for number in trace.layers}
        self._last = "inputs"

    def run(
        self, closed: ClosedJaxpr, values: Sequence[Any], layer: int | None
    ) -> tuple[list[Any], list[Activation]]:
        """The outputs of a computation, and the activations inside of it."""
        known = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
        known |= dict(zip(closed.jaxpr.invars, values, strict=True))

        def read(variable: Any) -> Any:
            return variable.val if isinstance(variable, Literal) else known[variable]

        found: list[Activation] = []
        for equation in closed.jaxpr.eqns:
            marks = re.findall(r"layer (\d+)", str(equation.source_info.name_stack))
            here = int(marks[-1]) if marks else layer
            self._last = self._names.get(here, self._last) if here is not None else self._last
            outputs, inside = self._compute(equation, [*map(read, equation.invars)], here)
            found += inside
            if function := _activation(equation):
                found.append(Activation(self._last, function, outputs[0]))
            known |= dict(zip(equation.outvars, outputs, strict=True))
        return [read(variable) for variable in closed.jaxpr.outvars], found

    def _compute(
        self, equation: JaxprEqn, values: list[Any], layer: int | None
    ) -> tuple[list[Any], list[Activation]]:
        params = equation.params
        if platforms := params.get("branches_platforms"):  # the default branch is the native one
            return self.run(params["branches"][platforms.index(None)], values[1:], layer)
        if equation.primitive.name == "scan":
            return self._loop(params, values, layer)
        if inner := _called(equation):
            return self.run(inner, values, layer)
        outputs = equation.primitive.bind(*values, **params)
        return outputs if equation.primitive.multiple_results else [outputs], []

    def _loop(
        self, params: dict[str, Any], values: list[Any], layer: int | None
    ) -> tuple[list[Any], list[Activation]]:
        """A loop over time whose body also gives out its activations."""
        first, carried = params["num_consts"], params["num_consts"] + params["num_carry"]
        kinds: list[tuple[str, str]] = []

        def body(carry: list[Any], xs: list[Any]) -> tuple[list[Any], Any]:
            outputs, found = self.run(params["jaxpr"], [*values[:first], *carry, *xs], layer)
            kinds[:] = [each[:2] for each in found]
            count = params["num_carry"]
            return outputs[:count], (outputs[count:], [each.outputs for each in found])

        carry, (ys, outputs) = jax.lax.scan(
            body,
            values[first:carried],
            values[carried:],
            length=params["length"],
            reverse=params["reverse"],
        )
        found = [Activation(*kind, array) for kind, array in zip(kinds, outputs, strict=True)]
        return [*carry, *ys], found


def _called(equation: JaxprEqn) -> ClosedJaxpr | None:
    """What an equation calls with its own inputs (jit, checkpoint, custom gradients), or None."""
    inner = [value for value in equation.params.values() if isinstance(value, Jaxpr | ClosedJaxpr)]
    if len(inner) != 1 or equation.primitive.name in ("while", "cond"):
        return None
    closed = inner[0] if isinstance(inner[0], ClosedJaxpr) else ClosedJaxpr(inner[0], ())
    return closed if len(closed.jaxpr.invars) == len(equation.invars) else None


def _activation(equation: JaxprEqn) -> str | None:
    """The name of the activation function that an equation is; None for any other equation."""
    name, shape = equation.primitive.name, getattr(equation.outvars[0].aval, "shape", ())
    if len(shape) < 2:
        return None
    if name in ("tanh", "logistic"):
        return name
    zero = any(isinstance(each, Literal) and np.all(each.val == 0) for each in equation.invars)
    # Flax's norms take the maximum of a variance and 0.
    in_norm = "norm" in str(equation.source_info.name_stack).lower()
    return "relu" if name == "max" and zero and not in_norm else None
