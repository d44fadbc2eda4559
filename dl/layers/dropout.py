"""Dropout whose rate may be a traced number."""

from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.layers.precision import in_float32
from dl.ranges import is_zero
from dl.types import Array, Key


class Dropout(nn.Module):
    """y = m x / (1 − rate) with m = 1 with probability 1 − rate, else 0; y = x if `deterministic`.

    The mean of y is x, so nothing has to be scaled in prediction. The `rate` may be traced, so that
    another rate does not recompile (`flax.linen.Dropout` compares it with 0). A plain 0 leaves no
    trace in the program. Source: D6; Srivastava et al. 2014.

    >>> dropout = Dropout(0.5, deterministic=False)
    >>> dropout.apply({}, jnp.ones(6), rngs={"dropout": jax.random.key(0)}).tolist()
    [0.0, 2.0, 2.0, 0.0, 0.0, 0.0]
    """

    rate: Any
    deterministic: bool
    rows: int = 0
    """The axis of the rows of the batch; 1 for sequences [T, B, D]."""

    @nn.compact
    def __call__(self, inputs: Array) -> Array:
        if self.deterministic or is_zero(self.rate):
            return inputs
        return dropped(self.make_rng("dropout"), inputs, self.rate, rows=self.rows)


def dropped(key: Key, inputs: Array, rate: Any, *, rows: int = 0) -> Array:
    """The inputs with dropout of this `rate`, which may be traced; see `Dropout`.

    The mask is drawn with the axis `rows` first, so that a row's part of it follows from the row's
    number in the batch (`dl.layers.row_keys`).

    >>> dropped(jax.random.key(0), jnp.ones(6), 0.5).tolist()
    [0.0, 0.0, 2.0, 2.0, 0.0, 2.0]
    """
    # In bfloat16, 1 - rate and the random numbers are rounded differently: the mean would move.
    wide = in_float32(inputs)
    keep = 1.0 - jnp.asarray(rate, wide.dtype)
    mask = jax.random.bernoulli(key, keep, jnp.moveaxis(inputs, rows, 0).shape)
    kept = jnp.moveaxis(mask, 0, rows)
    return jnp.where(kept, wide / keep, jnp.zeros((), wide.dtype)).astype(inputs.dtype)
