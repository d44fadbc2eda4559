"""G2, G5: how far back a recurrent net's gradient reaches, and what its gates do on the way."""

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dl.inspect.recurrence.clipping import clipping_effect
from dl.inspect.recurrence.gates import gate_activations
from dl.inspect.recurrence.gradients import gradient_norms, state_gradients
from dl.inspect.recurrence.jacobians import jacobian_norms
from dl.inspect.recurrence.spectra import scaled_to, singular_values, spectral_radius
from dl.layers import init_layer, recurrent_layer
from dl.layers.recurrent import Kind
from dl.layers.recurrent.cells import rnn_cell

LINEAR = Kind(partial(rnn_cell, activation=lambda v: v), gates=1, states=1)
STEPS, SIZE = 40, 6
DISTANCES = np.arange(STEPS)


def elman(**size: float) -> dict[str, jax.Array]:
    """Small input weights and an orthogonal recurrent one, scaled."""
    params = init_layer("rnn", jax.random.key(0), input_size=2, hidden_size=SIZE)
    return scaled_to("rnn", params, **size)


def noise(scale: float = 1.0) -> jax.Array:
    return scale * jax.random.normal(jax.random.key(1), (STEPS, 3, 2))


def sigmoid(v: float) -> float:
    return 1 / (1 + math.exp(-v))


def test_G2_without_an_activation_the_factors_are_the_weight_and_their_product_its_power() -> None:
    weight = np.random.default_rng(0).normal(size=(3, 3)) / 2
    params = {"input": jnp.zeros((1, 3)), "recurrent": jnp.asarray(weight, jnp.float32)}
    side = np.array([1.0, -2.0, 0.5])
    found = gradient_norms(
        LINEAR, params, jnp.zeros((12, 2, 1)), loss=lambda h: h @ jnp.asarray(side, jnp.float32)
    )
    powers = [np.linalg.matrix_power(weight, k) for k in range(12)]
    np.testing.assert_allclose(
        found.state, [np.linalg.norm(power @ side) for power in powers], rtol=1e-4
    )
    products = jacobian_norms(LINEAR, params, jnp.zeros((12, 1, 1)))
    np.testing.assert_allclose(
        products[:, 0], [np.linalg.norm(power, ord=2) for power in powers], rtol=1e-4
    )


@pytest.mark.parametrize("radius", [0.8, 1.0, 1.25])
def test_G2_below_1_it_vanishes_above_1_it_explodes_and_at_1_it_stays(radius: float) -> None:
    norms = gradient_norms(LINEAR, elman(radius=radius), noise()).state
    np.testing.assert_allclose(norms, radius**DISTANCES, rtol=1e-4)
    slope = np.polyfit(DISTANCES, np.log(norms), 1)[0]
    assert slope == pytest.approx(math.log(radius), abs=1e-5)


def test_G2_tanh_only_shrinks_what_the_weight_s_norm_allows() -> None:
    params = elman(norm=0.9)
    found = gradient_norms("rnn", params, noise())
    assert (found.state <= 0.9**DISTANCES * (1 + 1e-5)).all()
    assert np.polyfit(DISTANCES, np.log(found.state), 1)[0] < math.log(0.9)


def test_G2_a_norm_above_1_lets_it_explode_and_a_tanh_that_saturates_does_not() -> None:
    params = elman(norm=1.5)
    at_rest, driven = (gradient_norms("rnn", params, noise(scale)).state for scale in (0.0, 100.0))
    np.testing.assert_allclose(at_rest, 1.5**DISTANCES, rtol=1e-4)
    assert float(driven[-1]) < 1e-9


def test_G2_the_radius_decides_the_long_run_where_the_norm_lets_it_grow_at_first() -> None:
    params = {"input": jnp.zeros((1, 2)), "recurrent": jnp.array([[0.8, 5.0], [0.0, 0.8]])}
    assert spectral_radius("rnn", params)["hidden"] == pytest.approx(0.8)
    assert singular_values("rnn", params)["hidden"][0] > 5
    norms = gradient_norms(LINEAR, params, jnp.zeros((STEPS, 1, 1)), loss=lambda h: h[:, 1]).state
    powers = [np.hypot(5 * k * 0.8 ** (k - 1), 0.8**k) for k in DISTANCES]
    np.testing.assert_allclose(norms, powers, rtol=1e-4)
    assert norms.argmax() == 4
    assert float(norms[-1]) < 0.05


def test_G2_the_weight_s_gradient_is_the_sum_over_steps_of_the_states() -> None:
    params, xs = elman(radius=1.0), noise()
    expected = jax.grad(lambda params: (recurrent_layer("rnn", params, xs)[0][-1] ** 2).sum())(
        params
    )
    (slopes,) = state_gradients("rnn", params, xs, loss=lambda h: (h**2).sum(-1))
    states = recurrent_layer("rnn", params, xs)[0]
    before = jnp.concatenate([jnp.zeros_like(states[:1]), states[:-1]])
    inner = slopes * (1 - states**2)
    np.testing.assert_allclose(
        jnp.einsum("tbi,tbj->ij", before, inner), expected["recurrent"], atol=1e-4
    )
    np.testing.assert_allclose(jnp.einsum("tbi,tbj->ij", xs, inner), expected["input"], atol=1e-4)


def test_G2_clipping_shortens_an_exploded_gradient_and_keeps_its_direction() -> None:
    xs = noise(1e-9)

    def gradient(params: Any) -> Any:
        return jax.grad(lambda params: recurrent_layer("rnn", params, xs)[0][-1].sum())(params)

    stream = (gradient(elman(norm=size)) for size in (0.5, 1.5))
    effect = clipping_effect(stream, optax.clip_by_global_norm(10.0))
    assert effect.share == 0.5
    assert effect.before[1] > 1e6
    np.testing.assert_allclose(effect.after, [effect.before[0], 10.0], rtol=1e-5)
    np.testing.assert_allclose(effect.cosine, 1, rtol=1e-5)


def test_G2_G3_an_open_forget_gate_carries_it_over_any_distance() -> None:
    bias = jnp.repeat(jnp.array([0.0, 50.0, 0.5, 0.0]), 2)
    params = {"input": jnp.zeros((2, 8)), "recurrent": jnp.zeros((2, 8)), "bias": bias}
    norms = gradient_norms("lstm", params, noise())
    assert norms.cell is not None
    np.testing.assert_allclose(norms.cell[1:], norms.cell[1], rtol=1e-5)
    assert float(norms.cell[0]) == 0, "the last output was read from the cell before it is changed"
    np.testing.assert_array_equal(norms.hidden[1:], 0)


def test_G2_G3_a_forget_gate_that_is_half_open_lets_it_vanish_by_half_a_step() -> None:
    params = {"input": jnp.zeros((2, 8)), "recurrent": jnp.zeros((2, 8))}
    cell = gradient_norms("lstm", params, noise()).cell
    assert cell is not None
    np.testing.assert_allclose(cell[2:] / cell[1:-1], 0.5, rtol=1e-5)


def test_G5_the_gates_of_an_lstm_one_by_one() -> None:
    params = {
        "input": jnp.array([[0.1, 0.2, 0.3, 0.4]]),
        "recurrent": jnp.array([[-0.4, 0.3, 0.2, 0.1]]),
        "bias": jnp.array([0.05, 1.0, -0.05, 0.5]),
    }
    found = gate_activations("lstm", params, jnp.array([2.0, -1.0]).reshape(2, 1, 1))
    cell = h = 0.0
    for t, x in enumerate((2.0, -1.0)):
        i, f, o = (
            sigmoid(a * x + b * h + c)
            for a, b, c in ((0.1, -0.4, 0.05), (0.2, 0.3, 1.0), (0.4, 0.1, 0.5))
        )
        candidate = math.tanh(0.3 * x + 0.2 * h - 0.05)
        cell = f * cell + i * candidate
        h = o * math.tanh(cell)
        by_name = {
            "input": i,
            "forget": f,
            "candidate": candidate,
            "output": o,
            "cell": cell,
            "hidden": h,
        }
        assert {name: float(values[t, 0, 0]) for name, values in found.items()} == pytest.approx(
            by_name, rel=1e-5
        )


@pytest.mark.slow
def test_G5_the_gates_of_a_gru_one_by_one() -> None:
    params = {"input": jnp.array([[0.1, 0.2, 0.3]]), "recurrent": jnp.array([[-0.4, 0.3, 0.2]])}
    found = gate_activations("gru", params, jnp.array([2.0, -1.0]).reshape(2, 1, 1))
    h = 0.0
    for t, x in enumerate((2.0, -1.0)):
        r, z = sigmoid(0.1 * x - 0.4 * h), sigmoid(0.2 * x + 0.3 * h)
        candidate = math.tanh(0.3 * x + 0.2 * (r * h))
        h = (1 - z) * h + z * candidate
        by_name = {"reset": r, "update": z, "candidate": candidate, "hidden": h}
        assert {name: float(values[t, 0, 0]) for name, values in found.items()} == pytest.approx(
            by_name, rel=1e-5
        )
