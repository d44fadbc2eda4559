"""Products whose factors have fewer digits than their sums: mixed precision."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax.numpy as jnp
from jax import lax

from dl.errors import InputError
from dl.types import Array

_ROWS = 512
"""Rows of a block."""


def product(a: Array, b: Array) -> Array:
    """a @ b, multiplied in the type of b and summed in that of a: [..., K], [K, N] -> [..., N] in the type of a.

    With b in bfloat16 and a in float32 this is what matrix units do: factors of 8 binary digits and sums of 24, so that
    each product is wrong by up to 2⁻⁸ of itself. Types that are equal give plain `a @ b`.
    Source: Micikevicius et al. 2018, arXiv:1710.03740.

    >>> third = jnp.full((1, 1), 1 / 3)
    >>> product(third, third.astype(jnp.bfloat16)).tolist()
    [[0.11154556274414062]]
    """
    if a.dtype == b.dtype:
        return a @ b
    return jnp.matmul(a.astype(b.dtype), b, preferred_element_type=a.dtype)


def product_of_rows(a: Array, b: Array) -> Array:
    """aᵀ b, the sum over n of a_nᵀ b_n: [N, K], [N, M] -> [K, M], in the types of `product`.

    >>> product_of_rows(jnp.ones((4, 2)), jnp.ones((4, 3))).tolist()
    [[4.0, 4.0, 4.0], [4.0, 4.0, 4.0]]
    """
    whole = a.shape[0] - a.shape[0] % _ROWS
    if a.dtype == b.dtype:
        return a.T @ b
    # On a CPU XLA is slow at turning a factor in bfloat16 while it multiplies, where it does not refuse it, and at
    # summing over many rows at once.
    multiply = partial(jnp.matmul, preferred_element_type=a.dtype)
    half = a.astype(b.dtype)
    rest = multiply(lax.optimization_barrier(half[whole:].T), b[whole:])
    if not whole:
        return rest
    blocks = lax.optimization_barrier(half[:whole].reshape(-1, _ROWS, a.shape[1]).swapaxes(1, 2))

    def add(total: Array, pair: tuple[Array, Array]) -> tuple[Array, None]:
        return total + multiply(*pair), None

    return lax.scan(add, rest, (blocks, b[:whole].reshape(-1, _ROWS, b.shape[1])))[0]


def with_products_in(product_dtype: Any, params: Mapping[str, Array]) -> dict[str, Array]:
    """A cell's parameters with the weights that it multiplies by in this type; None leaves them as they are.

    >>> params = {"input": jnp.ones((2, 3)), "recurrent": jnp.ones((3, 3)), "bias": jnp.ones(3)}
    >>> {name: str(array.dtype) for name, array in with_products_in("bfloat16", params).items()}
    {'input': 'bfloat16', 'recurrent': 'bfloat16', 'bias': 'float32'}
    """
    factors = {name: params[name].astype(product_dtype or params[name].dtype) for name in ("input", "recurrent")}
    return {**params, **factors}


def check_product_dtype(product_dtype: Any, dtype: Any) -> None:
    """Raises InputError unless `product_dtype` is None or a floating type with at most the digits of `dtype`."""
    if product_dtype is None:
        return
    try:
        floating = jnp.issubdtype(product_dtype, jnp.floating)
        fits = floating and jnp.finfo(product_dtype).nmant <= jnp.finfo(dtype).nmant
    except (TypeError, ValueError):
        fits = False
    if not fits:
        most = jnp.dtype(dtype).name
        raise InputError(f"products are in a floating type of at most {most}'s digits, not {product_dtype}")
