"""A6: the activation functions beside numbers computed by hand and in 40 digits."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from dl.errors import InputError
from dl.layers.activations import ACTIVATIONS, LEAK, activation, activation_table

NAMES = ["step", "logistic", "tanh", "relu", "leaky_relu", "softplus", "elu", "identity", "softmax"]

# Values and slopes at −40, −1, 0, 1 and 40, from their formulas in 40 digits.
AT = [-40.0, -1.0, 0.0, 1.0, 40.0]
E40, SIGMA, SLOPE = 4.248354255291589e-18, 0.2689414213699951, 0.19661193324148185
TANH, TANH_SLOPE = 0.7615941559557649, 0.41997434161402614
VALUES = {
    "step": ([0, 0, 0, 1, 1], [0, 0, 0, 0, 0]),
    "logistic": ([E40, SIGMA, 0.5, 1 - SIGMA, 1], [E40, SLOPE, 0.25, SLOPE, E40]),
    "tanh": ([-1, -TANH, 0, TANH, 1], [4 * E40**2, TANH_SLOPE, 1, TANH_SLOPE, 4 * E40**2]),
    "relu": ([0, 0, 0, 1, 40], [0, 0, 0, 1, 1]),
    "leaky_relu": ([-0.4, -0.01, 0, 1, 40], [0.01, 0.01, 0.01, 1, 1]),
    "softplus": (
        [E40, 0.31326168751822286, 0.6931471805599453, 1.3132616875182228, 40 + E40],
        [E40, SIGMA, 0.5, 1 - SIGMA, 1],
    ),
    "elu": ([-1, -0.6321205588285577, 0, 1, 40], [E40, 0.36787944117144233, 1, 1, 1]),
    "identity": (AT, [1] * 5),
}


def test_A6_the_lectures_nine_activations_have_a_name() -> None:
    assert list(ACTIVATIONS) == NAMES
    assert all(activation(name).name == name for name in NAMES)


@pytest.mark.parametrize("name", VALUES)
def test_A6_values_and_slopes_in_40_digits(name: str) -> None:
    with jax.enable_x64(True):
        x = jnp.array(AT)
        values, slopes = VALUES[name]
        np.testing.assert_allclose(ACTIVATIONS[name].function(x), values, rtol=1e-14)
        np.testing.assert_allclose(ACTIVATIONS[name].derivative(x), slopes, rtol=1e-14)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_A6_numbers_beyond_the_range_of_exp_stay_finite(name: str, dtype: jnp.dtype) -> None:
    x = jnp.array([-1e4, -100, 100, 1e4], dtype)
    f = ACTIVATIONS[name]
    for result in (f.function(x), f.derivative(x)):
        assert result.dtype == dtype
        assert jnp.isfinite(result.astype(jnp.float32)).all()


@pytest.mark.parametrize("name", VALUES)
def test_A6_slopes_of_the_table_are_those_far_from_zero(name: str) -> None:
    f = ACTIVATIONS[name]
    with jax.enable_x64(True):
        rise = f.function(jnp.array([-999.0, 1001.0])) - f.function(jnp.array([-1001.0, 999.0]))
        rise = np.asarray(rise)
    np.testing.assert_allclose(rise / 2, f.slopes, atol=1e-12)


SATURATES = {
    "step": ("left", "right"),
    "logistic": ("left", "right"),
    "tanh": ("left", "right"),
    "relu": ("left",),
    "leaky_relu": (),
    "softplus": ("left",),
    "elu": ("left",),
    "identity": (),
    "softmax": ("left", "right"),
}


@pytest.mark.parametrize("name", SATURATES)
def test_A6_where_each_saturates_and_which_side_is_dead(name: str) -> None:
    f = ACTIVATIONS[name]
    assert f.saturates == SATURATES[name]
    assert f.dead == {"step": ("left", "right"), "relu": ("left",)}.get(name, ())
    if name != "softmax":
        # A side that only saturates still has some slope at 5, a dead one has none.
        slope = dict(zip(("left", "right"), f.derivative(jnp.array([-5.0, 5.0])), strict=True))
        assert {side for side, value in slope.items() if value == 0} == set(f.dead)


@pytest.mark.parametrize("name", [name for name in VALUES if name != "step"])
def test_A6_slopes_are_what_the_functions_rise_by(name: str) -> None:
    f, h = ACTIVATIONS[name], 1e-6
    x = np.array([-3.2, -0.7, 0.4, 2.9])
    with jax.enable_x64(True):
        rise = (f.function(jnp.asarray(x + h)) - f.function(jnp.asarray(x - h))) / (2 * h)
        np.testing.assert_allclose(f.derivative(jnp.asarray(x)), rise, rtol=1e-8)


def test_A6_a_kink_has_the_slope_of_its_left_side() -> None:
    at_zero = {name: float(ACTIVATIONS[name].derivative(jnp.zeros(1))[0]) for name in VALUES}
    assert at_zero["relu"] == at_zero["step"] == 0
    assert at_zero["leaky_relu"] == pytest.approx(LEAK)
    assert at_zero["elu"] == 1, "no kink: both sides rise by 1"


def test_A5_A6_softmax_and_its_jacobian_beside_scipy() -> None:
    x = np.random.default_rng(0).normal(size=(3, 4)) * 5
    y = special.softmax(x, axis=1)
    with jax.enable_x64(True):
        jacobian = np.asarray(ACTIVATIONS["softmax"].derivative(jnp.asarray(x)))
        np.testing.assert_allclose(ACTIVATIONS["softmax"].function(jnp.asarray(x)), y, rtol=1e-12)
    for row in range(3):
        expected = np.diag(y[row]) - np.outer(y[row], y[row])
        np.testing.assert_allclose(jacobian[row], expected, atol=1e-15)
    np.testing.assert_allclose(jacobian.sum(axis=2), 0, atol=1e-15)


def test_A6_softmax_of_large_numbers_is_that_of_their_differences() -> None:
    y = ACTIVATIONS["softmax"].function(jnp.array([1000.0, 1000.0 + math.log(3), -1000.0]))
    np.testing.assert_allclose(y, [0.25, 0.75, 0.0], rtol=1e-4)
    assert jnp.isfinite(ACTIVATIONS["softmax"].derivative(jnp.array([-1e30, 1e30]))).all()


def test_A6_the_table_has_a_row_for_each() -> None:
    table = activation_table()
    assert [row[0] for row in table.rows] == NAMES
    assert dict(zip(table.columns, table.rows[1], strict=True))["saturates"] == "−∞ +∞"


def test_an_unknown_activation_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="unknown activation 'logistics'; did you mean logistic"):
        activation("logistics")
