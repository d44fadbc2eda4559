"""Layers that compute in another type of numbers; parameters stay as they are."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.types import Array

_COMPUTING = ("__call__", "attend")
"""The methods of layers that compute outputs; `attend` is that of a tied embedding."""
_chosen: ContextVar[str] = ContextVar("the type that layers compute in", default="float32")


@contextlib.contextmanager
def computing_in(dtype: str) -> Iterator[None]:
    """Within it, layers compute in `dtype`, such as "bfloat16"; "float32" changes nothing.

    It acts on every module of Flax and of `dl.layers` that has a `dtype`, if it is called, or
    traced, within the context. Of a recurrent layer it sets the `product_dtype` instead: a state
    that is rounded at each step would lose small changes. A layer with a type of its own keeps it.
    Functions that are no modules multiply in it by `product`.
    Parameters, and so their gradients and the optimizer, keep their type, float32 as a rule
    (Micikevicius et al. 2018). Normalisation layers of Flax take their statistics in float32.

    >>> with computing_in("bfloat16"):
    ...     y, variables = nn.Dense(3).init_with_output(jax.random.key(0), jnp.ones((1, 2)))
    >>> str(y.dtype), str(variables["params"]["kernel"].dtype)
    ('bfloat16', 'float32')
    """

    def call(
        next_call: Any, args: tuple, kwargs: dict, context: nn.module.InterceptorContext
    ) -> Any:
        layer = context.module
        name = "product_dtype" if hasattr(layer, "product_dtype") else "dtype"
        has_own = getattr(layer, name, dtype) is not None or getattr(layer, "dtype", None)
        if has_own or context.method_name not in _COMPUTING:
            return next_call(*args, **kwargs)
        # The layer is bound to this call alone. A clone could not stand for it: a layer with a
        # `setup`, such as an embedding, has made its parameters already.
        object.__setattr__(layer, name, dtype)
        try:
            return next_call(*args, **kwargs)
        finally:
            object.__setattr__(layer, name, None)

    if dtype == "float32":
        yield
        return
    token = _chosen.set(dtype)
    try:
        with nn.intercept_methods(call):
            yield
    finally:
        _chosen.reset(token)


def product(a: Array, b: Array) -> Array:
    """a @ b with factors in the type that layers compute in: [..., K], [K, N] -> [..., N].

    Sums are in float32, as in the products of the gradient, which are of the same kind.

    >>> third = jnp.full((1, 1), 1 / 3)
    >>> with computing_in("bfloat16"):
    ...     product(third, third).tolist()
    [[0.11154556274414062]]
    """
    dtype = _chosen.get()
    return a @ b if dtype == "float32" else _product(dtype, in_float32(a), b)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _product(dtype: str, a: Array, b: Array) -> Array:
    return jnp.matmul(a.astype(dtype), b.astype(dtype), preferred_element_type=jnp.float32)


def _backward(dtype: str, factors: tuple[Array, Array], slope: Array) -> tuple[Array, Array]:
    a, b = factors
    # XLA's compiler for CPUs may refuse to transpose a bfloat16 factor while it multiplies.
    columns = jax.lax.optimization_barrier(a.reshape(-1, a.shape[-1]).T.astype(dtype))
    of_b: Any = _product(dtype, columns, slope.reshape(-1, slope.shape[-1]))
    of_a: Any = _product(dtype, slope, b.T)
    return of_a.astype(a.dtype), of_b.astype(b.dtype)


_product.defvjp(lambda dtype, a, b: (_product(dtype, a, b), (a, b)), _backward)


def in_float32(outputs: Array) -> Array:
    """Outputs of layers that compute in half precision, for a loss or a softmax that does not.

    >>> str(in_float32(jnp.ones(2, jnp.bfloat16)).dtype), str(in_float32(jnp.arange(2)).dtype)
    ('float32', 'int32')
    """
    half = outputs.dtype in (jnp.bfloat16, jnp.float16)
    return outputs.astype(jnp.float32) if half else outputs
