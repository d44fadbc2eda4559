"""From a net to the pair of pure functions that the rest of the toolkit uses.

Linen is known here, in the layers and in the models, and nowhere else.
"""

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.errors import (
    ModifyScopeVariableError,
    ScopeParamNotFoundError,
    ScopeParamShapeError,
)

from dl.errors import InputError
from dl.models.activations import capture_activations
from dl.models.checks import check_one_shape, shown
from dl.models.modes import mode
from dl.models.trace import trace_layers
from dl.types import Array, Carry, Key, LayerTrace, Model, ModelState, Params


def from_linen(module: nn.Module, *, name: str | None = None, ragged: bool = False) -> Model:
    """The `Model` of a Flax linen module: `module(inputs)` or `module(inputs, train=False)`.

    A module whose call takes `train` (or `training`, `is_training`, `deterministic`) learns so
    whether it is in training. Its collections other than `params`, such as batch statistics, become
    the `model_state` and change in training only. `key` feeds dropout and every other random
    stream. Sequences of several lengths are refused unless the module reads `ragged` inputs.

    Raises:
        InputError: for anything but a linen module; when it is applied, for parameters that were
            made for inputs of another shape, and for batch statistics that change in evaluation.

    >>> model = from_linen(nn.Sequential([nn.Dense(4), nn.relu, nn.Dense(3)]), name="small")
    >>> params, model_state = model.init(jax.random.key(0), jnp.ones((1, 2)))
    >>> model.apply(params, model_state, jnp.ones((5, 2)))[0].shape
    (5, 3)
    """
    _check_linen(module)

    def init(key: Key, inputs: Any) -> tuple[Params, ModelState]:
        if not ragged:
            check_one_shape(inputs, model=type(module).__name__)
        rngs = {"params": key, "dropout": key}
        variables = dict(module.init(rngs, inputs, **mode(module, train=False)))
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
        # A module's other random streams fall back on "params".
        rngs = None if key is None else {"params": key, "dropout": key}
        call = partial(module.apply, variables, inputs, rngs=rngs, **mode(module, train=train))
        with _input_errors(module, inputs, model_state):
            if train and model_state:
                outputs, model_state = call(mutable=list(model_state))
                return outputs, dict(model_state), carry
            return call(), model_state, carry  # type: ignore[return-value]

    def activations(
        params: Params, model_state: ModelState, inputs: Array
    ) -> OrderedDict[str, Array]:
        return capture_activations(module, params, model_state, inputs)

    name = name or type(module).__name__.lower()
    return Model(name, init, apply, partial(trace_layers, module), activations)


def from_recurrent(
    module: nn.Module,
    *,
    name: str | None = None,
    initial_carry: Callable[[int], Carry] | None = None,
    symbols: bool = False,
) -> Model:
    """The `Model` of a linen module `module(inputs, carry=(), train=False) -> (outputs, carry)`.

    `initial_carry(B)` is the carry with which B rows start; None for a module that carries nothing
    on. A module that reads `symbols` is traced with integers. It has no collection but `params`.

    >>> class Sum(nn.Module):
    ...     @nn.compact
    ...     def __call__(self, inputs, *, carry=(), train=False):
    ...         return carry + inputs, carry + inputs
    >>> model = from_recurrent(Sum(), initial_carry=jnp.zeros)
    >>> model.apply({}, {}, jnp.ones(1), carry=jnp.ones(1))
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
                f"these are not the parameters of this {model.name}, its layers or sizes differ: "
                f"give those that its own init made for inputs like these"
            ) from error

    def trace(inputs: jax.ShapeDtypeStruct) -> LayerTrace:
        return trace_layers(
            module, jax.ShapeDtypeStruct(inputs.shape, jnp.int32) if symbols else inputs
        )

    return replace(model, apply=apply, trace=trace, initial_carry=initial_carry)


def _check_linen(module: Any) -> None:
    if isinstance(module, nn.Module):
        return
    if isinstance(module, type) and issubclass(module, nn.Module):
        name = module.__name__
        raise InputError(f"from_linen takes a module, {name} is a class: give {name}(...)")
    raise InputError(
        f"from_linen takes a flax.linen module, not {type(module).__name__}: an NNX module goes to "
        f"from_nnx, two functions go to from_functions"
    )


@contextlib.contextmanager
def _input_errors(module: nn.Module, inputs: Any, model_state: ModelState) -> Iterator[None]:
    """Flax's errors about parameters and statistics, in words that say what to do."""
    try:
        yield
    except ScopeParamShapeError as error:
        raise InputError(
            f"these parameters were made for inputs of another shape than {shown(inputs)}: "
            f"give them the size and the channels that init had, or call init for these"
        ) from error
    except ModifyScopeVariableError as error:
        raise InputError(
            f"{type(module).__name__} changes its {', '.join(model_state)} in evaluation too: "
            f"let its __call__ take `train`, and give use_running_average=not train"
        ) from error
