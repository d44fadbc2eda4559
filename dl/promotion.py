"""Types of numbers: JAX's usual rules of promotion, and outputs of no less than float32."""

import contextlib
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

_Function = TypeVar("_Function", bound=Callable[..., Any])


@contextlib.contextmanager
def usual_promotion() -> Iterator[None]:
    """Within it, ranks and types are promoted as by default, whatever the user has set.

    >>> with jax.numpy_dtype_promotion("strict"), usual_promotion():
    ...     float(jnp.float32(0.5) * jnp.int32(3))
    1.5
    """
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def promoting(function: _Function) -> _Function:
    """`function` under `usual_promotion`.

    >>> with jax.numpy_dtype_promotion("strict"):
    ...     float(promoting(lambda x: x * 3)(jnp.float32(0.5)))
    1.5
    """

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        with usual_promotion():
            return function(*args, **options)

    return call  # type: ignore[return-value]


def at_least_float32(x: jax.Array) -> jax.Array:
    """`x` in float32, or in float64 if it has those digits: what a loss is computed from.

    >>> at_least_float32(jnp.ones(1, jnp.bfloat16)).dtype
    dtype('float32')
    """
    return x if x.dtype == jnp.float64 else x.astype(jnp.float32)
