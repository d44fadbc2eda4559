"""Mixed precision: factors in bfloat16, sums, states and gradients in float32."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recurrent_reference import compiled, layer, with_gradients

from dl.errors import InputError
from dl.layers import recurrent_layer
from dl.layers.recurrent import KINDS
from dl.layers.recurrent.products import product, product_over_steps

SIZES = st.integers(1, 5)


def rounded(array):
    """The nearest numbers with 8 binary digits, found without JAX's own conversion."""
    mantissa, exponent = np.frexp(np.asarray(array, np.float64))
    return np.ldexp(np.round(mantissa * 2.0**8) / 2.0**8, exponent)


@settings(max_examples=12)
@given(SIZES, SIZES, SIZES, st.integers(0, 9))
def test_a_product_is_that_of_rounded_factors_summed_in_single(rows, inner, columns, seed):
    rng = np.random.default_rng(seed)
    a, b = (
        rng.normal(size=shape).astype(np.float32) for shape in ((rows, inner), (inner, columns))
    )
    result = product(jnp.asarray(a), jnp.asarray(b, jnp.bfloat16))
    assert result.dtype == jnp.float32
    np.testing.assert_allclose(result, rounded(a) @ rounded(b), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("steps", "batch"), [(3, 1), (512, 1), (4, 256), (103, 10), (2, 600)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_product_over_steps_is_the_sum_over_all_of_them(steps, batch, dtype):
    rng = np.random.default_rng(steps)
    a, b = (rng.normal(size=(steps, batch, size)).astype(np.float32) for size in (3, 4))
    result = compiled(product_over_steps)(a, jnp.asarray(b, dtype))
    assert result.dtype == jnp.float32
    as_they_are = (a, b) if dtype == "float32" else (rounded(a), rounded(b))
    np.testing.assert_allclose(result, np.einsum("tnk,tnm->km", *as_they_are), rtol=1e-4, atol=1e-4)


def run(kind, implementation, product_dtype):
    """A layer's outputs, last carry and all gradients; 512 rows in all, so that they are summed as
    one block.
    """
    arguments = layer(kind, steps=16, batch=32, inputs=3, size=8)
    arguments = jax.tree.map(lambda array: 0.3 * array, arguments)
    options = {"implementation": implementation, "product_dtype": product_dtype}
    return compiled(partial(with_gradients, partial(recurrent_layer, kind, **options)))(*arguments)


def relative_error(result, expected):
    return float(jnp.linalg.norm(result - expected) / jnp.linalg.norm(expected))


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["auto", "scan"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_stays_in_single_and_near_its_products_in_single(kind, implementation):
    mixed, single = run(kind, implementation, "bfloat16"), run(kind, implementation, None)
    assert {leaf.dtype for leaf in jax.tree.leaves(mixed)} == {jnp.dtype("float32")}
    errors = jax.tree.leaves(jax.tree.map(relative_error, mixed, single))
    assert 1e-5 < max(errors) < 2e-2


@pytest.mark.parametrize("kind", KINDS)
def test_all_products_of_the_fast_path_have_factors_in_bfloat16(kind):
    arguments = layer(kind)
    step = partial(with_gradients, partial(recurrent_layer, kind, product_dtype="bfloat16"))
    text = jax.jit(step).lower(*arguments).as_text()
    products = [line for line in text.splitlines() if "stablehlo.dot_general" in line]
    assert len(products) >= 5
    assert all(line.count("xbf16>") == 2 and line.rstrip().endswith("xf32>") for line in products)


@pytest.mark.parametrize("product_dtype", [None, "bfloat16"])
@pytest.mark.parametrize("kind", KINDS)
def test_accelerators_keep_steps_and_sequences_apart(kind, product_dtype):
    """As one axis of T B rows they could not stay spread over devices."""
    arguments = layer(kind, steps=6, batch=4)
    step = partial(with_gradients, partial(recurrent_layer, kind, product_dtype=product_dtype))
    text = jax.jit(step).trace(*arguments).lower(lowering_platforms=("cuda",)).as_text()
    assert "contracting_dims = [0, 1] x [0, 1]" in text
    assert "tensor<24x" not in text


@pytest.mark.parametrize("steps", [3, 103])
@pytest.mark.parametrize("mapped", [(0, 0), (None, 0), (0, None)])
def test_members_of_a_population_are_multiplied_as_each_alone(steps, mapped):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(2, steps, 10, size)).astype(np.float32) for size in (3, 4))
    a, b = (
        x if axis == 0 else x[0]
        for x, axis in zip((a, jnp.asarray(b, jnp.bfloat16)), mapped, strict=True)
    )
    result = compiled(jax.vmap(product_over_steps, mapped))(a, b)
    for member in range(2):
        alone = product_over_steps(
            *(x if axis is None else x[member] for x, axis in zip((a, b), mapped, strict=True))
        )
        np.testing.assert_allclose(result[member], alone, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_population_with_shared_inputs_is_every_member_alone(kind):
    params, xs, _ = layer(kind)
    members = jax.tree.map(lambda array: jnp.stack([array, 0.5 * array]), params)

    def gradient(params):
        return jax.grad(
            lambda params: recurrent_layer(kind, params, xs, product_dtype="bfloat16")[0].sum()
        )(params)

    both = compiled(jax.vmap(gradient))(members)
    run = compiled(gradient)
    alone = [run(params), run(jax.tree.map(lambda array: 0.5 * array, params))]
    expected = jax.tree.map(lambda *rows: jnp.stack(rows), *alone)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-2, atol=2e-2), both, expected
    )


def test_a_sum_over_steps_keeps_small_terms():
    """4,000 gradients of 1/512 are 7.8; added up in bfloat16 they would stop at 0.5."""
    params = {"input": jnp.zeros((1, 1)), "recurrent": jnp.zeros((1, 1)), "bias": jnp.zeros(1)}
    for implementation in ("auto", "scan"):
        options = {"implementation": implementation, "product_dtype": "bfloat16"}

        def total(params, options=options):
            return recurrent_layer("rnn", params, jnp.full((4000, 1, 1), 1 / 512), **options)[
                0
            ].sum()

        assert compiled(jax.grad(total))(params)["input"].item() == pytest.approx(
            4000 / 512, rel=1e-3
        )


def test_a_type_with_more_digits_than_the_sums_is_refused():
    params, xs, _ = layer("lstm")
    for product_dtype in ("float64", "int8", "complex64", "half"):
        halves = jnp.bfloat16 if product_dtype == "half" else jnp.float32
        with pytest.raises(
            InputError, match=f"at most {jnp.dtype(halves).name}'s digits, not {product_dtype}"
        ):
            recurrent_layer(
                "lstm", jax.tree.map(halves, params), xs.astype(halves), product_dtype=product_dtype
            )
    with pytest.raises(InputError, match="not bf16"):
        recurrent_layer("lstm", params, xs, product_dtype="bf16")
    with pytest.raises(InputError, match="implementation"):
        recurrent_layer("lstm", params, xs, product_dtype="bfloat16", implementation="cudnn")


def test_no_sequence_has_a_gradient_of_zero():
    params, xs, _ = layer("lstm", steps=3, batch=2, inputs=3, size=4)

    def total(params):
        return recurrent_layer("lstm", params, xs[:, :0], product_dtype="bfloat16")[0].sum()

    gradients = jax.grad(total)(params)
    assert all(not np.any(array) for array in jax.tree.leaves(gradients))
