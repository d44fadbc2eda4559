"""C8, D8: the loop in four steps, and the search for its settings."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import InputError, models, objectives, optimizers, search
from dl.lessons import four_steps


def moons() -> dict[str, Any]:
    part = dl.load_data("moons").train.gather(np.arange(60))
    return {"inputs": jnp.asarray(part["inputs"]), "targets": jnp.asarray(part["targets"])}


def test_C8_three_steps_of_a_straight_line_by_hand() -> None:
    # All three examples are one batch, so that no step depends on the draw. The gradient is
    # 2/3 Σ x (w x − 2 x) = 28/3 (w − 2), and a step of 0.1 multiplies w − 2 by 1/15.
    x = jnp.array([1.0, 2.0, 3.0])

    def loss(w: Any, batch: Any) -> Any:
        return ((w * batch["inputs"] - batch["targets"]) ** 2).mean()

    w, losses = four_steps.train_in_four_steps(
        loss,
        optimizers.sgd(0.1),
        jnp.float32(0),
        {"inputs": x, "targets": 2 * x},
        batch_size=3,
        steps=3,
        key=jax.random.key(0),
    )
    assert float(w) == pytest.approx(2 - 2 / 15**3, rel=1e-6)
    # The loss is (w − 2)² Σ x² / 3.
    np.testing.assert_allclose(losses, [4 * 14 / 3 / 225**step for step in range(3)], rtol=1e-3)


def test_C8_the_four_steps_are_those_of_the_toolkit() -> None:
    model, optimizer = models.mlp(1, hidden_sizes=(5,)), optimizers.momentum(0.1)
    objective, examples, key = objectives.binary(model), moons(), jax.random.key(4)
    state = dl.init_state(model, optimizer, examples["inputs"], seed=0)

    def loss(params: Any, batch: Any) -> Any:
        sums = objective(params, {}, {**batch, "mask": jnp.ones(20)}, train=True)[0]
        return sums["loss"].sum / sums["loss"].count

    found, _ = four_steps.train_in_four_steps(
        loss, optimizer, state.params, examples, batch_size=20, steps=15, key=key
    )
    step = jax.jit(dl.make_train_step(objective, optimizer))
    for number in range(15):
        drawn = four_steps.draw_batch(jax.random.fold_in(key, number), examples, batch_size=20)
        state, _ = step(state, {**drawn, "mask": jnp.ones(20)})
    jax.tree.map(
        lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6),
        found,
        state.params,
    )


def test_C8_a_mini_batch_has_different_examples_and_every_example_its_turn() -> None:
    numbers = {"inputs": jnp.arange(10)}
    keys = jax.random.split(jax.random.key(0), 500)
    drawn = np.asarray(
        jax.vmap(lambda key: four_steps.draw_batch(key, numbers, batch_size=4)["inputs"])(keys)
    )
    assert all(len(set(row)) == 4 for row in drawn.tolist())
    counts = np.bincount(drawn.ravel(), minlength=10)  # 200 expected, deviation √(500 · 0.4 · 0.6)
    np.testing.assert_allclose(counts, 200, atol=50)
    with pytest.raises(InputError, match="batch_size is 11; it must be"):
        four_steps.draw_batch(keys[0], numbers, batch_size=11)
    with pytest.raises(InputError, match="as many rows each"):
        four_steps.train_in_four_steps(
            lambda w, batch: w,
            optimizers.sgd(0.1),
            jnp.float32(0),
            {"inputs": jnp.zeros(2), "targets": jnp.zeros(3)},
            batch_size=1,
            steps=1,
            key=keys[0],
        )


def draws(strategy: Any, space: Any, name: str) -> np.ndarray:
    """The values of one option among the candidates of the first round."""
    return np.array([candidate[name] for candidate in strategy.draw(space, 0, [])])


def test_D8_a_rate_of_10_to_the_u_is_uniform_in_its_exponent() -> None:
    space = {"learning_rate": search.LogUniform(1e-6, 10.0)}
    rates = draws(search.RandomSearch(7000, seed=0), space, "learning_rate")
    assert rates.min() >= 1e-6
    assert rates.max() <= 10
    # Each of the seven powers of ten gets 1,000, with a deviation of √(7000 · 6/49) = 29.
    counts, _ = np.histogram(np.log10(rates), bins=np.arange(-6, 2))
    np.testing.assert_allclose(counts, 1000, atol=120)
    # The median is 10^−2.5; of uniformly drawn values it would be 5.
    assert np.log10(np.median(rates)) == pytest.approx(-2.5, abs=0.15)


def test_D8_a_grid_tries_few_values_of_what_matters_and_random_search_many() -> None:
    # Bergstra & Bengio: nine trials of two settings of which only the first matters.
    space = {"rate": search.LogUniform(1e-3, 1.0), "decay": search.LogUniform(1e-2, 1.0)}
    grid = draws(search.GridSearch(9), space, "rate")
    drawn = draws(search.RandomSearch(9, seed=1), space, "rate")
    assert len(grid) == len(drawn) == 9
    np.testing.assert_allclose(sorted(set(grid)), [1e-3, 10**-1.5, 1], rtol=1e-6)
    assert len(set(drawn)) == 9


def test_D8_from_coarse_to_fine() -> None:
    # The loss has its minimum at 10^−3.3. A third of the trials over seven powers of ten leaves
    # gaps of about half a power; the later stages search a third, then a ninth of the range.
    def score(trials: Any) -> list[float]:
        return [abs(math.log10(trial["rate"]) + 3.3) for trial in trials]

    space = {"rate": search.LogUniform(1e-6, 10.0)}
    strategy = search.CoarseToFine(45, stages=3, shrink=1 / 3, seed=0)
    found = search.minimise(score, space, strategy)
    tried = np.array([math.log10(float(trial.values["rate"])) for trial in found.trials])
    widths = [np.ptp(tried[15 * stage : 15 * stage + 15]) for stage in range(3)]
    assert widths[1] <= 7 / 3
    assert widths[2] <= 7 / 9
    assert found.best.score < 0.1


def test_D8_settings_are_chosen_on_examples_that_are_not_trained_on() -> None:
    data = dl.load_data("digits", validation=0.1)
    # scikit-learn's 1,797 digits: 360 to test, a tenth of the other 1,437 to choose by.
    assert (len(data.train), len(data.validation), len(data.test)) == (1293, 144, 360)
    trained = {picture.tobytes() for picture in data.train.inputs}
    assert not any(picture.tobytes() in trained for picture in data.validation.inputs)
