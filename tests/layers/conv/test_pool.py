"""Pooling against XLA's own: values, gradients, ties, transformations."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn
from hypothesis import given, settings
from hypothesis import strategies as st

from dl.errors import InputError
from dl.layers import AvgPool, MaxPool, avg_pool, max_pool

PADDINGS = st.sampled_from(["VALID", "SAME", 1, ((0, 1), (1, 0))])


def pictures(*shape: int, levels: int = 4) -> jax.Array:
    """Few levels, so that most windows hold their maximum several times."""
    return jnp.asarray(np.random.default_rng(sum(shape)).integers(0, levels, shape), jnp.float32)


def gradient_and_output(pool, x):
    """The gradient of a sum with a different weight for every output, and the output."""
    y, pull = jax.vjp(pool, x)
    return pull(jnp.arange(1.0, y.size + 1).reshape(y.shape))[0], y


@settings(max_examples=14, deadline=None, derandomize=True, database=None)
@given(
    sides=st.tuples(st.integers(3, 8), st.integers(3, 8)),
    window=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    strides=st.one_of(st.none(), st.just((1, 1)), st.tuples(st.integers(1, 3), st.integers(1, 3))),
    padding=PADDINGS,
)
def test_maximum_and_its_gradient_are_the_native_ones_even_on_ties(sides, window, strides, padding):
    padding = "VALID" if min(window) == 1 and not isinstance(padding, str) else padding
    x = pictures(2, *sides, 2)

    def pool(x, implementation):
        return max_pool(x, window, strides=strides, padding=padding, implementation=implementation)

    @jax.jit
    def both(x):
        return [
            gradient_and_output(partial(pool, implementation=name), x)
            for name in ("auto", "native")
        ]

    ours, native = both(x)
    jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-6), ours, native)


@pytest.mark.slow
@pytest.mark.parametrize("side", [2, 3, 5])
def test_the_gradient_goes_to_the_first_maximum_in_row_major_order(side):
    gradient = jax.grad(lambda x, strides=1: max_pool(x, side, strides=strides).sum())
    ones = jnp.ones((1, side, side, 1))
    first = jnp.zeros((side, side)).at[0, 0].set(1.0).tolist()
    assert gradient(ones)[0, :, :, 0].tolist() == gradient(ones, None)[0, :, :, 0].tolist() == first
    second = ones.at[0, 0, 0, 0].set(0.0)
    assert np.argwhere(np.asarray(gradient(second))).tolist() == [[0, 0, 1, 0]]
    assert np.argwhere(np.asarray(gradient(second.at[0, 0, 1:, 0].set(0.0)))).tolist() == [
        [0, 1, 0, 0]
    ]


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("side", [2, 3])
def test_nan_is_pooled_like_natively(side, strides):
    x = jnp.ones((1, 5, 5, 1)).at[0, 0, 1, 0].set(jnp.nan).at[0, 2, 2, 0].set(jnp.nan)
    native = max_pool(x, side, strides=strides, implementation="native")
    np.testing.assert_array_equal(max_pool(x, side, strides=strides), native)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.int32])
def test_other_types_are_kept(dtype):
    x = pictures(1, 5, 5, 2).astype(dtype)
    pooled = max_pool(x, 3, strides=2, padding="SAME")
    assert pooled.dtype == dtype
    np.testing.assert_array_equal(pooled, nn.max_pool(x, (3, 3), (2, 2), "SAME"))


def test_a_window_of_many_places_and_one_that_does_not_fit():
    x = pictures(2, 8, 8, 3)
    np.testing.assert_array_equal(max_pool(x, 8), x.max((1, 2), keepdims=True))
    assert max_pool(x, 9).shape == (2, 0, 0, 3)


@settings(max_examples=6, deadline=None, derandomize=True, database=None)
@given(window=st.integers(1, 3), strides=st.integers(1, 3), padding=PADDINGS)
def test_mean_is_flax_s(window, strides, padding):
    x = pictures(2, 7, 6, 3)
    per_side = ((padding, padding), (padding, padding)) if isinstance(padding, int) else padding
    expected = nn.avg_pool(x, (window, window), (strides, strides), per_side)  # type: ignore[arg-type]
    np.testing.assert_allclose(
        avg_pool(x, window, strides=strides, padding=padding), expected, rtol=1e-6
    )


@pytest.mark.parametrize(
    ("strides", "padding"), [(2, ((0, 1), (0, 1))), (1, 1), (2, "SAME"), (3, ((1, 0), (0, 2)))]
)
def test_means_without_the_padding_are_those_of_the_places_inside(strides, padding):
    x = pictures(2, 6, 7, 3, levels=9)
    options = {"strides": strides, "padding": padding, "count_include_pad": False}
    per_side = [(p, p) for p in (padding, padding)] if isinstance(padding, int) else padding
    expected = nn.avg_pool(x, (3, 3), (strides, strides), per_side, count_include_pad=False)  # type: ignore[arg-type]
    np.testing.assert_allclose(avg_pool(x, 3, **options), expected, rtol=1e-6)
    np.testing.assert_array_equal(AvgPool(3, **options).apply({}, x), avg_pool(x, 3, **options))
    np.testing.assert_allclose(avg_pool(jnp.full_like(x, 5.0), 3, **options), 5.0, rtol=1e-6)


def test_modules_are_the_functions_without_parameters():
    x = pictures(2, 6, 6, 3)
    pooled, variables = MaxPool((2, 2)).init_with_output(jax.random.key(0), x)
    assert not variables
    np.testing.assert_array_equal(pooled, max_pool(x, 2))
    overlapping = AvgPool(3, strides=2, padding="SAME").apply({}, x)
    np.testing.assert_array_equal(overlapping, avg_pool(x, 3, strides=2, padding="SAME"))


def test_second_derivatives_and_vmap():
    x = pictures(3, 2, 4, 4, 1)
    pooled = jax.vmap(lambda x: max_pool(x, 2))(x)
    np.testing.assert_array_equal(pooled, max_pool(x.reshape(6, 4, 4, 1), 2).reshape(pooled.shape))
    hessian = jax.jit(jax.hessian(lambda x: (max_pool(x, 2) ** 2).sum()))(x[0, :1])
    assert float(hessian.sum()) == 2.0 * 4
    overlapping = jax.jit(jax.hessian(lambda x: (max_pool(x, 3, strides=1) ** 2).sum()))(x[0, :1])
    assert float(overlapping.sum()) == 2.0 * 4


def test_wrong_arguments_are_refused_in_one_line():
    x = jnp.ones((1, 4, 4, 1))
    with pytest.raises(InputError, match="add a batch axis"):
        max_pool(x[0], 2)
    with pytest.raises(InputError, match="window is one positive number or two"):
        max_pool(x, (2, 2, 2))
    with pytest.raises(InputError, match="did you mean SAME"):
        avg_pool(x, 2, padding="SAM")
    with pytest.raises(InputError, match="an entry for the height"):
        avg_pool(x, 2, padding=(1, 1, 1))
    with pytest.raises(InputError, match="implementation 'nativ'"):
        max_pool(x, 2, implementation="nativ")
