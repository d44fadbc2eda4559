"""Attention beside NumPy, and the fast path of an attentive layer beside the plain scan."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.errors import InputError
from dl.layers.attention import (
    Memory,
    additive_scores,
    attention_weights,
    context,
    memory_of,
    multiplicative_scores,
)
from dl.layers.attentive import Attentive, AttentiveLayer, attentive_layer
from dl.layers.recurrent import KINDS

STEPS, ROWS, PLACES, VALUES, INPUTS, UNITS = 4, 3, 5, 4, 3, 6


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0], [1, 0, 0, 0, 0]], np.float32)


@cache
def layer_of(kind: str, attention: Any) -> tuple[dict, tuple]:
    """Parameters that are not small, and the other arguments of `attentive_layer`."""
    layer = AttentiveLayer(kind, UNITS, attention)
    values, keys = random(ROWS, PLACES, VALUES), random(ROWS, PLACES, UNITS, seed=1)
    memory = memory_of(jnp.asarray(values), jnp.asarray(MASK))
    state = [random(ROWS, UNITS, seed=seed) for seed in range(2, 2 + KINDS[kind].states)]
    carry = Attentive(tuple(state) if len(state) > 1 else state[0], random(ROWS, UNITS, seed=5))
    given = memory, jnp.asarray(keys), random(STEPS, ROWS, INPUTS, seed=6), carry
    shapes = jax.eval_shape(layer.init, jax.random.key(0), given[2], given[0], given[1], given[3])[
        "params"
    ]
    names = sorted(shapes)
    params = {name: random(*shapes[name].shape, seed=9 + names.index(name)) for name in names}
    return params, given


def test_attention_is_that_of_the_papers() -> None:
    """Equation 8 of Luong et al. and equation 6 of Bahdanau et al., in NumPy, row by row."""
    query, keys, direction = random(2, 4), random(2, 5, 4, seed=1), random(4, seed=2)
    additive, product = (
        np.asarray(additive_scores(query, keys, direction)),
        np.asarray(multiplicative_scores(query, keys)),
    )
    for row in range(2):
        for place in range(5):
            key = keys[row, place]
            assert np.isclose(
                additive[row, place], direction @ np.tanh(query[row] + key), atol=1e-5
            )
            assert np.isclose(product[row, place], query[row] @ key, atol=1e-5)
    weights = np.asarray(attention_weights(jnp.asarray(product[:1, :3]), jnp.array([[1, 0, 1]])))
    a, b = np.exp(product[0, 0]), np.exp(product[0, 2])
    np.testing.assert_allclose(weights[0], [a / (a + b), 0, b / (a + b)], rtol=1e-5)
    seen = context(jnp.asarray(weights), jnp.asarray(keys[:1, :3]))
    expected = (a * keys[0, 0] + b * keys[0, 2]) / (a + b)
    np.testing.assert_allclose(seen[0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("attention", ["additive", "multiplicative"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_the_fast_path_and_its_gradients_are_those_of_the_scan(kind: str, attention: str) -> None:
    params, given = layer_of(kind, attention)
    out = random(STEPS, ROWS, UNITS, seed=30), random(STEPS, ROWS, PLACES, seed=31)

    def loss(implementation: str, params: Any, given: tuple) -> Any:
        memory, keys, xs, carry = given
        outputs, last = attentive_layer(
            kind, params, memory, keys, xs, carry, implementation=implementation
        )
        ends = sum(jnp.sum(leaf * (n + 1)) for n, leaf in enumerate(jax.tree.leaves(last)))
        return sum(jnp.sum(a * b) for a, b in zip(outputs, out, strict=True)) + ends, outputs

    def graded(implementation: str) -> Any:
        def run(params: Any, given: tuple) -> Any:
            return jax.value_and_grad(
                lambda params, given: loss(implementation, params, given), (0, 1), has_aux=True
            )(params, given)

        return jax.jit(run)(params, given)

    (fast, fast_outputs), fast_gradients = graded("auto")
    (plain, outputs), gradients = graded("scan")
    np.testing.assert_allclose(fast, plain, rtol=1e-4)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5),
        fast_outputs,
        outputs,
    )
    # Not that of the mask, which is no number to be learned.
    of_memory = fast_gradients[1][0], gradients[1][0]
    for one, other in (
        (fast_gradients[0], gradients[0]),
        (of_memory[0].values, of_memory[1].values),
        (fast_gradients[1][1:], gradients[1][1:]),
    ):
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-3), one, other
        )


def test_places_of_the_padding_change_nothing() -> None:
    params, (memory, keys, xs, carry) = layer_of("gru", "additive")
    other = Memory(
        jnp.where(memory.mask[..., None] > 0, memory.values, 99.0), memory.mask, memory.summary
    )
    (fed, weights), _ = attentive_layer("gru", params, memory, keys, xs, carry)
    (again, _), _ = attentive_layer("gru", params, other, keys + (1 - MASK)[..., None], xs, carry)
    np.testing.assert_array_equal(fed, again)
    assert np.all(np.asarray(weights)[:, MASK == 0] == 0)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-5)


def test_an_unknown_implementation_is_refused() -> None:
    params, given = layer_of("gru", "additive")
    with pytest.raises(InputError, match="unknown implementation 'fast'"):
        attentive_layer("gru", params, *given, implementation="fast")
