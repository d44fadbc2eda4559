"""Objectives of auto-encoders against NumPy; noise and penalties act in training only."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl import metrics, models
from dl.objectives import reconstruction
from dl.objectives.reconstruction import Coded
from dl.types import Array, Objective

B, N, F = 6, 7, 4
MODEL = models.autoencoder((N,), code_size=F, code_activation=jax.nn.sigmoid)
PARAMS = MODEL.init(jax.random.key(0), jnp.zeros((1, N)))[0]
INPUTS = np.random.default_rng(0).normal(size=(B, N)).astype(np.float32)
KEY = jax.random.key(1)


def make_batch(mask: Any = None, inputs: np.ndarray = INPUTS) -> dict[str, Array]:
    mask = np.ones(len(inputs)) if mask is None else mask
    targets, index = jnp.zeros(len(inputs), jnp.int32), jnp.arange(len(inputs))
    return {
        "inputs": jnp.asarray(inputs),
        "targets": targets,
        "mask": jnp.asarray(mask, jnp.float32),
        "index": index,
    }


def means(objective: Objective, batch: dict[str, Array], **options: Any) -> dict[str, float]:
    sums, model_state, carry = objective(PARAMS, {}, batch, **options)
    assert (model_state, carry) == ({}, ())
    return metrics.compute(sums)


def coded(code: np.ndarray, mask: Any = None) -> Coded:
    mask = np.ones(len(code)) if mask is None else mask
    return Coded(
        PARAMS, jnp.asarray(INPUTS), jnp.asarray(code), jnp.asarray(mask, jnp.float32), KEY
    )


def test_without_noise_and_penalties_it_is_the_squared_error_of_the_inputs() -> None:
    plain = reconstruction.autoencoding(MODEL)
    outputs = np.asarray(MODEL.apply(PARAMS, {}, jnp.asarray(INPUTS))[0], np.float64)
    expected = np.square(outputs - INPUTS).sum(axis=1).mean()
    for options in ({}, {"train": True}, {"train": True, "key": KEY}):
        assert means(plain, make_batch(), **options) == pytest.approx(
            {"loss": expected, "mse": expected}, rel=1e-5
        )


def test_masked_equals_subset() -> None:
    penalties = [reconstruction.l1_sparsity(0.3), reconstruction.kl_sparsity(0.2)]
    objective = reconstruction.autoencoding(MODEL, penalties=penalties)
    mask = np.array([1, 0, 1, 1, 0, 0], bool)
    masked = means(objective, make_batch(mask), train=True, key=KEY)
    subset = means(objective, make_batch(inputs=INPUTS[mask]), train=True, key=KEY)
    assert masked == pytest.approx(subset, rel=1e-5)
    assert masked["loss"] > masked["mse"]


def test_l1_is_the_sum_of_absolute_values() -> None:
    code = np.random.default_rng(1).normal(size=(B, F)).astype(np.float32)
    np.testing.assert_allclose(
        reconstruction.l1_sparsity(0.5)(coded(code)), 0.5 * np.abs(code).sum(axis=1), rtol=1e-6
    )


@settings(max_examples=12)
@given(st.integers(0, 1000), st.floats(0.01, 0.99))
def test_kl_is_the_divergence_of_two_coins_for_each_unit(seed: int, target: float) -> None:
    code = np.random.default_rng(seed).uniform(0.01, 0.99, (B, F)).astype(np.float32)
    mask = np.array([1, 1, 1, 0, 1, 0])
    mean = code[mask == 1].astype(np.float64).mean(axis=0)
    expected = (
        target * np.log(target / mean) + (1 - target) * np.log((1 - target) / (1 - mean))
    ).sum()
    got = reconstruction.kl_sparsity(2.0, target=target)(coded(code, mask))
    np.testing.assert_allclose(got, np.full(B, 2.0 * expected), rtol=1e-3, atol=1e-4)


def test_kl_is_zero_at_its_target_and_finite_at_the_ends() -> None:
    at_target = reconstruction.kl_sparsity(1.0, target=0.25)(
        coded(np.full((B, F), 0.25, np.float32))
    )
    np.testing.assert_allclose(at_target, 0.0, atol=1e-6)
    for end in (0.0, 1.0):
        assert np.isfinite(
            reconstruction.kl_sparsity(1.0)(coded(np.full((B, F), end, np.float32)))
        ).all()


def test_contraction_is_the_squared_jacobian() -> None:
    penalty = reconstruction.contraction(MODEL, 0.7)
    jacobian = jax.vmap(jax.jacobian(lambda example: MODEL.encode(PARAMS, example[None])[0]))(
        jnp.asarray(INPUTS)
    )
    expected = 0.7 * np.square(jacobian).sum(axis=(1, 2))
    np.testing.assert_allclose(penalty(coded(np.zeros((B, F), np.float32))), expected, rtol=1e-5)
    training = means(
        reconstruction.autoencoding(MODEL, penalties=[penalty]), make_batch(), train=True, key=KEY
    )
    assert training["loss"] - training["mse"] == pytest.approx(expected.mean(), rel=1e-4)


def test_penalties_add_up() -> None:
    l1, kl = reconstruction.l1_sparsity(0.1), reconstruction.kl_sparsity(0.2)

    def added(*penalties: Any) -> float:
        values = means(
            reconstruction.autoencoding(MODEL, penalties=penalties),
            make_batch(),
            train=True,
            key=KEY,
        )
        return values["loss"] - values["mse"]

    assert added(l1, kl) == pytest.approx(added(l1) + added(kl), rel=1e-4)


DENOISING = reconstruction.autoencoding(MODEL, corrupt=reconstruction.gaussian_noise(1.0))


def test_noise_is_for_training_only_and_follows_its_key() -> None:
    evaluated = [means(DENOISING, make_batch(), key=jax.random.key(seed)) for seed in (0, 1)]
    assert evaluated[0] == evaluated[1] == means(reconstruction.autoencoding(MODEL), make_batch())
    trained = [
        means(DENOISING, make_batch(), train=True, key=jax.random.key(seed)) for seed in (0, 0, 1)
    ]
    assert trained[0] == trained[1]
    assert abs(trained[0]["mse"] - trained[2]["mse"]) > 1e-3
    assert abs(trained[0]["mse"] - evaluated[0]["mse"]) > 1e-3


def test_the_noisy_input_is_compared_with_the_clean_one() -> None:
    """The error of a model that returns its inputs is exactly the noise."""

    def copy(params: Any, x: Array) -> Array:
        return x

    identity = replace(MODEL, encode=copy, decode=copy)
    objective = reconstruction.autoencoding(identity, corrupt=lambda key, inputs: inputs + 3.0)
    assert means(objective, make_batch(), train=True, key=KEY)["mse"] == pytest.approx(9.0 * N)
    assert means(objective, make_batch())["mse"] == 0.0


@pytest.mark.parametrize(
    "options",
    [
        {"corrupt": reconstruction.gaussian_noise(1.0)},
        {"penalties": [reconstruction.l1_sparsity(1.0)]},
    ],
)
def test_training_with_noise_or_penalties_needs_a_key(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="key"):
        reconstruction.autoencoding(MODEL, **options)(PARAMS, {}, make_batch(), train=True)


def test_noises_have_their_moments() -> None:
    ones = jnp.ones((200, 500))
    gaussian = np.asarray(reconstruction.gaussian_noise(0.3)(KEY, ones))
    assert gaussian.mean() == pytest.approx(1.0, abs=0.01)
    assert gaussian.std() == pytest.approx(0.3, abs=0.01)
    masked = np.asarray(reconstruction.masking_noise(0.25, value=-2.0)(KEY, ones))
    assert set(np.unique(masked)) == {-2.0, 1.0}
    assert (masked == -2.0).mean() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    "penalty",
    [
        pytest.param(reconstruction.l1_sparsity(3.0), id="l1"),
        pytest.param(reconstruction.contraction(MODEL, 3.0), id="contraction"),
        pytest.param(reconstruction.kl_sparsity(30.0), id="kl"),
    ],
)
def test_descent_reduces_the_penalty(penalty: Any) -> None:
    objective = reconstruction.autoencoding(MODEL, penalties=[penalty])

    def loss(params: Any) -> Array:
        return objective(params, {}, make_batch(), train=True, key=KEY)[0]["loss"].sum

    def penalised(params: Any) -> float:
        code = MODEL.encode(params, jnp.asarray(INPUTS))
        return float(jnp.sum(penalty(Coded(params, jnp.asarray(INPUTS), code, jnp.ones(B), KEY))))

    params, gradient = PARAMS, jax.jit(jax.grad(loss))
    for _ in range(100):
        params = jax.tree.map(lambda leaf, slope: leaf - 1e-3 * slope, params, gradient(params))
    assert penalised(params) < 0.9 * penalised(PARAMS)
