"""Filters and feature maps: the numbers of the pictures."""

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.errors import InputError


def test_each_filter_fills_its_scale_from_black_to_white() -> None:
    kernel = np.zeros((2, 2, 1, 2))
    kernel[0, 0, 0] = 4.0, 0.5
    kernel[1, 1, 0] = -4.0, 0.25
    grid = dl.plots.filters(kernel, name="conv1").axes[0].images[0].get_array()
    tiles = [grid[2:62, 2:62, 0], grid[2:62, 64:124, 0]]
    corners = [[tile[0, 0], tile[0, -1], tile[-1, 0], tile[-1, -1]] for tile in tiles]
    assert corners == [[255, 128, 128, 0], [255, 128, 128, 191]]


@pytest.mark.parametrize(
    ("shape", "title"),
    [
        ((5, 5, 1, 20), "net: 20 of 5×5×1"),
        ((28, 28, 1, 500), "net: 500 of 28×28×1, 100 shown"),
        ((5, 5, 20, 50), "net: 50 of 5×5×20, 16 shown in 16 channels"),
        ((3, 3, 8, 12), "net: 12 of 3×3×8"),
    ],
)
def test_sizes_are_told_and_large_layers_cut(shape: tuple[int, ...], title: str) -> None:
    figure = dl.plots.filters(np.random.default_rng(0).normal(size=shape), name="net")
    assert figure.axes[0].get_title() == title
    check_layout(figure)


def test_maps_lie_side_by_side_on_the_scale_of_their_layer() -> None:
    picture = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)
    maps = np.stack([np.full((2, 2), value) for value in (0.0, 1.0, 5.0)], axis=-1)
    figure = dl.plots.feature_maps(picture, {"conv1": maps, "conv1.pool": maps[:1, :1]})
    above, conv, pool = (axes.images[0] for axes in figure.axes)
    np.testing.assert_allclose(np.asarray(above.get_array()), picture[..., 0] / 255)
    assert conv.get_array()[0].filled(-1)[:8].tolist() == [0, 0, -1, 1, 1, -1, 5, 5]
    assert conv.get_clim() == (0, 5)
    assert pool.get_array().shape == (1, 5)
    assert figure.axes[2].get_ylabel() == "conv1.pool\n1×1×3"
    check_layout(figure)


def test_few_maps_fill_the_width() -> None:
    maps = {"edges": np.zeros((8, 8, 4)), "others": np.zeros((8, 8, 2))}
    figure = dl.plots.feature_maps(np.zeros((8, 8, 1)), maps)
    check_layout(figure)
    edges = figure.axes[1].get_window_extent()
    assert edges.width > 0.75 * figure.bbox.width


def test_at_most_twenty_maps_of_a_layer_are_drawn() -> None:
    figure = dl.plots.feature_maps(np.zeros((4, 4, 3)), {"conv": np.zeros((2, 2, 50))})
    assert figure.axes[1].images[0].get_array().shape == (5, 29)
    assert figure.axes[1].get_ylabel() == "conv\n2×2×50"


def test_arrays_of_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"not of shape \(3, 3\)"):
        dl.plots.filters(np.zeros((3, 3)))
    with pytest.raises(InputError, match=r"hidden is of shape \(500,\)"):
        dl.plots.feature_maps(np.zeros((4, 4, 1)), {"hidden": np.zeros(500)})
    with pytest.raises(InputError, match=r"a picture is \[H, W, C\]"):
        dl.plots.feature_maps(np.zeros((4, 4)), {})
