"""How far back a recurrent net learns: the gradient of its last output by earlier states (G2)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.recurrence.unrolled import States, stack_of, unroll
from dl.layers.recurrent import Kind, init_layer
from dl.layers.recurrent.cells import CellParams
from dl.tables import Table
from dl.types import Array, Key

Loss = Callable[[Array], Array]
"""From the last outputs [B, H] to one number for each sequence, [B]."""


class GradientNorms(NamedTuple):
    """Mean norms [T]; entry k is for the state k steps before the last output.

    `state` is for everything that a step hands to the next, (c, h) in an LSTM. `hidden` is for h
    alone and `cell` for c alone, each with the other held constant; without a cell it is None.
    """

    state: Array
    hidden: Array
    cell: Array | None


def gradient_norms(
    kind: str | Kind,
    params: CellParams,
    xs: Array,
    *,
    loss: Loss | None = None,
    key: Key | None = None,
    carry: Any = None,
) -> GradientNorms:
    """‖∂L_T/∂h_t‖ by the distance T − t, the mean over the batch: xs [T, B, D] -> [T] each.

    L_T is `loss` of the last outputs; if None, their projections on directions drawn from `key`
    (None: the key of seed 0), so that the norm is 1 at distance 0. One backward pass gives the
    exact gradients at all distances. Each is a product of T − t Jacobians, which may vanish or
    explode. The layer starts from `carry`.
    Source: G2; Bengio et al. (1994); Pascanu et al. (2013), arXiv:1211.5063.

    >>> halves = {"input": jnp.zeros((1, 2)), "recurrent": 0.5 * jnp.eye(2)}
    >>> gradient_norms("rnn", halves, jnp.zeros((4, 8, 1))).state.round(5).tolist()
    [1.0, 0.5, 0.25, 0.125]

    Raises:
        InputError: as `unroll`, for an empty batch, and for a loss whose result is not [B].
    """
    return _norms(_gradients(kind, [params], xs, loss, key, [carry])[0])


def stack_gradient_norms(
    kind: str | Kind,
    params: Mapping[str, CellParams],
    xs: Array,
    *,
    loss: Loss | None = None,
    key: Key | None = None,
    carry: Sequence[Any] | None = None,
) -> tuple[GradientNorms, ...]:
    """`gradient_norms` of every layer of a stack, the lowest first: xs [T, B, D] -> [T] each.

    L_T is computed from the highest layer's last outputs; a lower layer's states reach it through
    all layers above, from their own step on. One backward pass serves all layers. `params` are
    those of `Recurrent` ("layer_0", "layer_1", ...); `carry` has one entry for each layer. There is
    no dropout.

    >>> halves = {"input": jnp.eye(1), "recurrent": 0.5 * jnp.eye(1)}
    >>> stack = {"layer_0": halves, "layer_1": halves}
    >>> [norms.state.tolist() for norms in stack_gradient_norms("rnn", stack, jnp.zeros((4, 1, 1)))]
    [[1.0, 1.0, 0.75, 0.5], [1.0, 0.5, 0.25, 0.125]]

    Raises:
        InputError: as `gradient_norms` and `stack_of`, and for another number of carries.
    """
    layers = stack_of(params)
    carries = [None] * len(layers) if carry is None else list(carry)
    if len(carries) != len(layers):
        raise InputError(
            f"a stack of {len(layers)} layers has a carry for each, not {len(carries)} carries"
        )
    return tuple(
        _norms(gradients) for gradients in _gradients(kind, layers, xs, loss, key, carries)
    )


def state_gradients(
    kind: str | Kind,
    params: CellParams,
    xs: Array,
    *,
    loss: Loss | None = None,
    key: Key | None = None,
    carry: Any = None,
) -> States:
    """∂L_T/∂h_t of every sequence, in the order of time: xs [T, B, D] -> [T, B, H].

    For an LSTM the result has two arrays, for c and for h. Options are those of `gradient_norms`.
    Source: G2.

    >>> halves = {"input": jnp.zeros((1, 1)), "recurrent": jnp.full((1, 1), 0.5)}
    >>> (by_h,) = state_gradients("rnn", halves, jnp.zeros((3, 1, 1)), loss=lambda h: h.sum(-1))
    >>> by_h.ravel().tolist()
    [0.25, 0.5, 1.0]
    """
    return _gradients(kind, [params], xs, loss, key, [carry])[0]


def initial_gradient_norms(
    key: Key,
    xs: Array,
    *,
    hidden_size: int,
    kinds: Sequence[str] = ("rnn", "lstm", "gru"),
    **options: Any,
) -> dict[str, Array]:
    """`gradient_norms` of fresh layers, for their whole states: xs [T, B, D] -> [T] by kind.

    `options` are those of `init_layer`, such as `recurrent_init` or an LSTM's `forget_bias`.
    Source: G2-G4.

    >>> noise = jnp.ones((4, 2, 3))
    >>> norms = initial_gradient_norms(jax.random.key(0), noise, hidden_size=5, kinds=["gru"])
    >>> norms["gru"].shape
    (4,)
    """
    first, second = jax.random.split(key)
    layers = {
        kind: init_layer(
            kind, first, input_size=np.shape(xs)[-1], hidden_size=hidden_size, **options
        )
        for kind in kinds
    }
    return {
        kind: gradient_norms(kind, params, xs, key=second).state for kind, params in layers.items()
    }


def norms_table(norms: Mapping[str, Array]) -> Table:
    """A table of norms [T] by name, at the distances 1, 2, 4, 8, ...

    >>> print(norms_table({"rnn": 0.5 ** np.arange(6), "lstm": np.ones(6)}).text())
    distance      rnn     lstm
    1         5.0e-01  1.0e+00
    2         2.5e-01  1.0e+00
    4         6.2e-02  1.0e+00

    Raises:
        InputError: for norms of sequences of several lengths.
    """
    steps = {name: len(values) for name, values in norms.items()}
    if len(set(steps.values())) != 1:
        raise InputError(f"a table needs norms of sequences of one length, not of {steps}")
    distances = [2**power for power in range((max(steps.values()) - 1).bit_length())]
    rows = [(k, *(float(values[k]) for values in norms.values())) for k in distances]
    return Table(("distance", *norms), rows, formats=dict.fromkeys(norms, ".1e"))


def vector_norm(vectors: Array) -> Array:
    """‖v‖ over the last axis, [..., F] -> [...], also where its square underflows or overflows.

    >>> print(f"{vector_norm(jnp.array([3e-30, 4e-30])):.3g}")
    5e-30
    """
    largest = jnp.abs(vectors).max(-1, keepdims=True)
    scale = jnp.where((largest > 0) & jnp.isfinite(largest), largest, 1)
    return scale[..., 0] * jnp.linalg.norm(vectors / scale, axis=-1)


@partial(jax.jit, static_argnames=("kind", "loss"))
def _gradients(
    kind: str | Kind,
    layers: Sequence[CellParams],
    xs: Array,
    loss: Loss | None,
    key: Key | None,
    carries: Sequence[Any],
) -> list[States]:
    """The derivatives by nudges of zero that are added to every state of every layer: [T, B, H]."""

    def total(nudges: list[States]) -> Array:
        return _losses(
            _unroll_stack(kind, layers, xs, carries, nudges)[-1][-1][-1], loss, key
        ).sum()

    states = jax.eval_shape(lambda: _unroll_stack(kind, layers, xs, carries, [None] * len(layers)))
    if not states[-1][-1].shape[1]:
        raise InputError(f"a mean over the batch needs at least one sequence, not {np.shape(xs)}")
    nudges = jax.tree.map(lambda rows: jnp.zeros((len(xs), *rows.shape[1:]), rows.dtype), states)
    return jax.grad(total)(nudges)


def _unroll_stack(
    kind: str | Kind,
    layers: Sequence[CellParams],
    xs: Array,
    carries: Sequence[Any],
    nudges: Sequence[States | None],
) -> list[States]:
    stack = []
    for params, carry, nudge in zip(layers, carries, nudges, strict=True):
        stack.append(unroll(kind, params, xs, carry, nudges=nudge))
        xs = stack[-1][-1][1:]
    return stack


def _losses(outputs: Array, loss: Loss | None, key: Key | None) -> Array:
    """L_T of each sequence: [B, H] -> [B]."""
    if loss is None:
        key = jax.random.key(0) if key is None else key
        directions = jax.random.normal(key, outputs.shape, outputs.dtype)
        return (outputs * directions).sum(-1) / jnp.linalg.norm(directions, axis=-1)
    losses = loss(outputs)
    if np.shape(losses) != outputs.shape[:1]:
        wanted = f"a loss gives one number for each sequence, [B] = [{len(outputs)}]"
        raise InputError(
            f"{wanted}, not an array of shape {np.shape(losses)}: do not sum over the batch"
        )
    return losses


@jax.jit
def _norms(gradients: States) -> GradientNorms:
    def mean(*arrays: Array) -> Array:
        return vector_norm(jnp.concatenate(arrays, axis=-1)).mean(-1)[::-1]

    return GradientNorms(
        mean(*gradients), mean(gradients[-1]), mean(gradients[0]) if len(gradients) > 1 else None
    )
