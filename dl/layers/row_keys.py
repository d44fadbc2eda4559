"""Random keys for some rows of a batch: they draw what one key draws for the whole batch."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend import random as generators

from dl.types import Array, Key

_THREEFRY = "threefry2x32"


def for_rows(key: Key, first: int | Array, rows: int) -> Key:
    """A key that draws for `rows` rows of a batch, from row `first` on, what `key` draws there.

    A draw whose first axis has `rows` entries, or k for each row, is that part of the draw of `key`
    for the whole batch; any other draw is that of `key`. So the random numbers of a batch do not
    depend on how it is divided over devices and micro-batches. It is a key like any other:
    `jax.random`, Flax and nets of your own draw from it as they are.

    JAX's generator threefry computes a number from the key and the number's place alone; here the
    places count from those of row `first`. A key of another generator gets `first` folded in, so
    that its numbers depend on the division. Places are counted up to 2³².
    Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".

    >>> key = jax.random.key(0)
    >>> whole, part = jax.random.normal(key, (6, 2)), for_rows(key, 4, 2)
    >>> bool((jax.random.normal(part, (2, 2)) == whole[4:]).all())
    True
    """
    if str(jax.random.key_impl(key)) != _THREEFRY:
        return jax.random.fold_in(key, first)
    place = jnp.stack([jnp.asarray(first, jnp.uint32), jnp.uint32(rows)])
    return _joined(jax.random.key_data(key), place)


def for_all_rows(key: Key) -> Key:
    """The key of the whole batch, for a draw that all rows share.

    >>> key = jax.random.key(0)
    >>> bool(for_all_rows(for_rows(key, 4, 2)) == key)
    True
    """
    return _threefry(jax.random.key_data(key)) if _is_of_rows(key) else key


def example_keys(key: Key, numbers: Array) -> Key:
    """A key for each example [B], from the key of the step and the `numbers` [B] of the examples.

    >>> example_keys(jax.random.key(0), jnp.arange(3)).shape
    (3,)
    """
    return jax.vmap(jax.random.fold_in, (None, 0))(for_all_rows(key), numbers)


def row_keys(key: Key, rows: int) -> Key:
    """A key for each of so many rows of the batch, where rows are no examples with numbers.

    >>> key = jax.random.key(0)
    >>> (row_keys(for_rows(key, 4, 2), 2) == row_keys(key, 6)[4:]).tolist()
    [True, True]
    """
    first = jax.random.key_data(key)[2] if _is_of_rows(key) else jnp.uint32(0)
    return example_keys(key, first + jnp.arange(rows, dtype=jnp.uint32))


def _random_bits(data: Array, width: int, shape: tuple[int, ...]) -> Array:
    """The bits [shape] at the places of these rows, as JAX draws them for the whole batch."""
    first, rows = data[2], data[3]
    size = math.prod(shape)
    has_rows = jnp.uint32(shape[0]) % rows == 0 if shape else False
    begin = jnp.where(has_rows, first * (jnp.uint32(size) // rows), 0)
    places = begin + jnp.arange(size, dtype=jnp.uint32).reshape(shape)
    high, low = generators.threefry2x32_p.bind(data[0], data[1], jnp.zeros_like(places), places)
    if width == 64:
        return (high.astype(jnp.uint64) << jnp.uint64(32)) | low.astype(jnp.uint64)
    return (high ^ low).astype(f"uint{width}")


def _split(data: Array, shape: tuple[int, ...]) -> Array:
    keys = jax.random.key_data(jax.random.split(_threefry(data), shape))
    return jnp.concatenate([keys, jnp.broadcast_to(data[2:], (*shape, 2))], axis=-1)


def _fold_in(data: Array, number: Array) -> Array:
    folded = jax.random.fold_in(_threefry(data), number)
    return jnp.concatenate([jax.random.key_data(folded), data[2:]])


def _seed(seed: Array) -> Array:
    key = jax.random.key_data(jax.random.key(seed, impl=_THREEFRY))
    return jnp.concatenate([key, jnp.array([0, 1], jnp.uint32)])


_OF_ROWS: Any = generators.define_prng_impl(
    key_shape=(4,),  # the two words of a threefry key, the first row, the number of rows
    seed=_seed,
    split=_split,
    random_bits=_random_bits,
    fold_in=_fold_in,  # type: ignore[arg-type]
    name="threefry2x32 of rows",
    tag="rows",
)


def _is_of_rows(key: Key) -> bool:
    return jax.random.key_impl(key) == _OF_ROWS


def _joined(key_data: Array, place: Array) -> Key:
    return jax.random.wrap_key_data(jnp.concatenate([key_data, place]), impl=_OF_ROWS)


def _threefry(data: Array) -> Key:
    return jax.random.wrap_key_data(data[..., :2], impl=_THREEFRY)
