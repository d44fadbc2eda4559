"""Symbol by symbol: always the likeliest, or drawn by its probability."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from dl.decoding.hypotheses import Hypotheses, length_penalty, places_of
from dl.sampling import choose
from dl.types import Array, EncoderDecoder, Key, ModelState, Params


def write_greedily(
    model: EncoderDecoder,
    params: Params,
    model_state: ModelState,
    source: Any,
    *,
    end: int,
    longest: int,
    alpha: float = 0.0,
    temperature: Any = 0.0,
    keys: Key | None = None,
) -> Hypotheses:
    """One sequence for each source; at a `temperature` above 0, row b is drawn with `keys` [B].

    It stops when all have ended, at the latest after `longest` symbols. Scores are those of the
    model at temperature 1.

    >>> from dl.models import encoder_decoder, text_encoder
    >>> from dl.types import Pair, Ragged
    >>> encoder = text_encoder(7, hidden_size=4)
    >>> model = encoder_decoder(encoder, 5, hidden_size=4, embedding_size=4)
    >>> source = Ragged(jnp.ones((2, 6), int), jnp.array([6, 3]))
    >>> params, state = model.init(jax.random.key(0), Pair(source, jnp.ones((2, 3), int)))
    >>> write_greedily(model, params, state, source, end=4, longest=3).symbols.shape
    (2, 1, 3)
    """
    memory, carry = model.encode(params, model_state, source)
    rows = jax.tree.leaves(memory)[0].shape[0]
    places = places_of(model, params, model_state, memory, carry, rows=rows, end=end)
    state = (
        jnp.int32(0),
        carry,
        jnp.full(rows, end, jnp.int32),
        jnp.zeros(rows, bool),
        jnp.full((longest, rows), end, jnp.int32),
        jnp.zeros((longest, rows, places)),
        jnp.zeros(rows),
        jnp.zeros(rows, jnp.int32),
    )

    def goes_on(state: tuple) -> Array:
        return (state[0] < longest) & ~jnp.all(state[3])

    def write(state: tuple) -> tuple:
        step, carry, previous, ended, symbols, weights, scores, lengths = state
        logits, carry, seen = model.step(params, model_state, memory, carry, previous)
        logs = jax.nn.log_softmax(logits)
        drawn = _draw(logs, temperature, keys, step)
        gained = jnp.take_along_axis(logs, drawn[:, None], axis=-1)[:, 0]
        drawn = jnp.where(ended, end, drawn)
        return (
            step + 1,
            carry,
            drawn,
            ended | (drawn == end),
            symbols.at[step].set(drawn),
            weights.at[step].set(jnp.where(ended[:, None], 0.0, seen)),
            scores + jnp.where(ended, 0.0, gained),
            lengths + ~ended,
        )

    *_, symbols, weights, scores, lengths = lax.while_loop(goes_on, write, state)
    return Hypotheses(
        symbols.T[:, None],
        lengths[:, None],
        (scores / length_penalty(lengths, alpha))[:, None],
        weights.swapaxes(0, 1)[:, None],
    )


def _draw(logs: Array, temperature: Any, keys: Key | None, step: Array) -> Array:
    if keys is None:
        return jnp.argmax(logs, axis=-1).astype(jnp.int32)
    own = jax.vmap(jax.random.fold_in, (0, None))(keys, step)
    return jax.vmap(lambda key, row: choose(key, row, temperature=temperature))(own, logs)
