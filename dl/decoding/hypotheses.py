"""What decoding gives: sequences of symbols with their scores."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from dl.errors import InputError
from dl.types import Array, Carry, EncoderDecoder, ModelState, Params


class Hypotheses(NamedTuple):
    """The N best sequences of each of B sources, the best first.

    `symbols` [B, N, L] end with the end symbol at `lengths` [B, N] − 1, unless they were cut at L;
    later ones are the end symbol too. `scores` [B, N] are log-probabilities divided by the length
    penalty; where there are fewer than N sequences, the last rows stand for none and have −∞.
    `weights` [B, N, L, S] say how much each step looked at each place of the source.
    """

    symbols: Array
    lengths: Array
    scores: Array
    weights: Array


def length_penalty(lengths: Any, alpha: Any) -> Array:
    """((5 + L) / 6)^α, by which log-probabilities of L symbols are divided; 1 for α = 0.

    Without it short sequences win, because every symbol costs probability. Source: Wu et al. 2016,
    arXiv:1609.08144, equation 14.

    >>> length_penalty(jnp.array([1, 7]), 1.0).tolist()
    [1.0, 2.0]
    """
    return ((5.0 + lengths) / 6.0) ** alpha


def places_of(
    model: EncoderDecoder,
    params: Params,
    model_state: ModelState,
    memory: Any,
    carry: Carry,
    *,
    rows: int,
    end: int,
) -> int:
    """How many places of the source the weights of a step have.

    Raises:
        InputError: for an `end` that is no symbol of the model.
    """
    previous = jax.ShapeDtypeStruct((rows,), jnp.int32)
    logits, _, weights = jax.eval_shape(model.step, params, model_state, memory, carry, previous)
    if not 0 <= end < logits.shape[-1]:
        raise InputError(
            f"end is {end}, and {model.name} writes symbols from 0 to {logits.shape[-1] - 1}: give "
            "that of the vocabulary it was trained with"
        )
    return weights.shape[-1]
