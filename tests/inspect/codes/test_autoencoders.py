"""An auto-encoder's errors by hand, the classifier and PCA against scikit-learn's."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import models, objectives, optimizers
from dl.data.dataset import Dataset
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.inspect.codes import autoencoders, pca
from dl.inspect.codes.probe import linear_probe


def low_rank(*, examples: int = 200, rank: int = 5, size: int = 12) -> Dataset:
    """Points near a subspace: `rank` directions of falling weight, a little noise, and a mean that
    is not zero.
    """
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(size, rank)))[0]
    weights = rng.normal(size=(2 * examples, rank)) * np.linspace(2.0, 1.0, rank)
    inputs = (weights @ axes.T + 0.05 * rng.normal(size=(2 * examples, size)) + 0.5).astype(
        np.float32
    )
    labels = (weights[:, 0] > 0).astype(np.int32)
    train, test = (
        ArraySource(inputs[half], labels[half]) for half in (slice(examples), slice(examples, None))
    )
    return dataset_of_parts("low_rank", train, test, class_names=("no", "yes"))


DATA = low_rank()


@cache
def trained(*, code_size: int, epochs: int = 100) -> Any:
    model = models.autoencoder((12,), code_size=code_size, tied=True)
    optimizer = optimizers.adam(0.02, schedule=optimizers.cosine(steps=epochs * 4))
    options = dl.TrainOptions(epochs=epochs, batch_size=50, devices=1, validation=0.0)
    recipe = dl.Recipe(model, objectives.autoencoding(model), optimizer)
    return model, dl.fit(recipe, DATA, options, progress=False).state.params


def test_a_linear_auto_encoder_reaches_the_error_and_the_subspace_of_pca() -> None:
    """F2: one that is linear spans the subspace of PCA."""
    model, params = trained(code_size=3)
    figures = pca.compare_with_pca(model, params, DATA, code_size=3)
    assert -0.001 < figures["train_excess_percent"] < 0.05
    assert figures["largest_angle"] < 2.0
    untrained = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 12)))[0]
    before = pca.compare_with_pca(model, untrained, DATA, code_size=3)
    assert before["train_excess_percent"] > 50
    assert before["largest_angle"] > 20


def test_pca_s_own_weights_have_no_excess_and_no_angle() -> None:
    model = models.autoencoder((12,), code_size=4)
    found = pca.fit_pca(DATA.train.inputs, components=4)
    axes, mean = found.components_.T.astype(np.float32), found.mean_.astype(np.float32)
    params = {
        "encoder_0": {"kernel": axes, "bias": -mean @ axes},
        "decoder_0": {"kernel": axes.T, "bias": mean},
    }
    figures = pca.compare_with_pca(model, params, DATA, code_size=4)
    assert figures == pytest.approx(dict.fromkeys(figures, 0.0), abs=0.05)
    residual = np.linalg.svd(DATA.train.inputs - mean, compute_uv=False)[4:]
    error = autoencoders.reconstruction_error(model, params, DATA.train.inputs, DATA.spec)[
        "per_example"
    ]
    assert error == pytest.approx(np.square(residual).sum() / 200, rel=1e-3)


def test_principal_angles_of_planes_that_are_turned_by_hand() -> None:
    plane = np.eye(4)[:, :2]
    for angle in (0.0, 30.0, 90.0):
        turned = plane.copy()
        turned[[1, 3], 1] = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        found = pca.largest_principal_angle(3.0 * plane, turned @ [[1.0, 2.0], [0.0, 1.0]])
        assert found == pytest.approx(angle, abs=1e-5)


def test_errors_are_in_grey_values_from_0_to_1() -> None:
    """A decoder that is always mean grey is off by the pictures' own distance from it."""
    digits = dl.load_data("digits")
    model = models.autoencoder(digits.spec.input_shape, code_size=2)
    params = jax.tree.map(
        jnp.zeros_like, jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 28, 28, 1)))[0]
    )
    error = autoencoders.reconstruction_error(model, params, digits.test.inputs, digits.spec)
    expected = np.square(digits.test.inputs / 255.0 - digits.spec.mean[0]).mean()
    assert error["per_pixel"] == pytest.approx(expected, rel=1e-4)
    assert error["per_example"] == pytest.approx(784 * expected, rel=1e-4)


def test_batches_leave_no_example_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoencoders, "_BATCH", 64)
    model, params = models.autoencoder((12,), code_size=3), None
    params = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 12)))[0]
    code = autoencoders.encode(model, params, DATA.train.inputs, DATA.spec)
    np.testing.assert_allclose(
        code, model.encode(params, jnp.asarray(DATA.train.inputs)), rtol=1e-5, atol=1e-6
    )


def test_denoising_is_measured_against_the_clean_inputs() -> None:
    model, params = trained(code_size=5)
    figures = autoencoders.denoising_error(
        model,
        params,
        DATA.test.inputs,
        DATA.spec,
        corrupt=objectives.reconstruction.gaussian_noise(0.5),
        key=jax.random.key(0),
    )
    assert figures["noisy"]["per_pixel"] == pytest.approx(0.25, rel=0.1)
    # Of noise in twelve directions, a projection on five leaves five twelfths.
    assert figures["denoised"]["per_pixel"] == pytest.approx(0.25 * 5 / 12, rel=0.2)


def test_assessment_asks_for_classes_only_where_there_are_some() -> None:
    model = models.autoencoder((12,), code_size=3)
    params = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 12)))[0]
    assert set(autoencoders.assess(model, params, DATA)) == {
        "reconstruction",
        "linear_on_code",
        "linear_on_inputs",
    }
    moons = dl.load_data("moons")
    model = models.autoencoder((2,), code_size=1)
    params = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 2)))[0]
    assert set(autoencoders.assess(model, params, moons)) == {"reconstruction"}


@pytest.mark.slow
def test_the_linear_probe_agrees_with_scikit_learn_s_logistic_regression() -> None:
    from sklearn.linear_model import LogisticRegression

    digits = dl.load_data("digits")
    train, test = (
        part.inputs[:, 2:-2:3, 2:-2:3].reshape(len(part), 64) / 255.0
        for part in (digits.train, digits.test)
    )
    labels, truth = digits.train.targets, digits.test.targets
    mean, scale = train.mean(axis=0), (train - train.mean(axis=0)).std()
    reference = LogisticRegression(C=1 / (1e-3 * len(train)), max_iter=500).fit(
        (train - mean) / scale, labels
    )
    expected = reference.score((test - mean) / scale, truth)
    assert linear_probe((train, labels), (test, truth), classes=10, penalty=1e-3) == pytest.approx(
        expected, abs=0.004
    )
    assert 0.9 < expected < 1.0


@pytest.mark.parametrize(("scale", "shift"), [(1.0, 0.0), (1e3, 5e3), (1e-4, 0.0)])
def test_the_linear_probe_does_not_mind_units(scale: float, shift: float) -> None:
    features = (scale * DATA.train.inputs + shift).astype(np.float32)
    others = (scale * DATA.test.inputs + shift).astype(np.float32)
    accuracy = linear_probe((features, DATA.train.targets), (others, DATA.test.targets), classes=2)
    assert accuracy == pytest.approx(1.0, abs=0.03)


def test_the_linear_probe_of_features_that_say_nothing_is_chance() -> None:
    features = np.ones((100, 3), np.float32)
    labels = np.arange(100) % 4
    assert linear_probe((features, labels), (features, labels), classes=4) == pytest.approx(0.25)
