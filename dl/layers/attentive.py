"""A recurrent layer that looks at a memory at every step, with input feeding."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax.linen.dtypes import promote_dtype
from jax import lax

from dl.errors import InputError
from dl.layers.attention import (
    Memory,
    additive_scores,
    attention_weights,
    context,
    multiplicative_scores,
)
from dl.layers.attentive_fast import WEIGHTS, fast_attentive
from dl.layers.recurrent.kinds import KINDS, check_kind
from dl.layers.recurrent.parameters import layer_arrays
from dl.layers.recurrent.products import product, with_products_in
from dl.types import Array

AttentiveParams = Mapping[str, Array]


class Attentive(NamedTuple):
    """The carry of an attentive layer: the cell's, and the vector `fed` [B, H] to the next step."""

    cell: Any
    fed: Array


def attentive_step(
    kind: str, params: AttentiveParams, memory: Memory, keys: Array, carry: Attentive, x: Array
) -> tuple[Attentive, tuple[Array, Array]]:
    """One step: x [B, E] -> the new carry, the attentional vector ã [B, H], the weights [B, S].

    h = cell([x; ã'], h'), α = softmax(e(h, m_s)), c = Σ_s α_s m_s, ã = tanh([c; h] W_c), where ã'
    is that of the step before (input feeding). The scores e are additive if `params` has a
    "direction", otherwise multiplicative. Source: Luong et al. 2015, arXiv:1508.04025, equations 5
    and 8, section 3.3.
    """
    cell, h = KINDS[kind].cell(params, carry.cell, jnp.concatenate([x, carry.fed], axis=-1))
    if "direction" in params:
        scores = additive_scores(product(h, params["query"]), keys, params["direction"])
    else:
        scores = multiplicative_scores(h, keys)
    weights = attention_weights(scores, memory.mask)
    fed = jnp.tanh(
        product(jnp.concatenate([context(weights, memory.values), h], axis=-1), params["combine"])
    )
    return Attentive(cell, fed), (fed, weights)


def attentive_layer(
    kind: str,
    params: AttentiveParams,
    memory: Memory,
    keys: Array,
    xs: Array,
    carry: Attentive,
    *,
    product_dtype: Any = None,
    implementation: str = "auto",
) -> tuple[tuple[Array, Array], Attentive]:
    """`attentive_step` over time: xs [T, B, E] -> ã [T, B, H] and weights [T, B, S], last carry.

    `params` has those of the cell, whose "input" has E + H rows, and "combine" [D + H, H]; for
    additive scores also "query" [H, A] and "direction" [A]. `keys` [B, S, A] are the places of the
    memory as the query is compared with them; for multiplicative scores A is H.

    `implementation` "auto" is a loop with a hand-written backward pass (`attentive_fast`), "scan"
    differentiates the step; with `product_dtype` products are in that type.

    Raises:
        InputError: for an unknown cell or implementation.
    """
    check_kind(kind)
    if implementation not in ("auto", "scan"):
        raise InputError(f"unknown implementation {implementation!r}: it is 'auto' or 'scan'")
    if implementation == "auto":
        return _fast(kind, product_dtype, params, memory, keys, xs, carry)

    def step(carry: Attentive, x: Array) -> tuple[Attentive, tuple[Array, Array]]:
        factors = with_products_in(product_dtype, params, WEIGHTS)
        return attentive_step(kind, factors, memory, keys, carry, x)

    carry, outputs = lax.scan(step, carry, xs)
    return outputs, carry


def _fast(
    kind: str,
    product_dtype: Any,
    params: AttentiveParams,
    memory: Memory,
    keys: Array,
    xs: Array,
    carry: Attentive,
) -> tuple[tuple[Array, Array], Attentive]:
    size = params["recurrent"].shape[0]
    biases = {"bias": jnp.zeros(params["input"].shape[1], xs.dtype)}
    if kind == "gru_reset_after":
        biases["recurrent_bias"] = jnp.zeros(size, xs.dtype)
    several = KINDS[kind].states > 1
    before: tuple[Array, ...] = carry.cell if several else (carry.cell,)
    outputs: Any = fast_attentive(
        kind,
        product_dtype,
        {**biases, **params},
        memory.values,
        memory.mask,
        keys,
        xs,
        before,
        carry.fed,
    )
    fed, weights, after = outputs
    return (fed, weights), Attentive(after if several else after[0], fed[-1])


class AttentiveLayer(nn.Module):
    """`attentive_layer` with its parameters: xs [T, B, E] -> ã [T, B, H], weights, last carry.

    `kind` is the cell, `attention` "additive" or "multiplicative"; `keys` [B, S, H] are the places
    of the memory as queries are compared with them. `dtype` is the type of the computation,
    `product_dtype` that of the products if it is not `dtype`.

    >>> from dl.layers.attention import memory_of
    >>> layer, memory = AttentiveLayer("gru", 3), memory_of(jnp.ones((2, 5, 4)))
    >>> zeros = jnp.zeros((2, 3))
    >>> given = jnp.ones((7, 2, 4)), memory, jnp.ones((2, 5, 3)), Attentive(zeros, zeros)
    >>> (fed, weights, _), _ = layer.init_with_output(jax.random.key(0), *given)
    >>> fed.shape, weights.shape
    ((7, 2, 3), (7, 2, 5))
    """

    kind: str
    hidden_size: int
    attention: Literal["additive", "multiplicative"] = "additive"
    forget_bias: float = 1.0
    implementation: str = "auto"
    product_dtype: Any = None
    dtype: Any = None

    @nn.compact
    def __call__(
        self, xs: Array, memory: Memory, keys: Array, carry: Attentive
    ) -> tuple[Array, Array, Attentive]:
        params = self._params(xs.shape[-1], memory.values.shape[-1])
        names = list(params)
        xs, keys, values, *arrays = promote_dtype(
            xs, keys, memory.values, *params.values(), dtype=self.dtype
        )
        params = dict(zip(names, arrays, strict=True))
        carry = jax.tree.map(lambda leaf: jnp.asarray(leaf, xs.dtype), carry)
        (fed, weights), carry = attentive_layer(
            self.kind,
            params,
            memory._replace(values=values),
            keys,
            xs,
            carry,
            product_dtype=self.product_dtype,
            implementation=self.implementation,
        )
        return fed, weights, carry

    @nn.nowrap
    def _params(self, input_size: int, memory_size: int) -> dict[str, Array]:
        size, dense = self.hidden_size, nn.initializers.lecun_normal()
        arrays = layer_arrays(
            self.kind,
            input_size=input_size + size,
            hidden_size=size,
            forget_bias=self.forget_bias,
        )
        arrays["combine"] = (dense, (memory_size + size, size))
        if self.attention == "additive":
            arrays["query"] = (dense, (size, size))
            arrays["direction"] = (nn.initializers.normal(size**-0.5), (size,))
        return {
            name: self.param(name, init, shape, jnp.float32)
            for name, (init, shape) in arrays.items()
        }
