"""B3: weight penalties, and the rate that the slide leaves out of −αλW."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from dl.errors import InputError
from dl.lessons import penalties
from dl.lessons.penalties import Moments, adam_update, sgd_update

W = jnp.array([[3.0, -4.0], [0.0, 12.0]])
G = jnp.array([[0.5, 1.0], [-2.0, 0.25]])


def test_B3_penalties_of_a_matrix_by_hand() -> None:
    # ‖W‖²_F = 9 + 16 + 144 = 169, Σ|w| = 19.
    assert float(penalties.penalty(W, 0.1)) == pytest.approx(8.45)
    assert float(penalties.penalty(W, 0.1, "l1")) == pytest.approx(1.9)


def test_B3_the_decay_is_the_penalty_s_gradient() -> None:
    np.testing.assert_allclose(penalties.decay(W, 0.1), [[0.3, -0.4], [0.0, 1.2]], rtol=1e-6)
    np.testing.assert_allclose(penalties.decay(W, 0.1, "l1"), [[0.1, -0.1], [0.0, 0.1]], rtol=1e-6)


def test_B3_the_update_gains_minus_alpha_lambda_w_and_the_slide_prints_minus_lambda_w() -> None:
    zero = jnp.zeros_like(W)
    options: dict[str, Any] = {"rate": 0.5, "strength": 0.1}
    right = sgd_update(W, zero, **options) - W
    np.testing.assert_allclose(right, [[-0.15, 0.2], [0.0, -0.6]], rtol=1e-5)
    printed = sgd_update(W, zero, form="as printed", **options) - W
    np.testing.assert_allclose(printed, [[-0.3, 0.4], [0.0, -1.2]], rtol=1e-5)
    l1 = sgd_update(W, zero, norm="l1", **options) - W
    np.testing.assert_allclose(l1, [[-0.05, 0.05], [0.0, -0.05]], rtol=1e-5)


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_B3_coupled_and_decoupled_are_one_for_sgd(norm: penalties.Norm) -> None:
    options: dict[str, Any] = {"rate": 0.3, "strength": 0.2, "norm": norm}
    coupled = sgd_update(W, G, form="coupled", **options)
    decoupled = sgd_update(W, G, form="decoupled", **options)
    np.testing.assert_allclose(coupled, decoupled, rtol=1e-6)


def adam(form: penalties.Form, steps: int = 5) -> np.ndarray:
    weights, moments = W, Moments(jnp.zeros_like(W), jnp.zeros_like(W))
    for number in range(steps):
        weights, moments = adam_update(
            weights, G * (number + 1), moments, rate=0.1, strength=0.2, form=form
        )
    return np.asarray(weights)


def optax_after(optimizer: optax.GradientTransformation, steps: int = 5) -> np.ndarray:
    weights, state = W, optimizer.init(W)
    for number in range(steps):
        updates, state = optimizer.update(G * (number + 1), state, weights)
        weights = optax.apply_updates(weights, updates)
    return np.asarray(weights)


def test_B3_coupled_and_decoupled_differ_for_adam() -> None:
    coupled, decoupled = adam("coupled"), adam("decoupled")
    l2 = optax.chain(optax.add_decayed_weights(0.2), optax.adam(0.1))
    np.testing.assert_allclose(coupled, optax_after(l2), rtol=1e-5)
    np.testing.assert_allclose(
        decoupled, optax_after(optax.adamw(0.1, weight_decay=0.2)), rtol=1e-5
    )
    assert np.abs(coupled - decoupled)[1, 1] > 0.5
    # A weight of 0 is not decayed; Adam moves it by the rate each step, here against g = −2.
    assert decoupled[1, 0] == pytest.approx(0.5, abs=0.05)


def test_B3_l1_takes_small_weights_to_zero_and_l2_only_shrinks_them() -> None:
    weights = jnp.array([0.02])
    l1 = sgd_update(weights, jnp.zeros(1), rate=0.1, strength=0.2, norm="l1")
    l2 = sgd_update(weights, jnp.zeros(1), rate=0.1, strength=0.2)
    assert float(l1[0]) == pytest.approx(0.0, abs=1e-8)
    assert float(l2[0]) == pytest.approx(0.0196)


def test_wrong_names_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="unknown norm 'l3': give l1 or l2"):
        penalties.penalty(W, 0.1, "l3")
    with pytest.raises(InputError, match="unknown form 'loose': give coupled, decoupled"):
        sgd_update(W, G, rate=0.1, strength=0.1, form="loose")
