"""Losses of recommenders against NumPy: penalties on the rows that are used, sampled softmax."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

import dl
from dl import metrics, models, objectives
from dl.errors import InputError
from dl.types import Params

PAIRS = np.array([[0, 1], [2, 0], [0, 3]], np.int32)
RATINGS = np.array([[5.0], [1.0], [2.0]], np.float32)
BATCH = {"inputs": PAIRS, "targets": RATINGS, "mask": np.array([1.0, 1.0, 0.0], np.float32)}
RNG = np.random.default_rng(0)
HISTORIES = np.array([[1, 1, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0]], np.float32)
TAKEN = {
    "inputs": HISTORIES,
    "targets": np.array([3, 4], np.int32),
    "mask": np.ones(2, np.float32),
}
FREQUENCIES = np.array([9, 4, 1, 4, 0, 2])


def factors() -> tuple[dl.types.RatingModel, Params]:
    """Three users, four items, two factors, all numbers random."""
    model = models.factorisation(3, 4, mean=3.0, scale=(1.0, 5.0), factors=2)
    shapes = jax.eval_shape(model.init, jax.random.key(0), PAIRS)[0]
    return model, jax.tree.map(lambda leaf: RNG.normal(size=leaf.shape).astype("f4"), shapes)


def test_the_penalty_falls_on_the_rows_of_each_rating() -> None:
    model, params = factors()
    own = {name: params["interaction"][f"{name}_factors"]["embedding"] for name in ("user", "item")}
    bias = {name: params[f"{name}_bias"]["bias"][:, 0] for name in ("user", "item")}
    loss, square = 0.0, 0.0
    for (user, item), rating in list(zip(PAIRS, RATINGS[:, 0], strict=True))[:2]:
        p, q, b, c = own["user"][user], own["item"][item], bias["user"][user], bias["item"][item]
        error = (rating - (3.0 + b + c + p @ q)) ** 2
        square += error / 2
        loss += (error + 0.3 * (p @ p + q @ q + b * b + c * c)) / 2
    objective = objectives.ratings(model, penalty=0.3)
    got = metrics.compute(objective(params, {}, BATCH, train=True)[0])
    assert got["loss"] == pytest.approx(loss, rel=1e-5)
    assert got["mse"] == pytest.approx(square, rel=1e-5)
    evaluated = metrics.compute(objective(params, {}, BATCH)[0])
    clipped = np.asarray(model.rate(params, PAIRS)).clip(1, 5)[:2] - RATINGS[:2, 0]
    assert evaluated["loss"] == evaluated["mse"] == pytest.approx(np.mean(clipped**2), rel=1e-5)
    assert evaluated["mae"] == pytest.approx(np.abs(clipped).mean(), rel=1e-5)


def towers() -> tuple[dl.types.TwoTower, Params]:
    model = models.two_tower(6, factors=3)
    shapes = jax.eval_shape(model.init, jax.random.key(0), HISTORIES)[0]
    return model, jax.tree.map(lambda leaf: RNG.normal(size=leaf.shape).astype("f4"), shapes)


def scores(params: Params, histories: np.ndarray) -> np.ndarray:
    count = np.maximum(histories.sum(axis=1, keepdims=True), 1)
    users = histories / np.sqrt(count) @ params["user"]["kernel"] + params["user"]["bias"]
    return users @ params["item"]["kernel"] + params["item"]["bias"]


def test_evaluation_is_a_softmax_over_what_was_not_taken() -> None:
    model, params = towers()
    logits = np.where(HISTORIES > 0, -np.inf, scores(params, HISTORIES))
    expected = logsumexp(logits, axis=1) - logits[[0, 1], TAKEN["targets"]]
    objective = objectives.retrieval(model, FREQUENCIES)
    got = metrics.compute(objective(params, {}, TAKEN)[0])
    assert got == {"loss": pytest.approx(expected.mean(), rel=1e-5)}


def test_with_nothing_hidden_and_all_items_training_is_evaluation() -> None:
    model, params = towers()
    objective = objectives.retrieval(model, FREQUENCIES, hidden=0.0, negatives=0)
    trained, evaluated = (
        metrics.compute(objective(params, {}, TAKEN, train=train, key=jax.random.key(0))[0])
        for train in (True, False)
    )
    assert trained == pytest.approx(evaluated, rel=1e-5)


def test_a_balance_weighs_users_by_how_much_they_took() -> None:
    """The users took 3 and 1 other items, so that their examples weigh 4^−β and 2^−β."""
    model, params = towers()
    how = {"hidden": 0.0, "negatives": 0}
    objective = objectives.retrieval(model, FREQUENCIES, **how, balance=0.5)
    plain = objectives.retrieval(model, FREQUENCIES, **how)
    single = [
        metrics.compute(
            plain(
                params,
                {},
                {name: value[place : place + 1] for name, value in TAKEN.items()},
                train=True,
                key=jax.random.key(0),
            )[0]
        )["loss"]
        for place in (0, 1)
    ]
    got = metrics.compute(objective(params, {}, TAKEN, train=True, key=jax.random.key(0))[0])
    expected = (single[0] / 2 + single[1] / 2**0.5) / (1 / 2 + 1 / 2**0.5)
    assert got["loss"] == pytest.approx(expected, rel=1e-5)


def test_drawn_items_estimate_the_sum_over_all_without_bias() -> None:
    """exp of the loss is Z over exp of the target's score, whose mean over draws is exact."""
    model, params = towers()
    small = jax.tree.map(lambda leaf: jnp.asarray(0.2 * leaf), params)
    sampled, exact = (
        objectives.retrieval(model, FREQUENCIES, hidden=0.0, negatives=count) for count in (30, 0)
    )
    one = {name: jnp.asarray(value[:1]) for name, value in TAKEN.items()}

    @jax.jit
    def ratio(key: jax.Array) -> jax.Array:
        return jnp.exp(sampled(small, {}, one, train=True, key=key)[0]["loss"].sum)

    found = jax.lax.map(ratio, jax.random.split(jax.random.key(1), 2000))
    expected = np.exp(exact(small, {}, one, train=True, key=jax.random.key(0))[0]["loss"].sum)
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - expected) < 4 * error
    assert error < 0.01 * expected


def test_hidden_items_are_predicted_and_not_read() -> None:
    """With all of a history hidden, and it alone, its items and the target share the loss."""
    model, params = towers()
    objective = objectives.retrieval(model, FREQUENCIES, hidden=0.999, negatives=0)
    got = metrics.compute(objective(params, {}, TAKEN, train=True, key=jax.random.key(0))[0])
    wanted = HISTORIES.copy()
    wanted[[0, 1], TAKEN["targets"]] = 1
    logits = scores(params, np.zeros_like(HISTORIES))
    loss = logsumexp(logits, axis=1) - (wanted * logits).sum(axis=1) / wanted.sum(axis=1)
    assert got["loss"] == pytest.approx(loss.mean(), rel=1e-5)


def test_what_makes_no_objective_is_refused() -> None:
    with pytest.raises(InputError, match="mlp has no two towers"):
        objectives.retrieval(models.mlp(3), FREQUENCIES)
    with pytest.raises(InputError, match=r"hidden is 1\.0; it must be"):
        objectives.retrieval(models.two_tower(6), FREQUENCIES, hidden=1.0)
    with pytest.raises(InputError, match=r"frequencies are \(4,\), the model has 6 items"):
        objectives.retrieval(models.two_tower(6), FREQUENCIES[:4])
    with pytest.raises(InputError, match="penalty is -1; it must be at least 0"):
        objectives.ratings(models.rating_biases(2, 2, mean=3.0), penalty=-1)
