"""A recurrent layer unrolled over time: all its states, and what a nudge to one of them changes."""

from collections.abc import Mapping
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.layers.recurrent import KINDS, Kind, recurrent_layer
from dl.layers.recurrent.cells import CellParams
from dl.layers.recurrent.scan import scan_cell
from dl.types import Array

States: TypeAlias = tuple[Array, ...]
"""The arrays of a carry: (h,), or in an LSTM (c, h). The last one is the layer's output."""


def unroll(
    kind: str | Kind,
    params: CellParams,
    xs: Array,
    carry: Any = None,
    *,
    nudges: States | None = None,
) -> States:
    """The states before and after every step: xs [T, B, D] -> [T + 1, B, H], in an LSTM two arrays.

    Row 0 is the carry that the layer starts from (zeros if None), row t the state after step t.
    `nudges` are arrays [T, B, H], one for each array of the state; they are added after each step,
    and the following steps see them, so that the derivative by a nudge is that by the state.
    `params` are those of `recurrent_layer`, which `Recurrent` keeps under "layer_0", .... `kind` is
    the name of a cell, or a `Kind` with your own cell whose output is the last array of its carry.
    Source: G1.

    >>> params = {"input": jnp.zeros((1, 1)), "recurrent": jnp.zeros((1, 1))}
    >>> nudges = (jnp.array([0.0, 5.0, 0.0]).reshape(3, 1, 1),)
    >>> (h,) = unroll("rnn", params, jnp.ones((3, 1, 1)), jnp.ones((1, 1)), nudges=nudges)
    >>> h.ravel().tolist()
    [1.0, 0.0, 5.0, 0.0]

    Raises:
        InputError: for an unknown cell, for parameters that are not those of one layer, and for
            sequences or a carry of another shape.
    """
    params, xs, first = _prepared(kind, params, xs, carry)
    cell = kind_of(kind).cell

    def step(
        params: CellParams, states: States, now: tuple[Array, States | None]
    ) -> tuple[States, States]:
        x, nudge = now
        new = _states(cell(params, carry_of(states), x)[0])
        new = new if nudge is None else jax.tree.map(jnp.add, new, nudge)
        return new, new

    after, _ = scan_cell(step, params, (xs, nudges), first)
    return jax.tree.map(lambda start, rest: jnp.concatenate([start[None], rest]), first, after)


def kind_of(kind: str | Kind) -> Kind:
    """The kind of that name, or `kind` itself if it is one."""
    return KINDS[kind] if isinstance(kind, str) else kind


def carry_of(states: States) -> Any:
    """The states as a cell takes them: a single array, or several as a tuple."""
    return states[0] if len(states) == 1 else states


def stack_of(params: Mapping[str, CellParams]) -> list[CellParams]:
    """The layers "layer_0", "layer_1", ... of a stack's parameters, the lowest first.

    >>> [layer["input"].shape for layer in stack_of({"layer_0": {"input": jnp.ones((5, 3))}})]
    [(5, 3)]

    Raises:
        InputError: for other names, such as those of a bidirectional stack.
    """
    expected = [f"layer_{number}" for number in range(len(params))]
    if not params or set(params) != set(expected):
        raise InputError(f"a stack's parameters are layer_0, layer_1, ... and not {_names(params)}")
    return [params[name] for name in expected]


def of_one_type(params: CellParams, xs: Array) -> tuple[CellParams, Array]:
    """A layer's parameters and sequences [T, B, D] in one type that holds both.

    >>> params, xs = of_one_type({"input": jnp.ones((1, 1), jnp.bfloat16)}, jnp.ones((3, 1, 1)))
    >>> str(params["input"].dtype), str(xs.dtype)
    ('float32', 'float32')
    """
    dtype = jnp.result_type(xs, *params.values())
    params = {name: jnp.asarray(array, dtype) for name, array in params.items()}
    return params, jnp.asarray(xs, dtype)


def _prepared(
    kind: str | Kind, params: CellParams, xs: Array, carry: Any
) -> tuple[CellParams, Array, States]:
    """Parameters, sequences and the first states, all of one type."""
    if not {"input", "recurrent"} <= set(params):
        hint = 'take one layer out of a stack, as params["layer_0"]'
        raise InputError(
            f"a layer's parameters are input, recurrent and biases, not {_names(params)}: {hint}"
        )
    params, xs = of_one_type(params, xs)
    carry = jax.tree.map(lambda leaf: jnp.asarray(leaf, xs.dtype), carry)
    if isinstance(kind, str):  # the layer itself refuses other shapes
        jax.eval_shape(partial(recurrent_layer, kind, implementation="scan"), params, xs, carry)
    zeros = jnp.zeros((xs.shape[1], params["recurrent"].shape[0]), xs.dtype)
    return params, xs, (zeros,) * kind_of(kind).states if carry is None else _states(carry)


def _states(carry: Any) -> States:
    return tuple(jax.tree.leaves(carry))


def _names(params: Mapping[str, Any]) -> str:
    return ", ".join(params) or "empty"
