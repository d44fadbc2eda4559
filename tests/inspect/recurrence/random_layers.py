"""Random recurrent layers for tests, and a compiler in a hurry."""

from functools import partial
from typing import Any

import jax

from dl.layers import init_layer, zero_carry

STEPS, BATCH, INPUTS, SIZE = 5, 3, 2, 4

# Little optimisation: the tests compile much and compute little.
compiled = partial(
    jax.jit,
    compiler_options={
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
    },
)


def random_layer(kind: str) -> tuple[dict[str, jax.Array], jax.Array, Any]:
    """Parameters with biases that are not zero, sequences [T, B, D] and a carry."""
    keys = iter(jax.random.split(jax.random.key(0), 10))
    params = init_layer(kind, next(keys), input_size=INPUTS, hidden_size=SIZE)
    params = {
        name: array + 0.3 * jax.random.normal(next(keys), array.shape)
        for name, array in params.items()
    }
    carry = jax.tree.map(
        lambda leaf: jax.random.normal(next(keys), leaf.shape), zero_carry(kind, BATCH, SIZE)
    )
    return params, jax.random.normal(next(keys), (STEPS, BATCH, INPUTS)), carry
