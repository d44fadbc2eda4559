"""A key of some rows draws what one key draws for the whole batch, whoever draws from it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from flax import nnx

import dl
from dl.layers.dropout import dropped
from dl.layers.row_keys import example_keys, for_all_rows, for_rows, row_keys

KEY, FIRST, ROWS, ALL = jax.random.fold_in(jax.random.key(3), 7), 4, 2, 8
DRAWS: dict[str, Callable[[Any, tuple[int, ...]], Any]] = {
    "normal": jax.random.normal,
    "bernoulli": lambda key, shape: jax.random.bernoulli(key, 0.3, shape),
    "bytes": lambda key, shape: jax.random.bits(key, shape, jnp.uint8),
    "whole numbers": lambda key, shape: jax.random.randint(key, shape, 0, 1000),
    "choices": lambda key, shape: jax.random.categorical(key, jnp.zeros((*shape, 5))),
    "after a split": lambda key, shape: jax.random.uniform(jax.random.split(key, 3)[1], shape),
    "after a fold": lambda key, shape: jax.random.uniform(jax.random.fold_in(key, 5), shape),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
@pytest.mark.parametrize("k", [1, 3])
def test_rows_draw_their_part_of_the_batch(draw: Any, k: int) -> None:
    whole = np.asarray(draw(KEY, (ALL * k, 3)))
    part = jax.jit(lambda first: draw(for_rows(KEY, first, ROWS), (ROWS * k, 3)))(FIRST)
    np.testing.assert_array_equal(part, whole[FIRST * k : (FIRST + ROWS) * k])


def test_numbers_of_64_bits_are_those_of_the_batch() -> None:
    with jax.enable_x64(True):
        whole = jax.random.uniform(KEY, (ALL, 3), jnp.float64)
        part = jax.random.uniform(for_rows(KEY, FIRST, ROWS), (ROWS, 3), jnp.float64)
        np.testing.assert_array_equal(part, whole[FIRST : FIRST + ROWS])


@pytest.mark.parametrize("shape", [(), (3,), (5, 2)])
def test_a_draw_without_rows_is_that_of_the_batch(shape: tuple[int, ...]) -> None:
    part, whole = (jax.random.uniform(key, shape) for key in (for_rows(KEY, FIRST, ROWS), KEY))
    np.testing.assert_array_equal(part, whole)
    own = jax.random.uniform(for_all_rows(for_rows(KEY, FIRST, ROWS)), (ROWS, 3))
    np.testing.assert_array_equal(own, jax.random.uniform(KEY, (ROWS, 3)))


def test_keys_of_rows_and_of_examples_do_not_depend_on_the_part() -> None:
    part = for_rows(KEY, FIRST, ROWS)
    assert bool((row_keys(part, ROWS) == row_keys(KEY, ALL)[FIRST : FIRST + ROWS]).all())
    assert bool((example_keys(part, jnp.arange(3)) == example_keys(KEY, jnp.arange(3))).all())


def test_another_generator_gets_the_number_of_its_first_row() -> None:
    key = jax.random.key(0, impl="rbg")
    first, second = (jax.random.uniform(for_rows(key, n, ROWS), (ROWS, 3)) for n in (0, ROWS))
    assert not np.array_equal(first, second)


def test_dropout_of_sequences_keeps_the_mask_of_a_row() -> None:
    whole = dropped(KEY, jnp.ones((5, ALL, 3)), 0.5, rows=1)
    part = dropped(for_rows(KEY, FIRST, ROWS), jnp.ones((5, ROWS, 3)), 0.5, rows=1)
    np.testing.assert_array_equal(part, whole[:, FIRST : FIRST + ROWS])


class _Linen(nn.Module):
    """A net as somebody else would write it, with Flax's own dropout."""

    @nn.compact
    def __call__(self, inputs: Any, *, train: bool = False) -> Any:
        hidden = nn.Dropout(0.5, deterministic=not train)(nn.Dense(16)(inputs))
        return nn.Dense(3)(hidden + jax.random.normal(self.make_rng("dropout"), hidden.shape))


class _Nnx(nnx.Module):
    def __init__(self, rngs: nnx.Rngs) -> None:
        self.hidden, self.output = nnx.Linear(4, 16, rngs=rngs), nnx.Linear(16, 3, rngs=rngs)
        self.dropout = nnx.Dropout(0.5, rngs=rngs)

    def __call__(self, inputs: Any) -> Any:
        return self.output(self.dropout(self.hidden(inputs)))


@pytest.mark.parametrize("net", ["linen", "nnx"])
def test_nets_of_other_people_draw_by_row(net: str) -> None:
    model = dl.from_linen(_Linen()) if net == "linen" else dl.from_nnx(_Nnx)
    inputs = jnp.ones((ALL, 4))
    params, state = model.init(jax.random.key(0), inputs)
    whole = model.apply(params, state, inputs, train=True, key=KEY)[0]
    key = for_rows(KEY, FIRST, ROWS)
    part = model.apply(params, state, inputs[:ROWS], train=True, key=key)[0]
    np.testing.assert_allclose(part, whole[FIRST : FIRST + ROWS], rtol=1e-5)
    assert len(np.unique(np.round(whole[:, 0], 4))) == ALL
