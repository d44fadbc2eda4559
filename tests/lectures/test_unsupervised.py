"""F1 to F3: what an auto-encoder is asked for, and what keeps it from copying, by hand."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import metrics, objectives
from dl.inspect.codes.pca import fit_pca, largest_principal_angle
from dl.objectives.reconstruction import Coded, contraction, kl_sparsity, masking_noise


def test_F1_the_target_is_the_input_whatever_the_labels_say() -> None:
    model = dl.models.autoencoder((2,), code_size=1)
    params = {
        "encoder_0": {"kernel": jnp.array([[1.0], [1.0]]), "bias": jnp.zeros(1)},
        "decoder_0": {"kernel": jnp.array([[0.5, 0.5]]), "bias": jnp.zeros(2)},
    }
    x = jnp.array([[3.0, 1.0], [2.0, 2.0]])  # codes 4 and 4, reconstructions (2, 2) and (2, 2)
    np.testing.assert_array_equal(model.encode(params, x), [[4.0], [4.0]])
    np.testing.assert_array_equal(model.apply(params, {}, x)[0], [[2.0, 2.0], [2.0, 2.0]])
    for labels in (jnp.array([0, 1]), jnp.array([7, 7])):
        batch = {"inputs": x, "targets": labels, "mask": jnp.ones(2)}
        found = metrics.compute(objectives.autoencoding(model)(params, {}, batch)[0])
        assert found == {"loss": 1.0, "mse": 1.0}  # ((3 − 2)² + (1 − 2)² + 0) / 2


def test_F2_a_linear_one_with_pca_s_axes_leaves_the_variance_of_the_other_axes() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 5)) @ np.diag([3.0, 2.0, 1.0, 0.5, 0.1]) @ rng.normal(size=(5, 5))
    mean = x.mean(0)
    _, singular, axes = np.linalg.svd(x - mean, full_matrices=False)
    model = dl.models.autoencoder((5,), code_size=2)
    params = {
        "encoder_0": {"kernel": jnp.asarray(axes[:2].T), "bias": jnp.asarray(-axes[:2] @ mean)},
        "decoder_0": {"kernel": jnp.asarray(axes[:2]), "bias": jnp.asarray(mean)},
    }
    batch = {"inputs": jnp.asarray(x, jnp.float32), "mask": jnp.ones(200)}
    error = metrics.compute(objectives.autoencoding(model)(params, {}, batch)[0])["mse"]
    assert error == pytest.approx((singular[2:] ** 2).sum() / 200, rel=1e-4)
    # Any basis of the plane does as well, another plane does not: the principal angle tells.
    components = fit_pca(x, components=2).components_.T
    turned = axes[:2].T @ np.array([[2.0, 1.0], [0.0, 3.0]])
    assert largest_principal_angle(turned, components) == pytest.approx(0, abs=1e-4)
    other = largest_principal_angle(axes[[0, 2]].T, components)
    assert other == pytest.approx(90, abs=1e-4)


def test_F2_F3_a_code_as_large_as_the_input_can_be_a_copy() -> None:
    model = dl.models.autoencoder((3,), code_size=3)
    layer = {"kernel": jnp.eye(3), "bias": jnp.zeros(3)}
    batch = {"inputs": jnp.array([[1.0, -2.0, 5.0]]), "mask": jnp.ones(1)}
    params = {"encoder_0": layer, "decoder_0": layer}
    assert metrics.compute(objectives.autoencoding(model)(params, {}, batch)[0])["mse"] == 0


def test_F3_sparsity_is_a_divergence_from_the_wanted_share() -> None:
    # Means over the batch 0.5 and 0.1, wanted 0.1: one unit is too active, the other is right.
    code = jnp.array([[0.8, 0.1], [0.2, 0.1]])
    coded = Coded({}, jnp.zeros((2, 1)), code, jnp.ones(2), jax.random.key(0))
    expected = 2.0 * (0.1 * math.log(0.1 / 0.5) + 0.9 * math.log(0.9 / 0.5))
    found = kl_sparsity(2.0, target=0.1)(coded)
    np.testing.assert_allclose(found, [expected, expected], rtol=1e-5)


def test_F3_noise_hides_a_share_of_the_inputs_and_not_of_the_targets() -> None:
    model = dl.models.autoencoder((1000,), code_size=1)
    zeros = {
        "encoder_0": {"kernel": jnp.zeros((1000, 1)), "bias": jnp.zeros(1)},
        "decoder_0": {"kernel": jnp.zeros((1, 1000)), "bias": jnp.zeros(1000)},
    }
    ones = jnp.ones((20, 1000))
    noisy = masking_noise(0.3)(jax.random.key(0), ones)
    assert set(np.unique(noisy).tolist()) == {0.0, 1.0}
    assert float(noisy.mean()) == pytest.approx(0.7, abs=0.01)
    # A reconstruction of 0 misses all 1,000 clean inputs by 1, however many the encoder saw.
    objective = objectives.autoencoding(model, corrupt=masking_noise(0.3))
    batch = {"inputs": ones, "mask": jnp.ones(20)}
    found = objective(zeros, {}, batch, train=True, key=jax.random.key(1))[0]
    assert metrics.compute(found)["mse"] == 1000


@pytest.mark.slow
def test_F3_contraction_is_the_squared_slope_of_the_code() -> None:
    # h = σ(w·x + b): ∂h/∂x_i = h (1 − h) w_i. At w·x + b = 0 it is w_i / 4.
    model = dl.models.autoencoder((2,), code_size=1, code_activation=jax.nn.sigmoid)
    params = {"encoder_0": {"kernel": jnp.array([[3.0], [4.0]]), "bias": jnp.array([-7.0])}}
    inputs = jnp.array([[1.0, 1.0], [2.0, 1.0]])
    code = jax.nn.sigmoid(jnp.array([[0.0], [3.0]]))
    coded = Coded(params, inputs, code, jnp.ones(2), jax.random.key(0))
    slope = math.exp(-3) / (1 + math.exp(-3)) ** 2
    np.testing.assert_allclose(
        contraction(model, 0.1)(coded), [0.1 * 25 / 16, 0.1 * 25 * slope**2], rtol=1e-4
    )
