"""Grid lines, points and titles of the space transformation (D11)."""

import numpy as np
import pytest
from layout_checks import panels

import dl
from dl.errors import InputError
from dl.inspect.codes.plane import Plane


def test_d11_each_layer_has_its_grid_its_points_and_its_separability() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.5], [0.2, 0.9]])
    grid = np.random.default_rng(0).normal(size=(4, 5, 2))
    planes = {"inputs": Plane(points, grid, 2), "hidden1": Plane(2 * points, 2 * grid, 8)}
    figure = dl.plots.space_transformation(
        planes, np.array([[0.0], [1.0], [0.0]]), separability={"inputs": 0.625, "hidden1": 1.0}
    )
    for factor, axes in zip((1, 2), panels(figure), strict=True):
        lines, zeros, ones = axes.collections
        np.testing.assert_allclose(lines.get_segments(), factor * grid)
        np.testing.assert_allclose(zeros.get_offsets(), factor * points[[0, 2]])
        np.testing.assert_allclose(ones.get_offsets(), factor * points[[1]])
    assert [axes.get_title() for axes in panels(figure)] == [
        "inputs\nlinear classifier 62 %",
        "hidden1\nlinear classifier 100 %",
    ]
    assert [axes.get_xlabel() for axes in panels(figure)] == ["axis 1", "component 1 of 8 units"]


def test_points_without_a_label_are_refused() -> None:
    plane = Plane(np.zeros((3, 2)), np.zeros((2, 5, 2)), 2)
    with pytest.raises(InputError, match=r"2 labels for points \{'inputs': 3\}"):
        dl.plots.space_transformation({"inputs": plane}, np.array([0, 1]))
