"""Boltzmann machines against the sum over all states, against quadrature, and scikit-learn's."""

from functools import cache
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.special import expit

from dl.errors import InputError
from dl.layers import boltzmann
from dl.layers.boltzmann import GAUSSIAN

D, F = 4, 3
RNG = np.random.default_rng(0)
PARAMS = {
    "kernel": RNG.normal(size=(D, F)).astype(np.float32),
    "bias": RNG.normal(size=F).astype(np.float32),
    "visible_bias": RNG.normal(size=D).astype(np.float32),
}
W, C, B = (PARAMS[name].astype(np.float64) for name in ("kernel", "bias", "visible_bias"))
VISIBLE = np.array(list(product((0, 1), repeat=D)), np.float32)
HIDDEN = np.array(list(product((0, 1), repeat=F)), np.float32)


def logsumexp(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    return np.log(np.sum(np.exp(values), axis=axis))


@cache
def energies() -> np.ndarray:
    """E(v, h) of all states, by loops: [2^D, 2^F]."""
    table = np.zeros((len(VISIBLE), len(HIDDEN)))
    for row, v in enumerate(VISIBLE):
        for column, h in enumerate(HIDDEN):
            pairs = sum(v[i] * W[i, j] * h[j] for i in range(D) for j in range(F))
            table[row, column] = -sum(B * v) - sum(C * h) - pairs
    return table


@cache
def distribution() -> np.ndarray:
    """p(v) of all states of the visible units: [2^D]."""
    log_joint = -energies()
    return np.exp(logsumexp(log_joint, axis=1) - logsumexp(log_joint))


def test_energies_and_the_free_energy_are_those_of_all_states() -> None:
    for column, h in enumerate(HIDDEN):
        hidden = np.broadcast_to(h, (len(VISIBLE), F))
        assert_allclose(boltzmann.energy(PARAMS, VISIBLE, hidden), energies()[:, column], atol=1e-5)
    free = boltzmann.free_energy(PARAMS, VISIBLE)
    assert_allclose(free, -logsumexp(-energies(), axis=1), rtol=1e-5)
    assert_allclose(boltzmann.log_partition(PARAMS), logsumexp(-energies()), rtol=1e-6)
    assert_allclose(np.exp(-free - boltzmann.log_partition(PARAMS)), distribution(), rtol=1e-5)


def test_conditional_means_are_those_of_the_joint_distribution() -> None:
    joint = np.exp(-energies())
    of_hidden = joint @ HIDDEN / joint.sum(axis=1, keepdims=True)
    of_visible = joint.T @ VISIBLE / joint.T.sum(axis=1, keepdims=True)
    assert_allclose(boltzmann.hidden_mean(PARAMS, VISIBLE), of_hidden, rtol=1e-5)
    assert_allclose(boltzmann.visible_mean(PARAMS, HIDDEN), of_visible, rtol=1e-5)


def test_pseudo_likelihood_is_the_probability_of_a_unit_given_all_others() -> None:
    states = {tuple(v): p for v, p in zip(VISIBLE, distribution(), strict=True)}
    for place in range(D):
        turned = VISIBLE.copy()
        turned[:, place] = 1 - turned[:, place]
        both = [np.array([states[tuple(v)] for v in rows]) for rows in (VISIBLE, turned)]
        expected = D * np.log(both[0] / (both[0] + both[1]))
        places = jnp.full(len(VISIBLE), place)
        got = boltzmann.log_pseudo_likelihood(PARAMS, VISIBLE, places)
        assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_gaussian_units_are_integrated_out() -> None:
    """F(v) = −log ∫ exp(−E(v, h)) dh, without the constant ½ log 2π of each unit."""
    one = {"kernel": W[:, :1], "bias": C[:1], "visible_bias": B}
    for v in VISIBLE[[0, 5, 15]]:

        def weight(h: float, v: np.ndarray = v) -> float:
            return np.exp(B @ v + C[0] * h + (v @ W[:, 0]) * h - h**2 / 2)

        total = quad(weight, -20, 20)[0]
        mean = quad(lambda h, weight=weight: h * weight(h), -20, 20)[0] / total
        row = v[None]
        free = boltzmann.free_energy(one, row, GAUSSIAN)[0]
        assert free == pytest.approx(-np.log(total / np.sqrt(2 * np.pi)), rel=1e-5)
        assert boltzmann.hidden_mean(one, row, GAUSSIAN)[0, 0] == pytest.approx(mean, rel=1e-5)
        state = jnp.full((1, 1), 0.7)
        assert boltzmann.energy(one, row, state, GAUSSIAN)[0] == pytest.approx(
            -np.log(weight(0.7)), rel=1e-5
        )


def test_a_long_gibbs_chain_visits_states_as_often_as_they_are_likely() -> None:
    """And drawn Gaussian units have the mean and the variance of N(a, 1)."""
    chains = jax.jit(lambda v, key: boltzmann.gibbs_chain(PARAMS, v, key, 40).drawn)
    drawn = np.asarray(chains(jnp.zeros((20_000, D)), jax.random.key(0)))
    counted = np.bincount(drawn.astype(int) @ 2 ** np.arange(D)[::-1], minlength=2**D)
    assert np.abs(counted / len(drawn) - distribution()).sum() < 0.03
    unlike = np.abs(counted / len(drawn) - distribution()[::-1]).sum()
    assert unlike > 0.3, "the states are told apart"
    real = GAUSSIAN.draw(jax.random.key(1), jnp.full((20_000,), 3.0))
    assert (real.mean(), real.std()) == pytest.approx((3, 1), abs=0.03)


def test_a_machine_computes_what_scikit_learn_s_does() -> None:
    from sklearn.neural_network import BernoulliRBM

    reference = BernoulliRBM(n_components=F, random_state=0)
    reference.components_, reference.intercept_hidden_, reference.intercept_visible_ = W.T, C, B
    pixels = np.random.default_rng(1).integers(0, 2, (50, D)).astype(np.float64)
    assert_allclose(
        boltzmann.free_energy(PARAMS, jnp.float32(pixels)),
        reference._free_energy(pixels),
        rtol=1e-4,
        atol=1e-5,
    )
    means = boltzmann.hidden_mean(PARAMS, jnp.float32(pixels))
    assert_allclose(means, reference.transform(pixels), rtol=1e-5)
    # The places that it draws.
    places = np.random.RandomState(0).randint(0, D, len(pixels))
    assert_allclose(
        boltzmann.log_pseudo_likelihood(PARAMS, jnp.float32(pixels), places),
        reference.score_samples(pixels),
        rtol=1e-4,
    )


def test_the_end_of_a_chain_is_a_sample_of_its_probabilities() -> None:
    steps = jax.jit(lambda v, key: boltzmann.gibbs_chain(PARAMS, v, key, 1))
    end = steps(jnp.ones((5, D)), jax.random.key(2))
    assert set(np.unique(end.drawn)) <= {0.0, 1.0}
    hidden_key, visible_key = jax.random.split(jax.random.split(jax.random.key(2), 1)[0])
    uniform = np.asarray(jax.random.uniform(hidden_key, (5, F)))
    hidden = uniform < expit(np.ones((5, D)) @ W + C)
    assert_allclose(end.probabilities, expit(hidden @ W.T + B), rtol=1e-5)
    uniform = np.asarray(jax.random.uniform(visible_key, (5, D)))
    np.testing.assert_array_equal(end.drawn, uniform < end.probabilities)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: boltzmann.gibbs_chain(PARAMS, VISIBLE, jax.random.key(0), 0), "at least 1 step"),
        (
            lambda: boltzmann.log_partition({**PARAMS, "bias": np.zeros(21)}),
            r"2\^21 states.*at most 20",
        ),
    ],
)
def test_what_cannot_be_computed_is_said(call: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        call()
