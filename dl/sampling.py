"""Text from a language model: each symbol is drawn from what the model says of it, and is then read itself."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.types import Array, Carry, Key, Model, ModelState, Params


def choose(key: Key, logits: Array, *, temperature: Any = 1.0, top_k: int = 0) -> Array:
    """Draw symbols with p ∝ exp(logits / temperature) among the `top_k` likeliest (0: all): [..., V] -> [...].

    At temperature 0 it is the likeliest symbol.

    >>> int(choose(jax.random.key(0), jnp.array([0.0, 3.0, 1.0]), temperature=0.0))
    1
    """
    if top_k:
        least = jax.lax.top_k(logits, min(top_k, logits.shape[-1]))[0][..., -1:]
        logits = jnp.where(logits < least, -jnp.inf, logits)
    drawn = jax.random.categorical(key, logits / jnp.maximum(temperature, 1e-6))
    return jnp.where(temperature > 0, drawn, jnp.argmax(logits, axis=-1))


def sample_step(
    model: Model,
    params: Params,
    model_state: ModelState,
    carry: Carry,
    symbols: Array,
    key: Key,
    *,
    temperature: Any = 1.0,
    top_k: int = 0,
) -> tuple[Carry, Array]:
    """Read a symbol a row and draw the next: symbols [B] -> [B]. Row b draws with `fold_in(key, b)`."""
    logits, _, carry = model.apply(params, model_state, symbols[:, None], carry=carry)
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(len(symbols)))
    drawn = jax.vmap(lambda key, row: choose(key, row, temperature=temperature, top_k=top_k))(keys, logits[:, -1])
    return carry, drawn.astype(jnp.int32)


def sample(
    model: Model,
    params: Params,
    model_state: ModelState,
    prime: np.ndarray,
    *,
    length: int,
    rows: int = 1,
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
) -> Iterator[np.ndarray]:
    """The `length` symbols that follow the prime [P], drawn one after the other: int32 [rows] each.

    A pure function of its arguments: a row is the same however many rows there are. One step is compiled; reading the
    prime and drawing are the same step.

    Raises:
        InputError: for an empty prime, a model that is no language model, numbers out of range.

    >>> from dl.models import language_model
    >>> model = language_model("rnn", 5, hidden_size=3)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    >>> len(list(sample(model, params, state, np.array([1, 2]), length=4)))
    4
    """
    _check(model, prime, length=length, rows=rows, temperature=temperature, top_k=top_k)
    assert model.initial_carry is not None

    step, first = _compiled_step(model, top_k), model.initial_carry(rows)

    def symbols(carry: Carry) -> Iterator[np.ndarray]:
        key, heat = jax.random.key(seed), jnp.float32(temperature)
        drawn = jnp.zeros(rows, jnp.int32)
        for place in range(len(prime) + length - 1):
            read = jnp.full(rows, prime[place], jnp.int32) if place < len(prime) else drawn
            carry, drawn = step(params, model_state, carry, read, key, jnp.int32(place), heat)
            if place >= len(prime) - 1:
                yield np.asarray(drawn)

    return symbols(first)


@lru_cache(maxsize=8)
def _compiled_step(model: Model, top_k: int) -> Callable[..., tuple[Carry, Array]]:
    """Compiled once for a model, whatever the prime, the temperature and the seed."""

    @jax.jit
    def step(
        params: Params, model_state: ModelState, carry: Carry, symbols: Array, key: Key, place: Array, heat: Array
    ) -> tuple[Carry, Array]:
        key = jax.random.fold_in(key, place)
        return sample_step(model, params, model_state, carry, symbols, key, temperature=heat, top_k=top_k)

    return step


def _check(model: Model, prime: np.ndarray, *, length: int, rows: int, temperature: float, top_k: int) -> None:
    if model.initial_carry is None:
        raise InputError(f"{model.name} is no language model: it has no state to carry from symbol to symbol")
    if not len(prime):
        raise InputError("the prime is empty: give one symbol at least to go on from")
    for name, value, least in (("length", length, 0), ("rows", rows, 1), ("top_k", top_k, 0)):
        if value < least:
            raise InputError(f"{name} is {value}; it must be at least {least}")
    if not 0 <= temperature < float("inf"):
        raise InputError(f"temperature is {temperature}; it must be at least 0, and finite")
