"""Classes and probabilities on a grid of points."""

import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.inspect.decisions import decision_grid


def network(data: dl.Dataset, kernel: list, bias: list) -> dl.Network:
    params = {"output": {"kernel": jnp.array(kernel), "bias": jnp.array(bias)}}
    return dl.Network(dl.models.softmax_regression(len(bias)), params, spec=data.spec)


def test_a4_a_logistic_neuron_answers_with_its_probability() -> None:
    neuron = network(dl.load_data("xor"), [[2.0], [-1.0]], [0.5])
    grid = decision_grid(neuron, x=(-1, 1), y=(0, 3), side=4)
    x, y = np.meshgrid([-1, -1 / 3, 1 / 3, 1], [0, 1, 2, 3])
    yes = 1 / (1 + np.exp(-(2 * x - y + 0.5)))
    np.testing.assert_allclose(grid.probabilities, np.stack([1 - yes, yes], -1), rtol=1e-5)
    np.testing.assert_array_equal(grid.classes, yes > 0.5)
    np.testing.assert_allclose(grid.x, x[0])
    np.testing.assert_allclose(grid.y, y[:, 0])


def test_classes_of_a_softmax_are_taken_as_they_are() -> None:
    x = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    data = dl.make_dataset(x, np.arange(30) % 3)
    grid = decision_grid(network(data, np.eye(2, 3).tolist(), [0.0, 0.0, -9.0]), side=3)
    assert grid.probabilities.shape == (3, 3, 3)
    np.testing.assert_allclose(grid.probabilities.sum(-1), 1, rtol=1e-6)


def test_nets_that_do_not_choose_in_the_plane_are_refused() -> None:
    gates = network(dl.load_data("gates"), np.zeros((2, 4)).tolist(), [0.0] * 4)
    with pytest.raises(InputError, match="gates has 4 yes-or-no answers"):
        decision_grid(gates)
    lines = dl.make_dataset(np.zeros((20, 3), np.float32), np.arange(20) % 2)
    with pytest.raises(InputError, match=r"has inputs \(3,\): regions are drawn for"):
        decision_grid(network(lines, np.zeros((3, 2)).tolist(), [0.0] * 2))


def test_answers_of_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"for 9 points there are answers of shape \(2,\)"):
        decision_grid(lambda points: np.zeros(2), side=3)
    with pytest.raises(InputError, match="give a trained net"):
        decision_grid("net")
