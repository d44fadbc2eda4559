"""G1, G3, G4: recurrent cells as the lectures write them."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import pytest

from dl.layers import init_layer, recurrent_layer
from dl.layers.recurrent.cells import gru_cell, lstm_cell, rnn_cell


def sigmoid(v: float) -> float:
    return 1 / (1 + math.exp(-v))


def row(*numbers: float) -> Any:
    return jnp.array([numbers])


def count(kind: str, inputs: int, size: int) -> int:
    params = jax.eval_shape(
        lambda: init_layer(kind, jax.random.key(0), input_size=inputs, hidden_size=size)
    )
    return sum(array.size for array in params.values())


def test_G1_the_state_is_tanh_of_the_input_and_the_state_before() -> None:
    params = {"input": row(0.5), "recurrent": row(-2.0), "bias": jnp.array([0.1])}
    h, expected = jnp.zeros((1, 1)), 0.0
    for x in (1.0, -1.0, 0.5):
        h, y = rnn_cell(params, h, row(x))
        expected = math.tanh(0.5 * x - 2.0 * expected + 0.1)
        assert float(y[0, 0]) == float(h[0, 0]) == pytest.approx(expected, rel=1e-5)


def test_G1_the_same_weights_serve_every_step_so_their_gradient_is_a_sum_over_steps() -> None:
    params = {"input": row(0.5), "recurrent": row(0.8)}
    xs = jnp.array([1.0, -0.3, 0.7]).reshape(3, 1, 1)
    gradient = jax.grad(lambda params: recurrent_layer("rnn", params, xs)[1].sum())(params)
    h = [0.0]
    for x in (1.0, -0.3, 0.7):
        h.append(math.tanh(0.5 * x + 0.8 * h[-1]))
    slope = [1 - value**2 for value in h]
    back = [slope[3] * 0.8 * slope[2] * 0.8 * slope[1], slope[3] * 0.8 * slope[2], slope[3]]
    assert float(gradient["recurrent"][0, 0]) == pytest.approx(
        sum(d * h[t] for t, d in enumerate(back)), rel=1e-5
    )
    assert float(gradient["input"][0, 0]) == pytest.approx(
        back[0] * 1.0 - back[1] * 0.3 + back[2] * 0.7, rel=1e-5
    )


def test_G3_a_step_by_hand() -> None:
    params = {
        "input": row(0.1, 0.2, 0.3, 0.4),
        "recurrent": row(-0.4, 0.3, 0.2, 0.1),
        "bias": jnp.array([0.05, 1.0, -0.05, 0.5]),
    }
    (c, h), y = lstm_cell(params, (row(0.6), row(-0.5)), row(2.0))
    i = sigmoid(0.1 * 2 + 0.4 * 0.5 + 0.05)
    f = sigmoid(0.2 * 2 - 0.3 * 0.5 + 1.0)
    candidate = math.tanh(0.3 * 2 - 0.2 * 0.5 - 0.05)
    o = sigmoid(0.4 * 2 - 0.1 * 0.5 + 0.5)
    cell = f * 0.6 + i * candidate
    assert float(c[0, 0]) == pytest.approx(cell, rel=1e-5)
    assert float(h[0, 0]) == float(y[0, 0]) == pytest.approx(o * math.tanh(cell), rel=1e-5)


@pytest.mark.parametrize(
    ("i", "f", "expected"), [(-1, 1, 0.7), (-1, -1, 0.0), (1, -1, math.tanh(2.0))]
)
def test_G3_the_gates_keep_clear_and_write(i: int, f: int, expected: float) -> None:
    params = {
        "input": jnp.zeros((1, 4)),
        "recurrent": jnp.zeros((1, 4)),
        "bias": jnp.array([50.0 * i, 50.0 * f, 2.0, 0.0]),
    }
    (c, h), _ = lstm_cell(params, (row(0.7), row(0.3)), row(1.0))
    assert float(c[0, 0]) == pytest.approx(expected, abs=1e-6)
    assert float(h[0, 0]) == pytest.approx(0.5 * math.tanh(expected), abs=1e-6)


def test_G3_what_is_kept_reaches_far_back_where_elman_s_gradient_has_vanished() -> None:
    steps = 100
    xs = jnp.zeros((steps, 1, 1))
    lstm = {
        "input": jnp.zeros((1, 4)),
        "recurrent": jnp.zeros((1, 4)),
        "bias": jnp.array([0.0, 50.0, 0.0, 0.0]),
    }
    elman = {"input": jnp.zeros((1, 1)), "recurrent": row(0.5)}
    kept = jax.grad(lambda c: recurrent_layer("lstm", lstm, xs, (c, row(0.0)))[1][0].sum())(
        row(0.1)
    )
    vanished = jax.grad(lambda h: recurrent_layer("rnn", elman, xs, h)[1].sum())(row(0.1))
    assert float(kept[0, 0]) == pytest.approx(1.0)
    assert float(vanished[0, 0]) < 1e-29


def test_G4_a_step_by_hand() -> None:
    params = {"input": row(0.1, 0.2, 0.3), "recurrent": row(-0.4, 0.3, 0.2)}
    h, y = gru_cell(params, row(-0.5), row(2.0))
    r, z = sigmoid(0.1 * 2 + 0.4 * 0.5), sigmoid(0.2 * 2 - 0.3 * 0.5)
    candidate = math.tanh(0.3 * 2 + 0.2 * (r * -0.5))
    expected = (1 - z) * -0.5 + z * candidate
    assert float(h[0, 0]) == float(y[0, 0]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("r", "z", "expected"), [(-1, -1, 0.7), (-1, 1, math.tanh(2.0)), (1, 1, math.tanh(2.7))]
)
def test_G4_z_keeps_or_replaces_and_r_forgets(r: int, z: int, expected: float) -> None:
    params = {"input": row(50.0 * r, 50.0 * z, 2.0), "recurrent": row(0.0, 0.0, 1.0)}
    assert float(gru_cell(params, row(0.7), row(1.0))[0][0, 0]) == pytest.approx(expected, abs=1e-6)


def test_G1_G3_G4_how_many_weights_a_cell_has() -> None:
    matrices = 5 * 7 + 7 * 7
    assert count("rnn", 5, 7) == matrices + 7
    assert count("lstm", 5, 7) == 4 * (matrices + 7)
    assert count("gru", 5, 7) == 3 * matrices, "the lecture's has no biases"
