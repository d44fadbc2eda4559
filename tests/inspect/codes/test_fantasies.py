"""Pictures drawn from belief nets, against the distribution that these have."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

import dl
from dl import models
from dl.errors import InputError
from dl.inspect import fantasies
from dl.types import Array


def machine(seed: int, visible: int, hidden: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    shapes = {"kernel": (visible, hidden), "bias": (hidden,), "visible_bias": (visible,)}
    return {
        name: jnp.asarray(rng.normal(size=shape), jnp.float32) for name, shape in shapes.items()
    }


PARAMS = {"hidden1": machine(0, 4, 3), "hidden2": machine(1, 3, 2)}
PIXELS = np.array(list(product((0.0, 1.0), repeat=4)))


def test_pictures_have_the_mean_of_the_net_s_own_distribution() -> None:
    """The top is a Boltzmann machine, p(h1); below it p(v | h1): a belief net, Hinton 2006."""
    top = {name: np.asarray(leaf, np.float64) for name, leaf in PARAMS["hidden2"].items()}
    below = {name: np.asarray(leaf, np.float64) for name, leaf in PARAMS["hidden1"].items()}
    states = np.array(list(product((0.0, 1.0), repeat=3)))
    weight = np.exp(
        states @ top["visible_bias"]
        + np.logaddexp(0, states @ top["kernel"] + top["bias"]).sum(axis=1)
    )
    of_pixels = expit(states @ below["kernel"].T + below["visible_bias"])
    expected = weight / weight.sum() @ of_pixels
    network = dl.Network(models.belief_net((2, 2, 1), (3, 2)), PARAMS)
    drawn = fantasies(network, jax.random.key(0), chains=20_000, steps=30)
    assert drawn.shape == (20_000, 2, 2, 1)
    assert_allclose(drawn.reshape(-1, 4).mean(axis=0), expected, atol=0.02)


def test_a_chain_may_begin_at_given_pictures() -> None:
    """With large weights that copy, a step leaves a picture as it is."""
    copying = {
        "kernel": 40.0 * jnp.eye(4),
        "bias": jnp.full(4, -20.0),
        "visible_bias": jnp.full(4, -20.0),
    }
    network = dl.Network(models.belief_net((4,), (4,)), {"hidden1": copying})
    drawn = fantasies(network, jax.random.key(0), steps=5, start=PIXELS)
    assert_allclose(drawn, PIXELS, atol=1e-6)


def test_another_model_and_no_steps_are_refused() -> None:
    network = dl.Network(models.belief_net((4,), (3,)), {"hidden1": PARAMS["hidden1"]})
    with pytest.raises(InputError, match="steps is 0"):
        fantasies(network, jax.random.key(0), steps=0)
    with pytest.raises(InputError, match="chains is 0"):
        fantasies(network, jax.random.key(0), chains=0)
    with pytest.raises(InputError, match="mlp is no Boltzmann machine"):
        fantasies(dl.Network(models.mlp(2), {}), jax.random.key(0))
