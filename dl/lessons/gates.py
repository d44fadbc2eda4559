"""Boolean gates as threshold units, and what one unit cannot do (A1, A3)."""

import jax.numpy as jnp

from dl.types import Array

GATE_WEIGHTS: dict[str, tuple[tuple[float, float], float]] = {
    "and": ((1.0, 1.0), -1.5),
    "or": ((1.0, 1.0), -0.5),
    "nand": ((-1.0, -1.0), 1.5),
    "nor": ((-1.0, -1.0), 0.5),
}
"""Weights and bias of a unit that computes each gate, chosen by hand. Source: A3."""


def gate(name: str, inputs: Array) -> Array:
    """One threshold unit, 1 if w·x + b > 0 else 0: inputs [..., 2] -> outputs [...].

    `name` is one of `GATE_WEIGHTS`. Source: A1, A3.

    >>> gate("and", jnp.array([[0, 1], [1, 1]]))
    Array([0, 1], dtype=int32)
    """
    weights, bias = GATE_WEIGHTS[name]
    return (inputs @ jnp.array(weights) + bias > 0).astype(jnp.int32)


def composed_xor(inputs: Array) -> Array:
    """XOR = AND(OR, NAND): three units in two layers do what one unit cannot: [..., 2] -> [...].

    Source: A3.

    >>> composed_xor(jnp.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    Array([0, 1, 1, 0], dtype=int32)
    """
    hidden = jnp.stack([gate("or", inputs), gate("nand", inputs)], axis=-1)
    return gate("and", hidden)
