"""Beam search: several beginnings are kept at every step, those with the best scores."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from dl.decoding.hypotheses import Hypotheses, length_penalty, places_of
from dl.types import Array, Carry, EncoderDecoder, ModelState, Params

_NEVER = -1e30


class _Beam(NamedTuple):
    """K beginnings for each of B sources; `logs`, `lengths`, `ended` and `last` are [B, K].

    `symbols`, `parents` [L, B, K] and `weights` [L, B, K, S] are what each step chose: a symbol,
    and which of the beginnings before it goes on.
    """

    step: Array
    carry: Carry
    last: Array
    logs: Array
    lengths: Array
    ended: Array
    symbols: Array
    parents: Array
    weights: Array


def search_beam(
    model: EncoderDecoder,
    params: Params,
    model_state: ModelState,
    source: Any,
    *,
    end: int,
    longest: int,
    beam: int,
    alpha: float = 0.0,
) -> Hypotheses:
    """The `beam` best sequences for each source that a beam search finds, the best first.

    At each step every beginning is continued by every symbol, and the `beam` continuations of the
    highest score are kept, where the score is log p divided by `length_penalty(length, alpha)`. A
    sequence that has ended keeps its place as long as its score lasts. A beam of 1 is the greedy
    choice; one as wide as the number of all sequences is an exhaustive search. Source: Sutskever et
    al. 2014, arXiv:1409.3215, section 3.2.

    >>> from dl.models import encoder_decoder, text_encoder
    >>> from dl.types import Pair, Ragged
    >>> encoder = text_encoder(7, hidden_size=4)
    >>> model = encoder_decoder(encoder, 5, hidden_size=4, embedding_size=4)
    >>> source = Ragged(jnp.ones((2, 6), int), jnp.array([6, 3]))
    >>> params, state = model.init(jax.random.key(0), Pair(source, jnp.ones((2, 3), int)))
    >>> found = search_beam(model, params, state, source, end=4, longest=3, beam=2)
    >>> found.symbols.shape, bool((found.scores[:, 0] >= found.scores[:, 1]).all())
    ((2, 2, 3), True)
    """
    memory, carry = model.encode(params, model_state, source)
    rows = jax.tree.leaves(memory)[0].shape[0]
    memory, carry = jax.tree.map(lambda leaf: jnp.repeat(leaf, beam, axis=0), (memory, carry))

    def step_model(carry: Carry, previous: Array) -> tuple[Array, Carry, Array]:
        logits, carry, weights = model.step(
            params, model_state, memory, carry, previous.reshape(-1)
        )
        logs = jax.nn.log_softmax(logits).reshape(rows, beam, -1)
        return logs, carry, weights.reshape(rows, beam, -1)

    def goes_on(state: _Beam) -> Array:
        return (state.step < longest) & ~jnp.all(state.ended)

    def extend(state: _Beam) -> _Beam:
        logs, carry, weights = step_model(state.carry, state.last)
        logs, lengths = _continuations(state, logs, end)
        scores = logs / length_penalty(lengths, alpha)[..., None]
        best = lax.top_k(scores.reshape(rows, -1), beam)[1]
        parents, symbols = jnp.divmod(best, logs.shape[-1])
        symbols = symbols.astype(jnp.int32)
        return _Beam(
            state.step + 1,
            _of_parents(carry, parents),
            symbols,
            jnp.take_along_axis(logs.reshape(rows, -1), best, axis=1),
            _pick(lengths, parents),
            _pick(state.ended, parents) | (symbols == end),
            state.symbols.at[state.step].set(symbols),
            state.parents.at[state.step].set(parents),
            state.weights.at[state.step].set(weights),
        )

    places = places_of(model, params, model_state, memory, carry, rows=rows * beam, end=end)
    first = _first(carry, rows, beam, longest, places, end)
    return _traced_back(lax.while_loop(goes_on, extend, first), alpha)


def _first(carry: Carry, rows: int, beam: int, longest: int, places: int, end: int) -> _Beam:
    """All beginnings are empty; only the first counts, so that they do not stay equal."""
    shape = rows, beam
    return _Beam(
        jnp.int32(0),
        carry,
        jnp.full(shape, end, jnp.int32),
        jnp.broadcast_to(jnp.where(jnp.arange(beam) == 0, 0.0, _NEVER), shape),
        jnp.zeros(shape, jnp.int32),
        jnp.zeros(shape, bool),
        jnp.full((longest, *shape), end, jnp.int32),
        jnp.broadcast_to(jnp.arange(beam), (longest, *shape)),
        jnp.zeros((longest, *shape, places)),
    )


def _continuations(state: _Beam, logs: Array, end: int) -> tuple[Array, Array]:
    """Log-probabilities [B, K, V] and lengths [B, K] of all continuations.

    What has ended goes on with the end symbol alone, at no cost.
    """
    only_end = jnp.where(jnp.arange(logs.shape[-1]) == end, 0.0, _NEVER)
    gained = jnp.where(state.ended[..., None], only_end, logs)
    return state.logs[..., None] + gained, state.lengths + ~state.ended


def _pick(values: Array, parents: Array) -> Array:
    """[B, K] of the beginnings that go on."""
    return jnp.take_along_axis(values, parents, axis=1)


def _of_parents(carry: Carry, parents: Array) -> Carry:
    """The carry [B K, ...] of the beginnings that go on."""
    rows, beam = parents.shape
    places = (parents + beam * jnp.arange(rows)[:, None]).reshape(-1)
    return jax.tree.map(lambda leaf: leaf[places], carry)


def _traced_back(state: _Beam, alpha: float) -> Hypotheses:
    """Follow the parents from the last step to the first."""

    def back(place: Array, chosen: tuple[Array, Array, Array]) -> tuple[Array, tuple]:
        symbols, parents, weights = chosen
        before = _pick(parents, place)
        seen = jnp.take_along_axis(weights, before[..., None], axis=1)
        return before, (_pick(symbols, place), seen)

    order = jnp.broadcast_to(jnp.arange(state.logs.shape[1]), state.logs.shape)
    chosen = state.symbols, state.parents, state.weights
    _, (symbols, weights) = lax.scan(back, order, chosen, reverse=True)
    symbols, weights = jnp.moveaxis(symbols, 0, 2), jnp.moveaxis(weights, 0, 2)
    real = jnp.arange(symbols.shape[2]) < state.lengths[..., None]
    scores = state.logs / length_penalty(state.lengths, alpha)
    return Hypotheses(
        symbols,
        state.lengths,
        jnp.where(state.logs <= _NEVER / 2, -jnp.inf, scores),
        weights * real[..., None],
    )
