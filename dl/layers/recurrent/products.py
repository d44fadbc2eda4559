"""Products in mixed precision: their factors have fewer digits than their sums."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax.numpy as jnp
from jax import lax

from dl.errors import InputError
from dl.types import Array

_ROWS = 512
"""Rows of a block, which has at least one step."""


def product(a: Array, b: Array) -> Array:
    """a @ b, multiplied in the type of b and summed in that of a: [..., K], [K, N] -> [..., N].

    With b in bfloat16 and a in float32 this is what matrix units do: factors of 8 binary digits and
    sums of 24, so that the relative error of each product is up to 2⁻⁸. Equal types give plain `a @
    b`. Source: Micikevicius et al. 2018, arXiv:1710.03740.

    >>> third = jnp.full((1, 1), 1 / 3)
    >>> product(third, third.astype(jnp.bfloat16)).tolist()
    [[0.11154556274414062]]
    """
    if a.dtype == b.dtype:
        return a @ b
    return jnp.matmul(a.astype(b.dtype), b, preferred_element_type=a.dtype)


def product_over_steps(a: Array, b: Array) -> Array:
    """Σ a_tnᵀ b_tn over the steps t of the sequences n: [T, B, K], [T, B, M] -> [K, M].

    The types are those of `product`.

    >>> product_over_steps(jnp.ones((4, 5, 2)), jnp.ones((4, 5, 3))).tolist()
    [[20.0, 20.0, 20.0], [20.0, 20.0, 20.0]]
    """
    # T and B stay apart: with one axis of T B rows each device would gather all of them, if the
    # batch is spread over several.
    at_once = partial(
        lax.dot_general,
        dimension_numbers=(((0, 1), (0, 1)), ((), ())),
        preferred_element_type=a.dtype,
    )
    on_cpu = _product_of_rows if a.dtype == b.dtype else partial(_product_in_blocks, dtype=a.dtype)
    return lax.platform_dependent(a.astype(b.dtype), b, cpu=on_cpu, default=at_once)


def _product_of_rows(a: Array, b: Array) -> Array:
    # XLA copies a before a product over two axes, which makes it 1.4 times as long.
    return a.reshape(-1, a.shape[2]).T @ b.reshape(-1, b.shape[2])


def _product_in_blocks(a: Array, b: Array, dtype: Any) -> Array:
    # On a CPU XLA is slow at transposing a bfloat16 factor while it multiplies, if it does not
    # refuse that, and slow at summing over many rows at once.
    steps = max(1, _ROWS // max(1, a.shape[1]))
    whole = a.shape[0] - a.shape[0] % steps
    multiply = partial(
        lax.dot_general,
        dimension_numbers=(((1, 2), (0, 1)), ((), ())),
        preferred_element_type=dtype,
    )
    rest = multiply(lax.optimization_barrier(jnp.moveaxis(a[whole:], -1, 0)), b[whole:])
    if not whole:
        return rest
    a, b = (x[:whole].reshape(-1, steps, *x.shape[1:]) for x in (a, b))

    def add(total: Array, pair: tuple[Array, Array]) -> tuple[Array, None]:
        return total + multiply(*pair), None

    return lax.scan(add, rest, (lax.optimization_barrier(jnp.moveaxis(a, -1, 1)), b))[0]


def with_products_in(
    product_dtype: Any,
    params: Mapping[str, Array],
    weights: tuple[str, ...] = ("input", "recurrent"),
) -> dict[str, Array]:
    """A cell's parameters, with the `weights` of its products in the type `product_dtype`.

    None leaves them as they are. Names in `weights` that are no parameters are passed over.

    >>> params = {"input": jnp.ones((2, 3)), "recurrent": jnp.ones((3, 3)), "bias": jnp.ones(3)}
    >>> {name: str(array.dtype) for name, array in with_products_in("bfloat16", params).items()}
    {'input': 'bfloat16', 'recurrent': 'bfloat16', 'bias': 'float32'}
    """
    factors = {
        name: params[name].astype(product_dtype or params[name].dtype)
        for name in weights
        if name in params
    }
    return {**params, **factors}


def check_product_dtype(product_dtype: Any, dtype: Any) -> None:
    """Raises InputError unless `product_dtype` is None or a floating type that `dtype` can hold.

    It may have at most the digits of `dtype`.
    """
    if product_dtype is None:
        return
    try:
        floating = jnp.issubdtype(product_dtype, jnp.floating)
        fits = floating and jnp.finfo(product_dtype).nmant <= jnp.finfo(dtype).nmant
    except (TypeError, ValueError):
        fits = False
    if not fits:
        most = jnp.dtype(dtype).name
        raise InputError(
            f"products need a floating type of at most {most}'s digits, not {product_dtype}"
        )
