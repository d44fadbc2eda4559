"""Recurrent layers over time, as pure functions: any cell with `scan_cell`, the known ones with `recurrent_layer`."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax

from dl.errors import InputError, did_you_mean
from dl.layers.cells import Cell, CellParams, gru_cell, gru_reset_after_cell, lstm_cell, rnn_cell
from dl.layers.cudnn import cudnn_lstm
from dl.layers.fast_scan import fast_scan
from dl.types import Array, Key

Initializer = Callable[..., Any]


class Kind(NamedTuple):
    """A cell, how many blocks of H columns its weights have, and how many arrays its carry."""

    cell: Cell
    gates: int
    states: int


KINDS = {
    "rnn": Kind(rnn_cell, 1, 1),
    "lstm": Kind(lstm_cell, 4, 2),
    "gru": Kind(gru_cell, 3, 1),
    "gru_reset_after": Kind(gru_reset_after_cell, 3, 1),
}
"""The cells that have a name. "gru" is the slides', "gru_reset_after" that of cuDNN and PyTorch."""


def scan_cell(
    cell: Callable[[Any, Any, Any], tuple[Any, Any]],
    params: Any,
    xs: Any,
    carry: Any,
    *,
    lengths: Array | None = None,
    reverse: bool = False,
    remat_steps: int = 0,
) -> tuple[Any, Any]:
    """Any cell `(params, carry, x) -> (carry, y)` over time: xs [T, B, ...] -> ys [T, B, ...], last carry.

    Past `lengths` [B] the carry stays as it is and outputs are zero. `reverse` goes from the last step to the first; the
    outputs stay in the order of time. With `remat_steps` n only every n-th carry is kept for the backward pass and the
    steps between are computed again: memory for T / n + n steps instead of T. Source: G1.

    >>> total = lambda params, carry, x: (carry + x, carry + x)
    >>> ys, last = scan_cell(total, None, jnp.ones((3, 2)), jnp.zeros(2), lengths=jnp.array([3, 1]))
    >>> ys.T.tolist(), last.tolist()
    ([[1.0, 2.0, 3.0], [1.0, 0.0, 0.0]], [3.0, 1.0])
    """
    steps, batch = jax.tree.leaves(xs)[0].shape[:2]
    there = None if lengths is None else step_mask(lengths, steps, batch)

    def step(carry: Any, now: tuple[Any, Array | None]) -> tuple[Any, Any]:
        x, there = now
        new, y = cell(params, carry, x)
        if there is None:
            return new, y
        return keep_where(there, new, carry), jax.tree.map(lambda leaf: _expand(there, leaf) * leaf, y)

    if not remat_steps:
        return _swap(lax.scan(step, carry, (xs, there), reverse=reverse))
    return _scan_in_chunks(step, (xs, there), carry, steps=steps, size=remat_steps, reverse=reverse)


def recurrent_layer(
    kind: str,
    params: CellParams,
    xs: Array,
    carry: Any = None,
    *,
    lengths: Array | None = None,
    reverse: bool = False,
    remat_steps: int = 0,
    implementation: str = "auto",
) -> tuple[Array, Any]:
    """A layer of one of `KINDS` over time: xs [T, B, D] -> ys [T, B, H] and the last carry.

    `carry` (zeros if None) is h [B, H], of an LSTM (c, h). `lengths`, `reverse` and `remat_steps` are those of
    `scan_cell`. `implementation` "auto" is a loop with a hand-written backward pass; "scan" differentiates the cell step
    by step, and is the one to name for forward-mode derivatives (`jax.jvp`, `jax.jacfwd`, `jax.hessian`); "cudnn" calls
    NVIDIA's library (LSTM on its GPUs, whole sequences). All are equal to float tolerance. Source: G1, G3, G4.

    >>> params = init_layer("lstm", jax.random.key(0), input_size=2, hidden_size=3)
    >>> ys, (c, h) = recurrent_layer("lstm", params, jnp.ones((5, 4, 2)))
    >>> ys.shape, c.shape, bool((h == ys[-1]).all())
    ((5, 4, 3), (4, 3), True)
    """
    _check_layer(kind, params, xs, implementation)
    carry = zero_carry(kind, xs.shape[1], params["recurrent"].shape[0], xs.dtype) if carry is None else carry
    _check_carry(kind, carry, (xs.shape[1], params["recurrent"].shape[0]))
    if implementation == "cudnn":
        _check_cudnn(kind, lengths, reverse, remat_steps)
        return cudnn_lstm(params, xs, carry)
    if implementation == "scan" or remat_steps:
        cell = KINDS[kind].cell
        return scan_cell(cell, params, xs, carry, lengths=lengths, reverse=reverse, remat_steps=remat_steps)
    return _fast_layer(kind, params, xs, carry, lengths=lengths, reverse=reverse)


def init_layer(
    kind: str,
    key: Key,
    *,
    input_size: int,
    hidden_size: int,
    use_bias: bool = True,
    forget_bias: float = 0.0,
    dtype: Any = jnp.float32,
    input_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
) -> dict[str, Array]:
    """First parameters: W Lecun-normal, U orthogonal gate by gate, b zero, an LSTM's forget gate `forget_bias`.

    >>> {name: array.shape for name, array in init_layer("rnn", jax.random.key(0), input_size=2, hidden_size=3).items()}
    {'input': (2, 3), 'recurrent': (3, 3), 'bias': (3,)}
    """
    _check_kind(kind)
    gates = KINDS[kind].gates
    input_init = input_init or nn.initializers.lecun_normal()
    recurrent_init = recurrent_init or nn.initializers.orthogonal()
    input_key, *keys = jax.random.split(key, gates + 1)
    blocks = [recurrent_init(key, (hidden_size, hidden_size), dtype) for key in keys]
    params = {
        "input": input_init(input_key, (input_size, gates * hidden_size), dtype),
        "recurrent": jnp.concatenate(blocks, axis=1),
    }
    if use_bias:
        bias = jnp.zeros((gates, hidden_size), dtype)
        params["bias"] = (bias.at[1].set(forget_bias) if kind == "lstm" else bias).reshape(-1)
    if use_bias and kind == "gru_reset_after":
        params["recurrent_bias"] = jnp.zeros(hidden_size, dtype)
    return params


def zero_carry(kind: str, batch: int, hidden_size: int, dtype: Any = jnp.float32) -> Any:
    """The carry that a layer starts from: zeros [B, H], for an LSTM two of them.

    >>> zero_carry("rnn", 1, 2).tolist()
    [[0.0, 0.0]]
    """
    zeros = jnp.zeros((batch, hidden_size), dtype)
    return (zeros, zeros) if KINDS[kind].states == 2 else zeros


def step_mask(lengths: Array, steps: int, batch: int) -> Array:
    """[T, B], True where step t < lengths[b]. Lengths beyond T are refused where their values are known.

    >>> step_mask(jnp.array([2, 0]), 3, 2).astype(int).tolist()
    [[1, 0], [1, 0], [0, 0]]
    """
    if jnp.shape(lengths) != (batch,):
        raise InputError(f"lengths must be [B] = [{batch}], one a sequence, not of shape {jnp.shape(lengths)}")
    if not isinstance(lengths, jax.core.Tracer) and batch and not 0 <= min(lengths) <= max(lengths) <= steps:
        raise InputError(f"lengths go from {min(lengths)} to {max(lengths)}, the sequences have 0 to {steps} steps")
    return jnp.arange(steps)[:, None] < jnp.asarray(lengths)[None, :]


def keep_where(there: Array, new: Any, old: Any) -> Any:
    """`new` in the rows of the batch where `there` [B] is true, otherwise `old`."""
    return jax.tree.map(lambda a, b: jnp.where(_expand(there, a), a, b), new, old)


def _expand(there: Array, leaf: Array) -> Array:
    return there.reshape(there.shape + (1,) * (leaf.ndim - there.ndim))


def _fast_layer(
    kind: str, params: CellParams, xs: Array, carry: Any, *, lengths: Array | None, reverse: bool
) -> tuple[Array, Any]:
    size = params["recurrent"].shape[0]
    biases = {"bias": jnp.zeros(params["input"].shape[1], xs.dtype)}
    if kind == "gru_reset_after":
        biases["recurrent_bias"] = jnp.zeros(size, xs.dtype)
    state = carry if KINDS[kind].states == 2 else (carry,)
    mask = None if lengths is None else step_mask(lengths, *xs.shape[:2])[..., None].astype(xs.dtype)
    ys, state = fast_scan(kind, reverse, {**biases, **params}, xs, tuple(state), mask)
    return ys if mask is None else ys * mask, state if KINDS[kind].states == 2 else state[0]


def _scan_in_chunks(
    step: Callable, now: Any, carry: Any, *, steps: int, size: int, reverse: bool
) -> tuple[Any, Any]:
    """A scan over chunks of `size` steps that keeps only the carries between them; a shorter chunk is the last in time."""
    whole = steps // size * size
    inner = jax.checkpoint(partial(lax.scan, step, reverse=reverse), prevent_cse=False)

    def chunks(carry: Any) -> tuple[Any, Any]:
        split = jax.tree.map(lambda leaf: leaf[:whole].reshape(-1, size, *leaf.shape[1:]), now)
        carry, ys = lax.scan(inner, carry, split, reverse=reverse)
        return carry, jax.tree.map(lambda leaf: leaf.reshape(whole, *leaf.shape[2:]), ys)

    def rest(carry: Any) -> tuple[Any, Any]:
        return inner(carry, jax.tree.map(lambda leaf: leaf[whole:], now))

    if whole == steps:
        return _swap(chunks(carry))
    if not whole:
        return _swap(rest(carry))
    carry, first = (rest if reverse else chunks)(carry)
    carry, second = (chunks if reverse else rest)(carry)
    early, late = (second, first) if reverse else (first, second)
    return jax.tree.map(lambda a, b: jnp.concatenate([a, b]), early, late), carry


def _swap(result: tuple[Any, Any]) -> tuple[Any, Any]:
    return result[1], result[0]


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise InputError(f"unknown cell {kind!r}: {did_you_mean(kind, tuple(KINDS))}")


def _check_layer(kind: str, params: CellParams, xs: Array, implementation: str) -> None:
    _check_kind(kind)
    if implementation not in ("auto", "scan", "cudnn"):
        hint = did_you_mean(implementation, ("auto", "scan", "cudnn"))
        raise InputError(f"unknown implementation {implementation!r}: {hint}")
    columns = params["recurrent"].shape[0] * KINDS[kind].gates
    if xs.ndim != 3 or xs.shape[-1] != params["input"].shape[0]:
        raise InputError(f"sequences are [T, B, {params['input'].shape[0]}] for these parameters, not {xs.shape}")
    if params["recurrent"].shape[1] != columns or params["input"].shape[1] != columns:
        found = params["input"].shape[1], params["recurrent"].shape[1]
        raise InputError(f"an {kind} of this size has weights of {columns} columns, not {found[0]} and {found[1]}")


def _check_carry(kind: str, carry: Any, shape: tuple[int, int]) -> None:
    shapes = [leaf.shape for leaf in jax.tree.leaves(carry)]
    if shapes != [shape] * KINDS[kind].states:
        raise InputError(f"the carry of {kind} is {KINDS[kind].states} array(s) {list(shape)}, not {shapes}")


def _check_cudnn(kind: str, lengths: Array | None, reverse: bool, remat_steps: int) -> None:
    if kind != "lstm" or lengths is not None or reverse or remat_steps:
        raise InputError('"cudnn" is for an LSTM forward in time over whole sequences: use implementation="auto"')
    if jax.default_backend() != "gpu":
        raise InputError(f'"cudnn" needs an NVIDIA GPU, here is {jax.default_backend()}: use implementation="auto"')
