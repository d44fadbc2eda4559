"""D4 and C7: what the first weights do to the signal, and what depth does to the gradient."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.errors import InputError
from dl.lessons import initialisation as lesson
from dl.lessons import vanishing

RELU = jax.nn.relu


def stack(name: str, *, depth: int = 5, width: int = 100, activation=jnp.tanh, examples=1000):
    """Z, A and the weights of a net of this initialisation on inputs from N(0, 1)."""
    inputs = jnp.asarray(np.random.default_rng(1).normal(size=(examples, width)), jnp.float32)
    weights = lesson.draw_weights(jax.random.key(0), name, depth=depth, width=width)
    return (*lesson.propagate(weights, inputs, activation), weights)


@pytest.mark.parametrize(
    ("name", "std"),
    [("zeros", 0.0), ("N(0, 1)", 1.0), ("N(0, 0.01)", 0.01), ("Xavier", 0.1), ("He", 0.02**0.5)],
)
def test_D4_the_first_weights_have_the_deviation_of_their_rule(name: str, std: float) -> None:
    # With 100 inputs and outputs Xavier's is √(2 / 200) and He's √(2 / 100).
    weights = lesson.draw_weights(jax.random.key(3), name)
    assert weights.shape == (5, 100, 100)
    np.testing.assert_allclose(weights.std((1, 2)), std, rtol=0.03)
    np.testing.assert_allclose(weights.mean((1, 2)), 0, atol=0.04 * std + 1e-12)


def test_D4_each_layer_is_f_of_a_product_and_draws_weights_of_its_own() -> None:
    z, a, weights = stack("Xavier", depth=3, width=10, examples=7)
    before = np.random.default_rng(1).normal(size=(7, 10)).astype(np.float32)
    for layer in range(3):
        np.testing.assert_allclose(z[layer], before @ np.asarray(weights[layer]), atol=1e-5)
        before = np.tanh(np.asarray(z[layer]))
        np.testing.assert_allclose(a[layer], before, atol=1e-5)
    assert not np.allclose(weights[0], weights[1])


def test_D4_small_weights_collapse_by_s_times_the_root_of_n_in_every_layer() -> None:
    z, a, _ = stack("N(0, 0.01)")
    std = lesson.layer_statistics(z, a).std
    np.testing.assert_allclose(std[1:] / std[:-1], 0.01 * 100**0.5, rtol=0.06)


def test_D4_he_keeps_the_energy_under_relu_and_xavier_halves_it() -> None:
    # E[a²] = ½ E[z²] = ½ n Var(w) E[a_before²]: ½ · 2 = 1 with He's weights, ½ with Xavier's.
    for name, factor in (("He", 1.0), ("Xavier", 0.5)):
        z, a, _ = stack(name, depth=10, width=300, activation=RELU, examples=300)
        square = lesson.layer_statistics(z, a, RELU).square
        assert float((square[-1] / square[0]) ** (1 / 9)) == pytest.approx(factor, rel=0.05)


def test_D4_xavier_keeps_tanh_alive_and_unit_weights_saturate_it() -> None:
    saturated, deviation = {}, {}
    for name in ("Xavier", "N(0, 1)"):
        z, a, _ = stack(name)
        found = lesson.layer_statistics(z, a)
        saturated[name], deviation[name] = found.saturated, found.std
    # z has the deviation √n = 10: |tanh'| < 0.05 means |z| > artanh √0.95 = 2.178, and a normal
    # number of deviation 10 is beyond it with the probability 0.8276.
    assert float(saturated["N(0, 1)"][0]) == pytest.approx(0.8276, abs=0.02)
    assert float(saturated["N(0, 1)"].min()) > 0.75
    assert float(saturated["Xavier"][1:].max()) < 0.01
    assert float(deviation["Xavier"].min()) > 0.25
    assert float(deviation["Xavier"].max()) < 0.7


def test_D4_zeros_make_all_units_equal_and_leave_only_the_last_layer_a_gradient() -> None:
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(20, 8)), jnp.float32)
    errors = jnp.asarray(np.random.default_rng(2).normal(size=(20, 8)), jnp.float32)
    zeros = lesson.draw_weights(jax.random.key(0), "zeros", depth=4, width=8)
    for activation, value in ((jnp.tanh, 0.0), (jax.nn.sigmoid, 0.5)):
        _, a = lesson.propagate(zeros, inputs, activation)
        np.testing.assert_array_equal(a, np.full((4, 20, 8), value, np.float32))
        norms = vanishing.gradient_norms(zeros, inputs, activation, errors)
        np.testing.assert_array_equal(norms.errors[:-1], 0)
        np.testing.assert_array_equal(norms.weights[:-1], 0)
    # With the logistic function dW_L = A^T δ = ½ 1 (¼ errors) summed over the examples, row by row
    # alike; tanh has A = 0 and no gradient at all.
    column_sums = np.asarray(errors).sum(0) / 8
    assert float(norms.weights[-1]) == pytest.approx(8**0.5 * np.linalg.norm(column_sums), rel=1e-5)
    tanh = vanishing.gradient_norms(zeros, inputs, jnp.tanh, errors)
    assert float(tanh.weights[-1]) == 0


def test_D4_units_that_are_0_for_all_examples_are_counted_as_dead() -> None:
    # Positive inputs, so a unit is dead exactly where all of its weights are negative.
    inputs = jnp.asarray(np.random.default_rng(0).uniform(0.1, 1, size=(50, 6)), jnp.float32)
    weights = jnp.ones((1, 6, 6)).at[0, :, jnp.array([1, 4])].set(-1.0)
    z, a = lesson.propagate(weights, inputs, RELU)
    found = lesson.layer_statistics(z, a, RELU)
    assert found.dead.tolist() == [2]
    assert float(found.saturated[0]) == pytest.approx(2 / 6)


def test_D4_a_histogram_counts_every_output_once() -> None:
    outputs = jnp.array([[[-2.0, -0.75], [0.25, 0.75]], [[0.0, 0.0], [0.1, 0.9]]])
    shares, edges = lesson.histograms(outputs, bins=4)
    assert edges.tolist() == [-1, -0.5, 0, 0.5, 1]
    assert shares.tolist() == [[0.5, 0, 0.25, 0.25], [0, 0, 0.75, 0.25]]


def test_D4_an_initialisation_that_is_not_known_is_refused() -> None:
    with pytest.raises(InputError, match="unknown initialisation 'Xavir': give one of zeros"):
        lesson.draw_weights(jax.random.key(0), "Xavir")
    with pytest.raises(InputError, match="depth is 0"):
        lesson.draw_weights(jax.random.key(0), "He", depth=0)


def by_numpy(weights, inputs, slope, function, errors) -> tuple[list[float], list[float]]:
    """‖δ_l‖ and ‖dW_l‖ by the recursion of C2, in float64."""
    a, z = [np.asarray(inputs, float)], []
    for matrix in np.asarray(weights, float):
        z.append(a[-1] @ matrix)
        a.append(function(z[-1]))
    delta = np.asarray(errors, float) * slope(z[-1])
    deltas = [delta]
    for layer in range(len(z) - 1, 0, -1):
        delta = (delta @ np.asarray(weights[layer], float).T) * slope(z[layer - 1])
        deltas.insert(0, delta)
    return (
        [float(np.linalg.norm(delta)) for delta in deltas],
        [float(np.linalg.norm(before.T @ d)) for before, d in zip(a[:-1], deltas, strict=True)],
    )


LOGISTIC = (
    jax.nn.sigmoid,
    lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    lambda z: 1 / (1 + np.exp(-z)),
)
TANH = (jnp.tanh, lambda z: 1 / np.cosh(z) ** 2, np.tanh)
HALVED = (RELU, lambda z: (z > 0) * 1.0, lambda z: np.maximum(z, 0))


@pytest.mark.parametrize("case", [LOGISTIC, TANH, HALVED], ids=["logistic", "tanh", "relu"])
def test_C7_the_gradient_by_layer_is_that_of_the_recursion(case) -> None:
    function, slope, in_numpy = case
    rng = np.random.default_rng(4)
    inputs, errors = (jnp.asarray(rng.normal(size=(9, 12)), jnp.float32) for _ in range(2))
    weights = jnp.asarray(0.4 * rng.normal(size=(20, 12, 12)), jnp.float32)
    norms = vanishing.gradient_norms(weights, inputs, function, errors)
    expected = by_numpy(weights, inputs, slope, in_numpy, errors)
    np.testing.assert_allclose(norms.errors, expected[0], rtol=1e-3)
    np.testing.assert_allclose(norms.weights, expected[1], rtol=1e-3)


def test_C7_a_logistic_layer_passes_at_most_a_quarter_of_its_weights_norm() -> None:
    *_, weights = stack("Xavier", depth=10, width=50, activation=jax.nn.sigmoid, examples=20)
    inputs = jnp.asarray(np.random.default_rng(1).normal(size=(20, 50)), jnp.float32)
    errors = jnp.ones((20, 50))
    norms = np.asarray(vanishing.gradient_norms(weights, inputs, jax.nn.sigmoid, errors).errors)
    largest = [np.linalg.svd(matrix, compute_uv=False)[0] for matrix in np.asarray(weights)]
    assert (norms[:-1] <= 0.25 * np.array(largest[1:]) * norms[1:] * (1 + 1e-5)).all()
    # Xavier's random weights keep a norm on the average, so the slope of at most ¼ is what is left.
    assert (norms[:-1] < 0.3 * norms[1:]).all()


def test_C7_with_depth_logistic_vanishes_tanh_fades_and_relu_stays_with_dead_units() -> None:
    rows: Any = vanishing.compare_depths((50,)).rows
    ratio, dead = ({row[0]: row[cell] for row in rows} for cell in (2, 4))
    assert 0 < ratio["logistic"] < 0.25**49
    assert 0.01 < ratio["tanh"] < 0.5
    assert 0.2 < ratio["relu"] < 5
    assert dead["logistic"] == dead["tanh"] == 0
    assert dead["relu"] > 100, "some of the 5,000"
