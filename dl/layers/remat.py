"""Blocks of a net that are computed again in the backward pass, to save memory."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.core import lift
from flax.linen.transforms import lift_transform

from dl.types import PyTree


@contextlib.contextmanager
def blocks_again(wanted: bool = True) -> Iterator[set[str]]:
    """Within it, a gradient keeps what each block of a net reads, and computes the block again.

    A block is a module that the net itself calls. What happens between blocks, such as an
    activation or a pooling, belongs to none. Outputs and gradients are the same but for rounding;
    the forward pass of the blocks is made twice. It acts on nets of Flax linen that are traced
    within it, and gives the names of their blocks. Source: Chen et al. 2016.

    >>> net, x = nn.Sequential([nn.Dense(8), nn.Dense(1)]), jnp.ones((2, 3))
    >>> params = net.init(jax.random.key(0), x)
    >>> def gradient(params):
    ...     return jax.grad(lambda p: net.apply(p, x).sum())(params)
    >>> with blocks_again():
    ...     again = gradient(params)
    >>> bool(jax.tree.all(jax.tree.map(jnp.allclose, again, gradient(params))))
    True
    """
    inside, names = False, set()

    def call(
        next_call: Any, args: tuple, kwargs: dict, context: nn.module.InterceptorContext
    ) -> Any:
        block: Any = context.module
        if inside or context.method_name != "__call__" or len(block.path) != 1:
            return next_call(*args, **kwargs)
        names.update(block.path)
        leaves, structure = jax.tree.flatten((args, kwargs))
        arrays = [leaf for leaf in leaves if isinstance(leaf, jax.Array)]

        def call_block(block: Any, arrays: list[jax.Array]) -> Any:
            rest = iter(arrays)
            whole = [next(rest) if isinstance(leaf, jax.Array) else leaf for leaf in leaves]
            args, kwargs = jax.tree.unflatten(structure, whole)
            nonlocal inside
            inside = True  # also when the backward pass calls the block again
            try:
                return block(*args, **kwargs)
            finally:
                inside = False

        return lift_transform(_lifted, call_block)(block, arrays)

    with nn.intercept_methods(call) if wanted else contextlib.nullcontext():
        yield names


def computed_again(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, whose gradient keeps its arguments alone and computes the rest again.

    `jax.checkpoint` does the same with a barrier, which XLA's compiler for CPUs removes before it
    merges equal computations: there nothing would be computed again and no memory saved. Here the
    second computation reads its arguments through a choice whose outcome the compiler cannot know.

    >>> jax.grad(computed_again(lambda x: jnp.sin(x) ** 2))(jnp.float32(0.5)).round(4)
    Array(0.8415, dtype=float32)
    """

    def call(*args: Any) -> Any:
        leaves, structure = jax.tree.flatten(args)
        real = [jnp.issubdtype(jnp.result_type(leaf), jnp.inexact) for leaf in leaves]

        def of(numbers: list[Any]) -> Any:
            rest = iter(numbers)
            whole = [
                next(rest) if is_real else leaf for leaf, is_real in zip(leaves, real, strict=True)
            ]
            return function(*jax.tree.unflatten(structure, whole))

        def backward(numbers: list[Any], slopes: PyTree) -> tuple[list[Any]]:
            return jax.vjp(of, _read_after(slopes, numbers))[1](slopes)

        again = jax.custom_vjp(of)
        again.defvjp(lambda numbers: (of(numbers), numbers), backward)
        return again([leaf for leaf, is_real in zip(leaves, real, strict=True) if is_real])

    return call


def _read_after(slopes: PyTree, numbers: list[jax.Array]) -> list[jax.Array]:
    """`numbers` as they are, but for the compiler other ones, known only when `slopes` are."""
    real = (x for x in jax.tree.leaves(slopes) if jnp.issubdtype(x.dtype, jnp.inexact))
    known = next(x for x in real if x.size)
    one = jnp.ravel(known)[0]
    always = (one <= 0) | (one > 0) | jnp.isnan(one)
    return [jnp.where(always, x, jnp.zeros_like(x)) for x in numbers]


def _lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """`computed_again` for a function of a module, with all its variables and random numbers."""

    def inner(scope_of: Any, repacked: Any, variables: Any, rngs: Any, *args: Any) -> Any:
        first: list[dict[str, int]] = []

        @computed_again
        def whole(variables: Any, rngs: Any, *args: Any) -> Any:
            scope = scope_of(variables, rngs)
            _count_again(jax.tree.leaves(scope), first)
            return function(scope, *args), repacked(scope)

        return whole(variables, rngs, *args)

    return lift.pack(inner, (True,), (True,), (True,), name="computed_again")


def _count_again(scopes: list[Any], first: list[dict[str, int]]) -> None:
    """Flax counts what a scope draws: each call must begin where the `first` one began."""
    if not first:
        first += [dict(scope.rng_counters) for scope in scopes]
    for scope, counted in zip(scopes, first, strict=True):
        scope.rng_counters.clear()
        scope.rng_counters.update(counted)
