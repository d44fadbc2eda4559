"""Any recurrent cell over time: masks, both directions, and chunks that save memory."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer

from dl.errors import InputError
from dl.types import Array


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
    """Any cell `(params, carry, x) -> (carry, y)` over time: [T, B, ...] -> [T, B, ...], carry.

    Past `lengths` [B] the carry stays as it is and outputs are zero. `reverse` goes from the last
    step to the first; the outputs stay in the order of time. With `remat_steps` n only every n-th
    carry is kept for the backward pass, which computes the steps between again: memory for T / n +
    n steps instead of T. Source: G1.

    Raises:
        InputError: for lengths that are not [B] or, where their values are known, not within the
            steps.

    >>> total = lambda params, carry, x: (carry + x, carry + x)
    >>> ys, last = scan_cell(total, None, jnp.ones((3, 2)), jnp.zeros(2), lengths=jnp.array([3, 1]))
    >>> ys.T.tolist(), last.tolist()
    ([[1.0, 2.0, 3.0], [1.0, 0.0, 0.0]], [3.0, 1.0])
    """
    steps, batch = jax.tree.leaves(xs)[0].shape[:2]
    mask = None if lengths is None else step_mask(lengths, steps, batch)

    def step(carry: Any, now: tuple[Any, Array | None]) -> tuple[Any, Any]:
        x, mask = now
        new, y = cell(params, carry, x)
        if mask is None:
            return new, y
        return keep_where(mask, new, carry), jax.tree.map(
            lambda leaf: _expand(mask, leaf) * leaf, y
        )

    if reverse and not remat_steps:  # not every compiler that reads a program can count down
        carry, ys = lax.scan(step, carry, _turned((xs, mask)))
        return _turned(ys), carry
    scan = partial(lax.scan, step, reverse=reverse)
    carry, ys = in_chunks(scan, carry, (xs, mask), steps=steps, size=remat_steps, reverse=reverse)
    return ys, carry


def step_mask(lengths: Array, steps: int, batch: int) -> Array:
    """[T, B], True where step t < lengths[b].

    Raises:
        InputError: for lengths that are not [B] or, where their values are known, beyond T.

    >>> step_mask(jnp.array([2, 0]), 3, 2).astype(int).tolist()
    [[1, 0], [1, 0], [0, 0]]
    """
    if np.shape(lengths) != (batch,):
        raise InputError(
            f"lengths must be [B] = [{batch}], one a sequence, not of shape {np.shape(lengths)}"
        )
    if not isinstance(lengths, Tracer) and batch:
        known = np.asarray(lengths)
        least, most = known.min(), known.max()
        if least < 0 or most > steps:
            raise InputError(
                f"lengths go from {least} to {most}, the sequences have 0 to {steps} steps"
            )
    return jnp.arange(steps)[:, None] < jnp.asarray(lengths)[None, :]


def keep_where(mask: Array, new: Any, old: Any) -> Any:
    """`new` in the rows of the batch where `mask` [B] is true, otherwise `old`."""
    return jax.tree.map(lambda a, b: jnp.where(_expand(mask, a), a, b), new, old)


def in_chunks(
    scan: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    now: Any,
    *,
    steps: int,
    size: int,
    reverse: bool,
) -> tuple[Any, Any]:
    """`scan(carry, now) -> (carry, ys)` in chunks of `size` steps; carries between them are kept.

    A shorter chunk is the last in time. With `size` 0 all steps are one call and everything is
    kept.

    Raises:
        InputError: for a negative size.
    """
    if size < 0:
        raise InputError(
            f"remat_steps is the number of steps in a chunk, or 0 for none, not {size}"
        )
    if not size:
        return scan(carry, now)
    whole = steps // size * size
    inner = jax.checkpoint(scan, prevent_cse=False)

    def chunks(carry: Any) -> tuple[Any, Any]:
        split = jax.tree.map(lambda leaf: leaf[:whole].reshape(-1, size, *leaf.shape[1:]), now)
        carry, ys = lax.scan(inner, carry, split, reverse=reverse)
        return carry, jax.tree.map(lambda leaf: leaf.reshape(whole, *leaf.shape[2:]), ys)

    def rest(carry: Any) -> tuple[Any, Any]:
        return inner(carry, jax.tree.map(lambda leaf: leaf[whole:], now))

    if whole == steps:
        return chunks(carry)
    if not whole:
        return rest(carry)
    carry, first = (rest if reverse else chunks)(carry)
    carry, second = (chunks if reverse else rest)(carry)
    early, late = (second, first) if reverse else (first, second)
    return carry, jax.tree.map(lambda a, b: jnp.concatenate([a, b]), early, late)


def _turned(sequences: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf[::-1], sequences)


def _expand(mask: Array, leaf: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (leaf.ndim - mask.ndim))
