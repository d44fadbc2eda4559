"""Cells, one step each, against their equations in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from recurrent_reference import assert_close, layer, numpy_layer, numpy_step

from dl.layers.recurrent import KINDS, cells, init_layer, recurrent_layer, zero_carry


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_is_the_equations(kind, use_bias):
    with jax.enable_x64(True):
        params, xs, carry = layer(kind, use_bias=use_bias, dtype=jnp.float64)
        assert ("bias" in params) == use_bias
        ours = KINDS[kind].cell(params, carry, xs[0])
        assert ours[1].dtype == jnp.float64
        assert_close(ours, numpy_step(kind, params, carry, np.asarray(xs[0])), 1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_the_equations_step_after_step(kind):
    params, xs, carry = layer(kind)
    assert_close(recurrent_layer(kind, params, xs, carry), numpy_layer(kind, params, xs, carry))


def test_elman_s_activation_can_be_another():
    params, xs, carry = layer("rnn")
    h, y = cells.rnn_cell(params, carry, xs[0], activation=jax.nn.relu)
    expected = np.maximum(xs[0] @ params["input"] + carry @ params["recurrent"] + params["bias"], 0)
    assert_close((h, y), (expected, expected))


def test_the_two_grus_differ_in_where_they_reset_and_in_what_z_weighs():
    params, xs, carry = layer("gru", use_bias=False)
    # With r = 1 the place of the reset is all the same, and 1 − σ(v) = σ(−v) turns one z into the
    # other.
    size = params["recurrent"].shape[0]
    open_reset = {**params, "bias": jnp.zeros(3 * size).at[:size].set(100.0)}
    turned = {
        name: array.at[..., size : 2 * size].multiply(-1) for name, array in open_reset.items()
    }
    assert_close(
        cells.gru_cell(open_reset, carry, xs[0]), cells.gru_reset_after_cell(turned, carry, xs[0])
    )
    assert not np.allclose(
        cells.gru_cell(params, carry, xs[0])[1], cells.gru_reset_after_cell(params, carry, xs[0])[1]
    )


@pytest.mark.parametrize(
    ("kind", "names"), [("gru", 2), ("rnn", 3), ("lstm", 3), ("gru_reset_after", 4)]
)
def test_first_parameters(kind, names):
    params = init_layer(kind, jax.random.key(1), input_size=300, hidden_size=8, forget_bias=1.0)
    gates = KINDS[kind].gates
    assert len(params) == names
    assert abs(float(params["input"].std()) * 300**0.5 - 1) < 0.1
    for block in jnp.split(params["recurrent"], gates, axis=1):
        np.testing.assert_allclose(block @ block.T, np.eye(8), atol=1e-5)
    assert (
        len({float(block[0, 0]) for block in jnp.split(params["recurrent"], gates, axis=1)})
        == gates
    )
    if kind == "lstm":
        assert params["bias"].reshape(4, 8).tolist() == [[0.0] * 8, [1.0] * 8, [0.0] * 8, [0.0] * 8]
    else:
        assert not any(params[name].any() for name in ("bias", "recurrent_bias") if name in params)


def test_first_parameters_can_be_made_otherwise():
    ones = jax.nn.initializers.ones
    options = {
        "input_size": 2,
        "hidden_size": 3,
        "input_init": ones,
        "recurrent_init": ones,
        "dtype": jnp.bfloat16,
    }
    params = init_layer("gru", jax.random.key(0), use_bias=True, **options)
    assert {name: (array.shape, float(array.sum())) for name, array in params.items()} == {
        "input": ((2, 9), 18.0),
        "recurrent": ((3, 9), 27.0),
        "bias": ((9,), 0.0),
    }
    assert {array.dtype for array in params.values()} == {jnp.dtype(jnp.bfloat16)}


def test_first_carry():
    c, h = zero_carry("lstm", 2, 3, jnp.bfloat16)
    assert c.shape == h.shape == (2, 3)
    assert c.dtype == jnp.bfloat16
    assert zero_carry("gru", 2, 3).shape == (2, 3)
