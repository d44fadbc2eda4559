"""Models of ratings against NumPy, and new users against the formula of the posterior mean."""

from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import models
from dl.errors import InputError
from dl.types import Params, Rated, RatingModel

USERS, ITEMS, FACTORS, MEAN = 30, 9, 3, 3.2
RNG = np.random.default_rng(0)
GIVEN = np.array([0, 4, 7], np.int32)
RATINGS = np.array([5.0, 1.5, 3.0], np.float32)


@cache
def factors() -> tuple[RatingModel, Params]:
    """Matrix factorisation with random numbers in all tables."""
    model = models.factorisation(USERS, ITEMS, mean=MEAN, scale=(1, 5), factors=FACTORS)
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 2), int))[0]
    return model, jax.tree.map(
        lambda leaf: jnp.asarray(RNG.normal(size=leaf.shape), jnp.float32), shapes
    )


def tables(params: Params, whose: str) -> np.ndarray:
    """The bias and the factors of all users or items, [N, 1 + F]."""
    bias = params[f"{whose}_bias"]["bias"]
    return np.concatenate([bias, params["interaction"][f"{whose}_factors"]["embedding"]], axis=1)


def test_a_rating_is_a_product_and_biases_clipped_in_evaluation_alone() -> None:
    model, params = factors()
    users, items = tables(params, "user"), tables(params, "item")
    pairs = np.stack(np.meshgrid(range(USERS), range(ITEMS)), axis=-1).reshape(-1, 2)
    u, i = users[pairs[:, 0]], items[pairs[:, 1]]
    expected = MEAN + u[:, 0] + i[:, 0] + (u[:, 1:] * i[:, 1:]).sum(axis=1)
    np.testing.assert_allclose(model.rate(params, pairs), expected, rtol=1e-4, atol=1e-5)
    outputs = np.asarray(model.apply(params, {}, pairs)[0])[:, 0]
    np.testing.assert_allclose(outputs, expected.clip(1, 5), rtol=1e-4, atol=1e-5)
    trained = model.apply(params, {}, pairs, train=True)[0]
    assert isinstance(trained, Rated)
    np.testing.assert_allclose(trained.ratings[:, 0], expected, rtol=1e-4, atol=1e-5)
    squares = (u**2).sum(axis=1) + (i**2).sum(axis=1)
    np.testing.assert_allclose((trained.rows**2).sum(axis=1), squares, rtol=1e-4)


def test_a_new_user_is_the_mean_of_the_posterior() -> None:
    """Bayesian linear regression: (AᵀA/σ² + C⁻¹) z = Aᵀy/σ² + C⁻¹m, with A = [1, q_i]."""
    model, params = factors()
    users, items, noise = tables(params, "user"), tables(params, "item"), 0.7
    mean, covariance = users.mean(axis=0), np.cov(users.T, bias=True)
    a = np.concatenate([np.ones((ITEMS, 1)), items[:, 1:]], axis=1)
    y = RATINGS - MEAN - items[GIVEN, 0]
    precision = np.linalg.inv(covariance)
    left = a[GIVEN].T @ a[GIVEN] / noise**2 + precision
    z = np.linalg.solve(left, a[GIVEN].T @ y / noise**2 + precision @ mean)
    found = models.fold_in(model, params, jnp.asarray(GIVEN), jnp.asarray(RATINGS), noise=noise)
    np.testing.assert_allclose(found, MEAN + items[:, 0] + a @ z, rtol=1e-3, atol=1e-3)


def test_a_user_without_ratings_is_the_mean_user() -> None:
    model, params = factors()
    items = tables(params, "item")
    mean = tables(params, "user").mean(axis=0)
    nobody = models.fold_in(model, params, jnp.zeros(0, int), jnp.zeros(0), noise=1.0)
    expected = MEAN + items[:, 0] + mean[0] + items[:, 1:] @ mean[1:]
    np.testing.assert_allclose(nobody, expected, rtol=1e-4, atol=1e-5)


def test_a_new_user_of_a_net_comes_nearer_to_the_ratings() -> None:
    """r̂ is not linear in the rows: every step that is taken lowers the error."""
    model = models.neural_factorisation(
        USERS, ITEMS, mean=MEAN, scale=(1, 5), factors=2, hidden_sizes=(4,)
    )
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 2), int))[0]
    params = jax.tree.map(
        lambda leaf: jnp.asarray(RNG.normal(size=leaf.shape), jnp.float32), shapes
    )
    assert len(model.user_tables) == 3
    given = jnp.asarray(GIVEN), jnp.asarray(RATINGS)
    nobody = models.fold_in(model, params, given[0][:0], given[1][:0], noise=0.1)
    found = models.fold_in(model, params, *given, noise=0.1)
    before, after = (np.abs(each[GIVEN] - RATINGS).mean() for each in (nobody, found))
    assert after < 0.5 * before


def test_pairs_of_unknown_numbers_are_refused(tmp_path: Path) -> None:
    rows = "\n".join(f"{user},{item},{1 + user % 5}" for user in range(5) for item in range(4))
    (tmp_path / "mine.csv").write_text(f"user,item,rating\n{rows}")
    spec = dl.load_data(f"ratings:{tmp_path / 'mine.csv'}").spec
    model = models.rating_biases(5, 4, mean=spec.ratings.mean, scale=spec.ratings.scale)
    network = dl.Network(model, *model.init(jax.random.key(0), jnp.zeros((1, 2), int)), spec)
    assert network.outputs(np.array([[4, 3]])).shape == (1, 1)
    with pytest.raises(InputError, match=r"pair \[5, 0\], the model knows 5 users and 4 items"):
        network.outputs(np.array([[4, 3], [5, 0]]))
    with pytest.raises(InputError, match=r"scale is \(5, 1\): give the lowest"):
        models.rating_biases(5, 4, mean=3.0, scale=(5, 1))
