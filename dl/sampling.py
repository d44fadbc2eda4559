"""Text from a language model: each symbol is drawn from its prediction, and then read by it."""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.layers.precision import computing_in
from dl.types import Array, Carry, Key, Model, ModelState, Params


def choose(key: Key, logits: Array, *, temperature: Any = 1.0, top_k: int = 0) -> Array:
    """Draw symbols with p ∝ exp(logits / temperature): [..., V] -> int32 [...].

    Only the `top_k` likeliest are drawn, with 0 all. At temperature 0 it is the likeliest symbol;
    of equally likely ones the first counts as likelier. Source: H5; Fan et al. 2018,
    arXiv:1805.04833 (top k).

    >>> int(choose(jax.random.key(0), jnp.array([0.0, 3.0, 1.0]), temperature=0.0))
    1
    """
    if top_k:
        logits, symbols = jax.lax.top_k(logits, min(top_k, logits.shape[-1]))
    drawn = jax.random.categorical(key, logits / jnp.maximum(temperature, 1e-6)).astype(jnp.int32)
    drawn = jnp.where(temperature > 0, drawn, jnp.argmax(logits, axis=-1).astype(jnp.int32))
    return jnp.take_along_axis(symbols, drawn[..., None], axis=-1)[..., 0] if top_k else drawn


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
    """Read one symbol in each row and draw the next: symbols [B] -> carry, int32 [B].

    Row b draws with `fold_in(key, b)`, as `choose` does. Source: H3, H5.

    >>> from dl.models import language_model
    >>> model = language_model("rnn", 5, hidden_size=3)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    >>> carry, symbols = model.zero_carry(2), jnp.array([1, 4])
    >>> sample_step(model, params, state, carry, symbols, jax.random.key(0))[1].shape
    (2,)
    """
    logits, _, carry = model.apply(params, model_state, symbols[:, None], carry=carry)
    keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(len(symbols)))
    drawn = jax.vmap(lambda key, row: choose(key, row, temperature=temperature, top_k=top_k))(
        keys, logits[:, -1]
    )
    return carry, drawn


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
    precision: str = "float32",
) -> Iterator[np.ndarray]:
    """The `length` symbols that follow the prime [P], drawn one after the other: int32 [rows] each.

    A pure function of its arguments: a row is the same however many rows there are, and on whatever
    devices the parameters lie. One step is compiled, which reads the prime and draws. Layers
    compute in `precision`.

    Raises:
        InputError: for a prime that is empty or not of the model's symbols, a model without a state
            to carry on, numbers out of range.

    >>> from dl.models import language_model
    >>> model = language_model("rnn", 5, hidden_size=3)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((1, 1), jnp.int32))
    >>> len(list(sample(model, params, state, np.array([1, 2]), length=4)))
    4
    """
    prime = np.asarray(prime)
    _check(model, prime, length=length, rows=rows, temperature=temperature, top_k=top_k, seed=seed)
    logits = jax.eval_shape(
        model.apply, params, model_state, jax.ShapeDtypeStruct((1, 1), jnp.int32)
    )[0]
    if prime.min() < 0 or prime.max() >= logits.shape[-1]:
        raise InputError(
            f"symbols are from 0 to {logits.shape[-1] - 1}, not {prime.min()} to {prime.max()}"
        )
    step = _compiled_step(model, top_k, precision)
    # Everything lies on one device, wherever it was trained: a text must not depend on the number
    # of devices, and the step must not recompile.
    put = partial(jax.device_put, device=jax.local_devices()[0])
    carry = put(model.zero_carry(rows))
    params, model_state, key = put((params, model_state, jax.random.key(seed)))

    def symbols(carry: Carry) -> Iterator[np.ndarray]:
        drawn = None
        for place in range(len(prime) + length - 1):
            read = put(np.full(rows, prime[place], np.int32)) if place < len(prime) else drawn
            carry, drawn = step(
                params, model_state, carry, read, key, np.int32(place), np.float32(temperature)
            )
            if place >= len(prime) - 1:
                yield np.asarray(drawn)

    return symbols(carry)


@lru_cache(maxsize=8)
def _compiled_step(model: Model, top_k: int, precision: str) -> Callable[..., tuple[Carry, Array]]:
    """The step, compiled once for a model, whatever the prime, the temperature and the seed."""

    @jax.jit
    def step(
        params: Params,
        model_state: ModelState,
        carry: Carry,
        symbols: Array,
        key: Key,
        place: Array,
        heat: Array,
    ) -> tuple[Carry, Array]:
        key = jax.random.fold_in(key, place)
        with computing_in(precision):
            return sample_step(
                model, params, model_state, carry, symbols, key, temperature=heat, top_k=top_k
            )

    return step


def _check(
    model: Model,
    prime: np.ndarray,
    *,
    length: int,
    rows: int,
    temperature: float,
    top_k: int,
    seed: int,
) -> None:
    if model.initial_carry is None:
        raise InputError(
            f"{model.name} is no language model: it has no state to carry from symbol to symbol"
        )
    if prime.ndim != 1 or not len(prime):
        raise InputError(
            f"a prime is one symbol or more, [P], not {list(prime.shape)}: "
            f"give the beginning of the text"
        )
    if not np.issubdtype(prime.dtype, np.integer):
        raise InputError(
            f"symbols are integers, not {prime.dtype}: "
            f"encode the prime with the vocabulary of the text"
        )
    for name, value, least in (("length", length, 0), ("rows", rows, 1), ("top_k", top_k, 0)):
        if value < least:
            raise InputError(f"{name} is {value}; it must be at least {least}")
    if not 0 <= seed < 2**31:
        raise InputError(f"seed is {seed}; it must be at least 0 and below 2147483648")
    if not 0 <= temperature < math.inf:
        raise InputError(f"temperature is {temperature}; it must be at least 0, and finite")
