"""Gradient saliency against weights, finite differences and the normal distribution."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import models
from dl.errors import InputError
from dl.inspect.maps.saliency import saliency, smooth_saliency
from dl.inspect.maps.scores import class_scores
from dl.train.network import Network
from dl.types import Model


def linear(shape: tuple[int, ...], classes: int = 3) -> tuple[Network, np.ndarray]:
    """Softmax regression with random weights, and these as [H, W, C, K]."""
    weights = np.random.default_rng(0).normal(size=(*shape, classes)).astype(np.float32)
    params = {
        "output": {"kernel": jnp.asarray(weights.reshape(-1, classes)), "bias": jnp.zeros(classes)}
    }
    return Network(models.softmax_regression(classes), params), weights


def function(score: Any) -> Network:
    """A network whose one logit is `score` of each picture."""

    def apply(params: Any, state: Any, inputs: Any, **_: Any) -> Any:
        return jax.vmap(score)(inputs)[:, None], state, ()

    return Network(Model("function", lambda key, inputs: ({}, {}), apply, lambda inputs: []), {})


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def test_of_a_linear_model_it_is_the_largest_weight_of_a_pixel() -> None:
    network, weights = linear((2, 3, 4))
    maps = saliency(network, noise(3, 2, 3, 4), classes=np.array([2, 0, 2]))
    for found, chosen in zip(maps, (2, 0, 2), strict=True):
        np.testing.assert_allclose(found, np.abs(weights[..., chosen]).max(-1), rtol=1e-6)


def test_without_a_class_it_is_that_of_the_winner() -> None:
    network, weights = linear((2, 3, 4))
    pictures = noise(5, 2, 3, 4)
    logits = pictures.reshape(5, -1) @ weights.reshape(-1, 3)
    classes, scores = class_scores(network, pictures)
    np.testing.assert_array_equal(classes, logits.argmax(1))
    np.testing.assert_allclose(scores, logits.max(1), rtol=1e-5)
    np.testing.assert_array_equal(
        saliency(network, pictures), saliency(network, pictures, classes=classes)
    )


def test_it_is_the_slope_that_finite_differences_see() -> None:
    model = models.lenet(3, features=(2, 3), hidden_size=4, activation=jnp.tanh)
    network = Network(model, *jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 16, 16, 1))))
    picture = noise(1, 16, 16, 1)
    found = saliency(network, picture, classes=1)[0]
    for row, column in ((3, 4), (8, 8), (12, 5)):
        step = np.zeros_like(picture)
        step[0, row, column] = 1e-2
        _, (up, down) = class_scores(
            network, np.concatenate([picture + step, picture - step]), classes=1
        )
        assert found[row, column] == pytest.approx(abs(up - down) / 2e-2, rel=0.05, abs=1e-4)


def test_blocks_change_nothing() -> None:
    network = function(lambda x: (x**3).sum())
    pictures = noise(5, 2, 2, 1)
    whole = saliency(network, pictures)
    np.testing.assert_allclose(whole, 3 * pictures[..., 0] ** 2, rtol=1e-5)
    np.testing.assert_allclose(saliency(network, pictures, batch_size=2), whole, rtol=1e-6)


def test_noise_does_not_blur_a_constant_slope_and_none_leaves_any_as_it_is() -> None:
    network, _ = linear((2, 3, 4))
    pictures = noise(2, 2, 3, 4)
    smoothed = smooth_saliency(network, pictures, key=jax.random.key(0), samples=3)
    np.testing.assert_allclose(smoothed, saliency(network, pictures), rtol=1e-5)
    cubic = function(lambda x: (x**3).sum())
    still = smooth_saliency(cubic, pictures, key=jax.random.key(0), samples=2, noise=0)
    np.testing.assert_allclose(still, saliency(cubic, pictures), rtol=1e-5)


def test_smoothing_takes_the_mean_slope_under_normal_noise_of_the_promised_width() -> None:
    # The slope of |x| is the sign of x, whose mean under noise of width σ is erf(x / (σ √2)).
    picture = np.array([0.0, 0.3, -0.5, 1.0, -1.0], np.float32).reshape(1, 1, 5, 1)
    network = function(lambda x: jnp.abs(x).sum())
    found = smooth_saliency(network, picture, key=jax.random.key(0), samples=400, noise=0.25)
    expected = [abs(math.erf(x / (0.25 * 2.0 * math.sqrt(2)))) for x in picture.ravel()]
    np.testing.assert_allclose(found.ravel(), expected, atol=0.15)


def test_the_key_alone_decides_the_noise() -> None:
    network = function(lambda x: (x**3).sum())
    pictures = noise(3, 2, 2, 1)
    maps = [
        smooth_saliency(network, pictures, key=jax.random.key(seed), samples=2, batch_size=size)
        for seed, size in ((0, 64), (0, 2), (1, 64))
    ]
    np.testing.assert_allclose(maps[0], maps[1], rtol=1e-6)
    assert np.abs(maps[0] - maps[2]).max() > 1e-3


def test_wrong_input_is_refused_in_one_line() -> None:
    network, _ = linear((2, 3, 4))
    pictures = noise(2, 2, 3, 4)
    with pytest.raises(InputError, match=r"pictures are \[B, H, W, C\], not of shape \(2, 24\)"):
        saliency(network, pictures.reshape(2, -1))
    with pytest.raises(InputError, match="classes 3 are not all between 0 and 2"):
        saliency(network, pictures, classes=3)
    with pytest.raises(
        InputError, match=r"2 pictures need one class, or one each, not classes of shape \(3,\)"
    ):
        saliency(network, pictures, classes=np.array([0, 1, 2]))
    with pytest.raises(InputError, match="samples 0"):
        smooth_saliency(network, pictures, key=jax.random.key(0), samples=0)
    maps = Network(
        Model("maps", lambda key, inputs: ({}, {}), lambda p, s, x, **_: (x, s, ()), lambda x: []),
        {},
    )
    with pytest.raises(InputError, match="a map needs one score for each class"):
        saliency(maps, pictures)
