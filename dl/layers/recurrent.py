"""Recurrent layers over time, as pure functions: the cells that have a name, their parameters and
implementations.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError, did_you_mean
from dl.layers.cells import Cell, CellParams, gru_cell, gru_reset_after_cell, lstm_cell, rnn_cell
from dl.layers.cudnn import cudnn_lstm
from dl.layers.fast_scan import fast_scan
from dl.layers.products import check_product_dtype, with_products_in
from dl.layers.scan import in_chunks, scan_cell, step_mask
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


def recurrent_layer(
    kind: str,
    params: CellParams,
    xs: Array,
    carry: Any = None,
    *,
    lengths: Array | None = None,
    reverse: bool = False,
    remat_steps: int = 0,
    product_dtype: Any = None,
    implementation: str = "auto",
) -> tuple[Array, Any]:
    """A layer of one of `KINDS` over time: xs [T, B, D] -> ys [T, B, H] and the last carry.

    `carry` (zeros if None) is h [B, H], of an LSTM (c, h). `lengths`, `reverse` and `remat_steps`
    are those of `scan_cell`; what lies past `lengths` must be finite. `implementation` "auto" is a
    loop with a hand-written backward pass; "scan" differentiates the cell step by step; "cudnn"
    calls NVIDIA's library (LSTM on its GPUs, whole sequences). All are equal to float tolerance.
    Forward-mode derivatives (`jax.jvp`, `jax.jacfwd`) need "scan": "auto" refuses them in one line,
    under `jit` only when it is compiled, with JAX's own TypeError. Second derivatives work with
    both, reverse over reverse and forward over reverse (`jax.hessian`). Inside `jax.shard_map`:
    `check_vma=False`. `product_dtype` "bfloat16" multiplies in it ("scan" only forward) and sums in
    the arrays' type
    (`dl.layers.products`): faster wherever there are units for it. Source: G1, G3, G4.

    >>> params = init_layer("lstm", jax.random.key(0), input_size=2, hidden_size=3)
    >>> ys, (c, h) = recurrent_layer("lstm", params, jnp.ones((5, 4, 2)))
    >>> ys.shape, c.shape, bool((h == ys[-1]).all())
    ((5, 4, 3), (4, 3), True)

    Raises:
        InputError: for an unknown cell or implementation, parameters, sequences, lengths or a carry
            that do not fit each other, sequences without a step, a product type with more digits
            than the arrays, what cuDNN has not.
    """
    _check_layer(kind, params, xs, implementation)
    carry = (
        zero_carry(kind, xs.shape[1], params["recurrent"].shape[0], xs.dtype)
        if carry is None
        else carry
    )
    _check_carry(kind, carry, (xs.shape[1], params["recurrent"].shape[0]))
    params, xs, carry = _of_one_type(kind, params, xs, carry)
    check_product_dtype(product_dtype, xs.dtype)
    if implementation == "cudnn":
        _check_cudnn(kind, lengths, reverse, remat_steps, product_dtype)
        return cudnn_lstm(params, xs, carry)
    layer = partial(_plain_layer if implementation == "scan" else _fast_layer, kind, product_dtype)
    return layer(params, xs, carry, lengths=lengths, reverse=reverse, remat_steps=remat_steps)


def layer_arrays(
    kind: str,
    *,
    input_size: int,
    hidden_size: int,
    use_bias: bool | None = None,
    forget_bias: float = 0.0,
    time_scale: int = 0,
    input_init: Initializer | None = None,
    recurrent_init: Initializer | None = None,
) -> dict[str, tuple[Initializer, tuple[int, ...]]]:
    """How each array of a layer is made: by name an initializer `(key, shape, dtype) -> array`, and
    the shape.

    With a `time_scale` T the gates that keep the state start with biases log u, u uniform in [1, T
    − 1], and those of an LSTM that let the new in with −log u, so that units begin by remembering
    for about u steps each (Tallec and Ollivier 2018, arXiv:1804.11188); `forget_bias` then does not
    count. 0 is no time scale.

    >>> {name: shape for name, (_, shape) in layer_arrays("gru", input_size=2, hidden_size=3).items()}
    {'input': (2, 9), 'recurrent': (3, 9)}

    Raises:
        InputError: for an unknown cell, sizes below 1, a time scale below 3 or of a cell without
            biased gates.
    """
    check_kind(kind)
    if hidden_size < 1 or input_size < 1:
        raise InputError(
            f"a layer needs inputs and a state of at least 1, not {input_size} and {hidden_size}"
        )
    _check_time_scale(kind, time_scale, use_bias)
    gates = KINDS[kind].gates
    columns = gates * hidden_size
    input_init = input_init or nn.initializers.lecun_normal()
    recurrent_init = recurrent_init or nn.initializers.orthogonal()
    arrays: dict[str, tuple[Initializer, tuple[int, ...]]] = {
        "input": (input_init, (input_size, columns)),
        "recurrent": (_gate_by_gate(recurrent_init, gates), (hidden_size, columns)),
    }
    if use_bias or (use_bias is None and kind != "gru"):
        init = partial(
            _bias_init, size=hidden_size, forget_bias=forget_bias if kind == "lstm" else 0.0
        )
        if time_scale:
            init = partial(_time_scale_init, kind=kind, size=hidden_size, time_scale=time_scale)
        arrays["bias"] = (init, (columns,))
        if kind == "gru_reset_after":
            arrays["recurrent_bias"] = (nn.initializers.zeros_init(), (hidden_size,))
    return arrays


def init_layer(
    kind: str, key: Key, *, dtype: Any = jnp.float32, **options: Any
) -> dict[str, Array]:
    """First parameters: W Lecun-normal, U orthogonal gate by gate, b zero, an LSTM's forget gate
    `forget_bias`.

    `options` are those of `layer_arrays`: `input_size`, `hidden_size`, `use_bias` (None: yes, but
    for the slides' GRU, which has none), `forget_bias`, `time_scale`, `input_init`,
    `recurrent_init`.

    >>> {name: array.shape for name, array in init_layer("rnn", jax.random.key(0), input_size=2, hidden_size=3).items()}
    {'input': (2, 3), 'recurrent': (3, 3), 'bias': (3,)}

    Raises:
        InputError: as `layer_arrays`.
    """
    arrays = layer_arrays(kind, **options)
    keys = jax.random.split(key, len(arrays))
    return {
        name: init(key, shape, dtype)
        for key, (name, (init, shape)) in zip(keys, arrays.items(), strict=True)
    }


def zero_carry(kind: str, batch: int, hidden_size: int, dtype: Any = jnp.float32) -> Any:
    """The carry that a layer starts from: zeros [B, H], for an LSTM two of them.

    >>> zero_carry("rnn", 1, 2).tolist()
    [[0.0, 0.0]]

    Raises:
        InputError: for an unknown cell.
    """
    check_kind(kind)
    # Not one array twice: a state that is donated may hold each buffer once.
    zeros = tuple(jnp.zeros((batch, hidden_size), dtype) for _ in range(KINDS[kind].states))
    return zeros[0] if len(zeros) == 1 else zeros


def _gate_by_gate(init: Initializer, gates: int) -> Initializer:
    def blocks(key: Key, shape: tuple[int, int], dtype: Any) -> Array:
        block = shape[0], shape[1] // gates
        return jnp.concatenate(
            [init(key, block, dtype) for key in jax.random.split(key, gates)], axis=1
        )

    return blocks


def _bias_init(key: Key, shape: tuple[int], dtype: Any, *, size: int, forget_bias: float) -> Array:
    return jnp.zeros(shape, dtype).at[size : 2 * size].set(forget_bias)


def _time_scale_init(
    key: Key, shape: tuple[int], dtype: Any, *, kind: str, size: int, time_scale: int
) -> Array:
    kept = jnp.log(jax.random.uniform(key, (size,), dtype, minval=1.0, maxval=time_scale - 1.0))
    bias, second = jnp.zeros(shape, dtype), slice(size, 2 * size)
    if kind == "lstm":
        return bias.at[:size].set(-kept).at[second].set(kept)
    return bias.at[second].set(-kept if kind == "gru" else kept)


def _of_one_type(
    kind: str, params: CellParams, xs: Array, carry: Any
) -> tuple[CellParams, Array, Any]:
    dtype = jnp.result_type(xs, *params.values())
    state = [jnp.asarray(leaf, dtype) for leaf in jax.tree.leaves(carry)]
    params = {name: jnp.asarray(array, dtype) for name, array in params.items()}
    return params, jnp.asarray(xs, dtype), tuple(state) if KINDS[kind].states == 2 else state[0]


def _plain_layer(
    kind: str, product_dtype: Any, params: CellParams, xs: Array, carry: Any, **options: Any
) -> tuple[Array, Any]:
    # In every step anew, so that the steps' gradients are added up in the parameters' own type.
    def cell(params: CellParams, carry: Any, x: Array) -> tuple[Any, Array]:
        return KINDS[kind].cell(with_products_in(product_dtype, params), carry, x)

    return scan_cell(cell, params, xs, carry, **options)


def _fast_layer(
    kind: str,
    product_dtype: Any,
    params: CellParams,
    xs: Array,
    carry: Any,
    *,
    lengths: Array | None,
    reverse: bool,
    remat_steps: int,
) -> tuple[Array, Any]:
    (steps, batch, _), size = xs.shape, params["recurrent"].shape[0]
    biases = {"bias": jnp.zeros(params["input"].shape[1], xs.dtype)}
    if kind == "gru_reset_after":
        biases["recurrent_bias"] = jnp.zeros(size, xs.dtype)
    weights = {**biases, **params}
    mask = None if lengths is None else step_mask(lengths, steps, batch)[..., None].astype(xs.dtype)

    def chunk(state: Any, now: tuple[Array, Array | None]) -> tuple[Any, Array]:
        return _swap(fast_scan(kind, reverse, product_dtype, weights, now[0], state, now[1]))

    state = carry if KINDS[kind].states == 2 else (carry,)
    try:
        state, ys = in_chunks(
            chunk, state, (xs, mask), steps=steps, size=remat_steps, reverse=reverse
        )
    except TypeError as error:
        if "forward-mode" not in str(error):
            raise
        raise InputError(
            'no forward-mode derivative of the fast path: use implementation="scan"'
        ) from error
    return ys if mask is None else ys * mask, state if KINDS[kind].states == 2 else state[0]


def _swap(result: tuple[Any, Any]) -> tuple[Any, Any]:
    return result[1], result[0]


def check_kind(kind: str) -> None:
    """Raises InputError unless `kind` is a cell in `KINDS`."""
    if kind not in KINDS:
        raise InputError(f"unknown cell {kind!r}: {did_you_mean(kind, tuple(KINDS))}")


def _check_time_scale(kind: str, time_scale: int, use_bias: bool | None) -> None:
    if not time_scale:
        return
    if kind == "rnn":
        raise InputError("a time scale sets biases of gates, and an rnn has no gates: leave it out")
    if use_bias is False or (use_bias is None and kind == "gru"):
        raise InputError(
            f"a time scale sets biases of gates, and this {kind} has none: give use_bias=True"
        )
    if time_scale < 3:
        raise InputError(
            f"a time scale is 3 steps or more, not {time_scale}: give the length of the sequences, say"
        )


def _check_layer(kind: str, params: CellParams, xs: Array, implementation: str) -> None:
    check_kind(kind)
    if implementation not in ("auto", "scan", "cudnn"):
        hint = did_you_mean(implementation, ("auto", "scan", "cudnn"))
        raise InputError(f"unknown implementation {implementation!r}: {hint}")
    columns = params["recurrent"].shape[0] * KINDS[kind].gates
    if xs.ndim != 3 or xs.shape[-1] != params["input"].shape[0]:
        raise InputError(
            f"sequences are [T, B, {params['input'].shape[0]}] for these parameters, not {xs.shape}"
        )
    if not xs.shape[0]:
        raise InputError(f"sequences need at least one step, not {xs.shape}: leave empty ones out")
    if params["recurrent"].shape[1] != columns or params["input"].shape[1] != columns:
        found = params["input"].shape[1], params["recurrent"].shape[1]
        raise InputError(
            f"an {kind} of this size has weights of {columns} columns, not {found[0]} and {found[1]}"
        )


def _check_carry(kind: str, carry: Any, shape: tuple[int, int]) -> None:
    shapes = [leaf.shape for leaf in jax.tree.leaves(carry)]
    if shapes != [shape] * KINDS[kind].states:
        raise InputError(
            f"the carry of {kind} is {KINDS[kind].states} array(s) {list(shape)}, not {shapes}"
        )


def _check_cudnn(
    kind: str, lengths: Array | None, reverse: bool, remat_steps: int, product_dtype: Any
) -> None:
    if kind != "lstm" or lengths is not None or reverse or remat_steps or product_dtype:
        raise InputError(
            '"cudnn" is for an LSTM forward in time over whole sequences, all in one type: use implementation="auto"'
        )
    if jax.default_backend() != "gpu":
        raise InputError(
            f'"cudnn" needs an NVIDIA GPU, here is {jax.default_backend()}: use implementation="auto"'
        )
