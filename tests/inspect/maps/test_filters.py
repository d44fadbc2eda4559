"""Filters as arrays and as a grid, pixel by pixel."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import models
from dl.errors import InputError
from dl.inspect.maps.filters import filter_grid, filters
from dl.models.googlenet import Widths
from dl.train.network import Network

GROUND = [0, 40, 110]


def random_kernel(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape)


def cut(grid: np.ndarray, row: int, column: int, side: int, scale: int) -> np.ndarray:
    """The tile at (row, column), one pixel a weight."""
    size = side * scale
    top, left = 2 + row * (size + 2), 2 + column * (size + 2)
    tile = grid[top : top + size, left : left + size]
    small = tile[::scale, ::scale]
    np.testing.assert_array_equal(tile, small.repeat(scale, 0).repeat(scale, 1))
    return small


def test_kernels_come_in_the_order_of_the_calls_where_the_inputs_are_known() -> None:
    model = models.googlenet(10, small=True, stages=((Widths(1, 1, 1, 1, 1, 1),),))
    shapes = jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 28, 28, 1)))
    params = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), shapes[0])
    inception = ["one", "three_reduced", "three", "five_reduced", "five", "pooled"]
    called = ["conv1/conv", *(f"inception3a/{name}/conv" for name in inception)]
    spec = dl.load_data("digits").spec
    found = filters(Network(model, params, spec=spec))
    assert list(found) == called
    assert found["conv1/conv"].shape == (3, 3, 1, 64)
    assert sorted(filters(Network(model, params))) == sorted(called)
    wide = replace(spec, input_shape=(4,))
    assert (
        filters(Network(models.mlp(10), {"output": {"kernel": np.zeros((4, 10))}}, spec=wide)) == {}
    )


def test_every_filter_is_scaled_by_its_own_largest_weight_and_grey_is_zero() -> None:
    kernel = random_kernel(5, 5, 1, 6)
    kernel[..., 1] *= 100
    kernel[..., 2] = 0
    grid = filter_grid(kernel)
    assert grid.dtype == np.uint8
    assert grid.shape == (2 + 2 * 62, 2 + 3 * 62, 3)
    for number in range(6):
        tile = cut(grid, *divmod(number, 3), side=5, scale=12)
        weights = kernel[..., 0, number]
        expected = np.rint(127.5 + 127.5 * weights / (np.abs(weights).max() or 1))
        np.testing.assert_array_equal(tile, expected[..., None].repeat(3, -1))


def test_three_channels_are_colours() -> None:
    kernel = np.zeros((2, 2, 3, 1))
    kernel[0, 0, 0], kernel[1, 1, 2] = 1, -1
    tile = cut(filter_grid(kernel), 0, 0, side=2, scale=30)
    assert tile.tolist() == [[[255, 128, 128], [128, 128, 128]], [[128, 128, 128], [128, 128, 0]]]


def test_other_numbers_of_channels_are_a_row_of_grey_tiles_a_filter() -> None:
    kernel = random_kernel(3, 3, 4, 2)
    grid = filter_grid(kernel)
    assert grid.shape == (2 + 2 * 62, 2 + 4 * 62, 3)
    largest = np.abs(kernel[..., 1]).max()
    expected = np.rint(127.5 * (1 + kernel[:, :, 2, 1] / largest))
    np.testing.assert_array_equal(cut(grid, 1, 2, side=3, scale=20)[..., 0], expected)


@pytest.mark.parametrize(
    ("count", "columns"), [(1, 1), (6, 3), (7, 3), (20, 5), (32, 8), (64, 8), (96, 12)]
)
def test_the_grid_is_about_square_and_full_where_it_can_be(count: int, columns: int) -> None:
    grid = filter_grid(random_kernel(64, 64, 1, count))
    rows = -(-count // columns)
    assert grid.shape == (2 + rows * 66, 2 + columns * 66, 3)
    borders = grid[:, ::66].reshape(-1, 3)
    assert (borders == GROUND).all()
    empty = (grid == GROUND).all(-1).sum() - (
        grid.shape[0] * grid.shape[1] - rows * columns * 64**2
    )
    assert empty == (rows * columns - count) * 64**2


def test_what_is_no_kernel_is_refused() -> None:
    with pytest.raises(InputError, match=r"\[h, w, C, F\], not of shape \(10, 3\)"):
        filter_grid(np.zeros((10, 3)))
