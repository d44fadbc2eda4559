"""Where hidden layers put points and grid, beside the same layers in NumPy (D11)."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.inspect.codes.plane import plane_by_layer


def test_d11_points_and_grid_go_through_the_layers() -> None:
    generator = np.random.default_rng(1)
    sizes = [2, 3, 2, 1, 1]
    names = ["hidden1", "hidden2", "hidden3", "output"]
    params = {
        name: {"kernel": generator.normal(size=shape), "bias": generator.normal(size=shape[1])}
        for name, shape in zip(names, pairwise(sizes), strict=True)
    }
    model = dl.models.mlp(1, hidden_sizes=sizes[1:-1], activation=jnp.tanh)
    network = dl.Network(model, jax.tree.map(jnp.float32, params))
    points = generator.uniform(-1, 1, (20, 2))
    planes = plane_by_layer(network, points, activation=jnp.tanh, lines=3)
    assert list(planes) == ["inputs", *names[:-1]]
    assert [plane.units for plane in planes.values()] == [2, 3, 2, 1]

    codes, grid = points, planes["inputs"].grid.astype(float)
    np.testing.assert_allclose(planes["inputs"].points, points, rtol=1e-6)
    for name in names[:-1]:
        W, b = params[name]["kernel"], params[name]["bias"]
        codes, grid = np.tanh(codes @ W + b), np.tanh(grid @ W + b)
        plane = planes[name]
        if W.shape[1] == 3:  # the plane of the largest variance, whatever its axes' signs
            centred = codes - codes.mean(0)
            axes = np.linalg.svd(centred, full_matrices=False)[2][:2].T
            for found, wanted in ((plane.points, codes), (plane.grid, grid)):
                np.testing.assert_allclose(
                    np.abs(found), np.abs((wanted - codes.mean(0)) @ axes), atol=1e-4
                )
        else:
            np.testing.assert_allclose(plane.points[:, : W.shape[1]], codes, atol=1e-5)
            np.testing.assert_allclose(plane.grid[..., : W.shape[1]], grid, atol=1e-5)
    assert not planes["hidden3"].points[:, 1].any()


def test_the_grid_has_lines_along_both_axes_of_the_rectangle_of_the_points() -> None:
    params = {"output": {"kernel": jnp.ones((2, 1)), "bias": jnp.zeros(1)}}
    network = dl.Network(dl.models.softmax_regression(1), params)
    (plane,) = plane_by_layer(network, np.array([[-1.0, 2.0], [3.0, 4.0]]), lines=3).values()
    assert plane.grid.shape == (6, 61, 2)
    np.testing.assert_allclose(plane.grid[:3, 0], [[-1, 2], [-1, 3], [-1, 4]])
    np.testing.assert_allclose(plane.grid[:3, -1], [[3, 2], [3, 3], [3, 4]])
    np.testing.assert_allclose(plane.grid[3:, 0], [[-1, 2], [1, 2], [3, 2]])
    np.testing.assert_allclose(plane.grid[3:, -1], [[-1, 4], [1, 4], [3, 4]])
    with pytest.raises(InputError, match=r"\[N, 2\], not of shape \(3, 5\)"):
        plane_by_layer(network, np.zeros((3, 5)))
