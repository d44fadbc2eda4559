"""A recurrent layer over time, as a pure function with several implementations."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from dl.errors import InputError, did_you_mean
from dl.layers.recurrent.cells import CellParams
from dl.layers.recurrent.cudnn import cudnn_lstm
from dl.layers.recurrent.fast_scan import fast_scan
from dl.layers.recurrent.kinds import KINDS, check_kind, zero_carry
from dl.layers.recurrent.products import check_product_dtype, with_products_in
from dl.layers.recurrent.scan import in_chunks, scan_cell, step_mask
from dl.types import Array


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
    are those of `scan_cell`; values past `lengths` must be finite. `implementation` "auto" is a
    loop with a hand-written backward pass; "scan" differentiates the cell step by step; "cudnn"
    calls NVIDIA's library (LSTM on its GPUs, whole sequences). All are equal to float tolerance.

    Forward-mode derivatives (`jax.jvp`, `jax.jacfwd`) need "scan": "auto" refuses them in one line;
    under `jit` this happens only at compilation, with JAX's own TypeError. Second derivatives work
    with both, reverse over reverse and forward over reverse (`jax.hessian`). Inside `jax.shard_map`
    give `check_vma=False`. With `product_dtype` "bfloat16" products are in that type ("scan":
    forward only) and sums in the arrays' type (`dl.layers.recurrent.products`), which is faster
    wherever there are units for it. Source: G1, G3, G4.

    Raises:
        InputError: for an unknown cell or implementation; parameters, sequences, lengths or a carry
            that do not fit each other; sequences without a step; a product type with more digits
            than the arrays; options that cuDNN does not have.

    >>> from dl.layers import init_layer
    >>> params = init_layer("lstm", jax.random.key(0), input_size=2, hidden_size=3)
    >>> ys, (c, h) = recurrent_layer("lstm", params, jnp.ones((5, 4, 2)))
    >>> ys.shape, c.shape, bool((h == ys[-1]).all())
    ((5, 4, 3), (4, 3), True)
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
    # Converted in every step, so that the steps' gradients are summed in the parameters' own type.
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
        given = f"{params['input'].shape[1]} and {params['recurrent'].shape[1]}"
        raise InputError(f"an {kind} of this size has weights of {columns} columns, not {given}")


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
            '"cudnn" is for an LSTM forward in time over whole sequences, all in one type: '
            'use implementation="auto"'
        )
    if jax.default_backend() != "gpu":
        raise InputError(
            f'"cudnn" needs an NVIDIA GPU, here is {jax.default_backend()}: '
            f'use implementation="auto"'
        )
