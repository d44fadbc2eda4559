"""Attention: which places of a memory a decoder looks at, as pure functions with masks.

The letters: `S` places of the memory, `D` values of a place, `H` units of the query, `A` units in
which query and places are compared.
"""

from typing import Literal, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

from dl.types import Array

AttentionKind: TypeAlias = Literal["additive", "multiplicative", "none"]
_NEVER = -1e9


class Memory(NamedTuple):
    """What an encoder leaves for a decoder to look at.

    `values` [B, S, D] at S places, of which `mask` [B, S] says 1 for a real place and 0 for
    padding; `summary` [B, D'] stands for all of it, and the decoder starts from it.
    """

    values: Array
    mask: Array
    summary: Array


def memory_of(values: Array, mask: Array | None = None) -> Memory:
    """A memory whose summary is the mean over its real places.

    >>> memory = memory_of(jnp.array([[[1.0], [3.0], [9.0]]]), jnp.array([[1.0, 1.0, 0.0]]))
    >>> memory.summary.tolist()
    [[2.0]]
    """
    mask = jnp.ones(values.shape[:2], values.dtype) if mask is None else mask
    count = jnp.maximum(mask.sum(axis=1, keepdims=True), 1)
    return Memory(values, mask, jnp.einsum("bsd,bs->bd", values, mask.astype(values.dtype)) / count)


def additive_scores(query: Array, keys: Array, direction: Array) -> Array:
    """e_s = vᵀ tanh(q + k_s): [B, A], [B, S, A], [A] -> [B, S].

    `query` is W h and `keys` are U m_s, both projected already; `direction` is v. Source: Bahdanau
    et al. 2015, arXiv:1409.0473, equation 6 and appendix A.1.2.

    >>> additive_scores(jnp.zeros((1, 2)), jnp.zeros((1, 3, 2)), jnp.ones(2)).tolist()
    [[0.0, 0.0, 0.0]]
    """
    return jnp.tanh(query[:, None] + keys) @ direction


def multiplicative_scores(query: Array, keys: Array) -> Array:
    """e_s = hᵀ W m_s: a query h [B, H] and keys W m_s [B, S, H] -> [B, S].

    Source: Luong et al. 2015, arXiv:1508.04025, "general" in equation 8.

    >>> multiplicative_scores(jnp.array([[1.0, 2.0]]), jnp.array([[[3.0, 4.0]]])).tolist()
    [[11.0]]
    """
    return jnp.einsum("bh,bsh->bs", query, keys)


def attention_weights(scores: Array, mask: Array) -> Array:
    """α_s = softmax(e)_s over the real places: [B, S], [B, S] -> [B, S]; 0 at the others.

    >>> attention_weights(jnp.zeros((1, 4)), jnp.array([[1.0, 1.0, 0.0, 0.0]])).tolist()
    [[0.5, 0.5, 0.0, 0.0]]
    """
    real = mask > 0
    return jnp.where(real, jax.nn.softmax(jnp.where(real, scores, _NEVER), axis=-1), 0.0)


def context(weights: Array, values: Array) -> Array:
    """c = Σ_s α_s m_s: [B, S], [B, S, D] -> [B, D].

    >>> context(jnp.array([[0.5, 0.5]]), jnp.array([[[1.0], [3.0]]])).tolist()
    [[2.0]]
    """
    return jnp.einsum("bs,bsd->bd", weights, values)
