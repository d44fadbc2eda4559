"""The range test: its rule on curves of known shape, and what it leaves untouched."""

from dataclasses import replace

import jax
import numpy as np
import optax
import pytest

import dl
from dl.errors import InputError
from dl.search import RangeTest, range_test
from dl.search.rates import _until_diverged
from dl.train.state import first_state

DATA = dl.load_data("moons")
OPTIONS = dl.TrainOptions(batch_size=50)
MODEL = dl.models.mlp(1, hidden_sizes=(8,))
RECIPE = dl.Recipe(MODEL, dl.objectives.binary(MODEL), dl.optimizers.sgd(0.1))
RATES = 1e-5 * 10.0 ** (6 * np.arange(120) / 119)


def curve(*, falls_at: float, rises_at: float, noise: float = 0.0) -> RangeTest:
    """Losses that fall from 2 to 1 around one rate, and rise without end around another."""
    logs = np.log10(RATES)
    fall = 1 / (1 + np.exp(-8 * (logs - np.log10(falls_at))))
    rise = np.exp(np.minimum(8 * (logs - np.log10(rises_at)), 5))
    losses = 2 - fall + rise + noise * np.random.default_rng(0).standard_normal(len(RATES))
    return RangeTest(RATES, losses)


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.2])
def test_the_rule_finds_fall_and_bottom_of_a_curve(noise: float) -> None:
    found = curve(falls_at=1e-3, rises_at=1.0, noise=noise)
    assert found.steepest == pytest.approx(1e-3, rel=1.0)
    assert 3e-3 < found.lowest < 0.5
    assert found.steepest < found.proposed < found.lowest
    assert found.proposed == pytest.approx((found.steepest * found.lowest) ** 0.5)


def test_a_running_mean_would_lag_and_this_one_does_not() -> None:
    found = curve(falls_at=1e-2, rises_at=1e3)
    lagging, means = 0.0, []
    for loss in found.losses:
        lagging = 0.9 * lagging + 0.1 * loss
        means.append(lagging)
    late = RATES[12 + np.argmin(np.gradient(means)[12:])]
    assert late > 1.5e-2
    assert found.steepest == pytest.approx(1e-2, rel=0.2)


def test_the_first_steps_are_passed_over() -> None:
    found = curve(falls_at=1e-2, rises_at=1.0)
    losses = found.losses.copy()
    losses[:4] = [6.0, 5.0, 4.0, 3.0]
    assert replace(found, losses=losses).steepest == pytest.approx(found.steepest, rel=0.2)


def test_a_spike_counts_as_four_times_the_first_loss() -> None:
    losses = curve(falls_at=1e-2, rises_at=1e3).losses.copy()
    losses[60] = 1e30
    assert RangeTest(RATES, losses).smoothed.max() < 8.0


def test_the_state_that_is_given_stays_as_it_is() -> None:
    state = first_state(RECIPE, DATA.spec, OPTIONS)
    before = [np.array(jax.random.key_data(x) if x is state.key else x) for x in leaves_of(state)]
    found = range_test(RECIPE, DATA, OPTIONS, steps=40, state=state)
    after = [np.asarray(jax.random.key_data(x) if x is state.key else x) for x in leaves_of(state)]
    for left, right in zip(before, after, strict=True):
        np.testing.assert_array_equal(left, right)
    # Without a state it makes the same one.
    again = range_test(RECIPE, DATA, OPTIONS, steps=40)
    np.testing.assert_array_equal(found.losses, again.losses)


def leaves_of(state: object) -> list:
    return jax.tree.leaves(state)


@pytest.mark.slow
def test_the_losses_are_those_of_steps_at_the_rates() -> None:
    """By hand: plain gradient descent on the batches of a run, with jax.grad."""
    found = range_test(RECIPE, DATA, OPTIONS, low=0.01, high=1.0, steps=20)
    np.testing.assert_allclose(found.rates, 0.01 * 100 ** (np.arange(20) / 19))
    state = first_state(RECIPE, DATA.spec, OPTIONS)
    params = state.params
    calls = DATA.train.train_calls(seed=0, batch_size=50, total_steps=20)
    rows = next(iter(calls(0, 3)))[1].index

    def loss(params: dict, rows: np.ndarray) -> jax.Array:
        x, y = DATA.train.inputs[rows], DATA.train.targets[rows]
        logits = MODEL.apply(params, state.model_state, x)[0][:, 0]
        return optax.sigmoid_binary_cross_entropy(logits, y.reshape(-1)).mean()

    expected = []
    for rate, row in zip(found.rates, rows[:3], strict=False):
        value, gradient = jax.value_and_grad(loss)(params, row)
        expected.append(float(value))
        params = jax.tree.map(lambda p, g, rate=rate: p - rate * g, params, gradient)
    np.testing.assert_allclose(found.losses[:3], expected, rtol=1e-5)


def test_a_recipe_without_optimizer_gets_that_of_the_options_at_a_constant_rate() -> None:
    own = RECIPE._replace(optimizer=None)
    options = replace(OPTIONS, schedule="one-cycle", optimizer="sgd", members=2)
    found = range_test(own, DATA, options, steps=20)
    np.testing.assert_array_equal(found.losses, range_test(RECIPE, DATA, OPTIONS, steps=20).losses)


def test_it_ends_where_training_diverges() -> None:
    found = range_test(RECIPE, DATA, OPTIONS, low=1e-3, high=1e9, steps=60)
    assert len(found.rates) == len(found.losses) < 60
    assert np.isfinite(found.losses).all()
    assert found.proposed < 1e3


@pytest.mark.parametrize("first", [2.0, -2.0])
def test_losses_far_above_the_first_end_it_also_where_that_is_below_0(first: float) -> None:
    fine = [first, first - 1, first - 2, first + 1, first, first]
    far = first + 3 * abs(first) + 0.1
    assert _until_diverged(iter([*fine, *[far] * 9])) == [*fine, *[far] * 5]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"low": 0.0}, "low is 0.0; it must be above 0"),
        ({"low": 1.0, "high": 0.1}, "high is 0.1; it must be above 1.0"),
        ({"steps": 3}, "steps is 3; it must be at least 20"),
        ({"low": float("nan")}, "low is nan"),
        ({"low": 1e30, "high": 1e38}, "training diverges at a learning rate of 1e+30"),
    ],
)
def test_tests_that_cannot_be_made(how: dict, says: str) -> None:
    with pytest.raises(InputError) as caught:
        range_test(RECIPE, DATA, OPTIONS, **how)
    assert says in str(caught.value)


def test_an_optimizer_without_a_rate_of_its_own_is_refused() -> None:
    with pytest.raises(InputError, match="no learning rate that could be changed"):
        range_test(RECIPE._replace(optimizer=optax.sgd(0.1)), DATA, OPTIONS)


def test_the_table_shows_some_of_the_steps() -> None:
    table = curve(falls_at=1e-3, rises_at=1.0).table(rows=5)
    assert [row[0] for row in table.rows] == [0, 30, 60, 89, 119]
    assert table.columns == ("step", "learning_rate", "loss", "smoothed")
