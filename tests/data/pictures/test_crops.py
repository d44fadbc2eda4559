"""Boxes of crops: inside of the picture, in their ranges, the middle where no box fits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dl.data.pictures.crops import centre_box, random_box

sides = st.integers(1, 600)


@given(height=sides, width=sides, seed=st.integers(0, 1000))
def test_a_random_box_lies_inside_of_the_picture(height: int, width: int, seed: int) -> None:
    left, top, right, bottom = random_box(np.random.default_rng(seed), (height, width))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def test_areas_and_ratios_cover_their_ranges() -> None:
    generator = np.random.default_rng(0)
    boxes = np.array([random_box(generator, (1000, 1000)) for _ in range(2000)])
    across, down = (boxes[:, 2:] - boxes[:, :2]).T
    areas, ratios = across * down / 1e6, np.log(across / down)
    assert 0.079 < areas.min() < 0.1
    assert 0.9 < areas.max() <= 1.0
    assert abs(np.quantile(areas[areas < 0.5], 0.5) - 0.29) < 0.02, "uniform where every box fits"
    assert np.abs(ratios).max() <= math.log(4 / 3) + 0.01
    assert abs(ratios.mean()) < 0.01


def test_boxes_lie_anywhere() -> None:
    generator = np.random.default_rng(0)
    boxes = np.array(
        [random_box(generator, (9, 9), area=(0.11, 0.12), ratio=(1.0, 1.0)) for _ in range(600)]
    )
    assert len({tuple(box) for box in boxes}) == 49


@pytest.mark.parametrize(
    ("size", "box"),
    [((10, 1000), (493 + 1 / 3, 0, 506 + 2 / 3, 10)), ((1000, 9), (0, 494, 9, 506))],
)
def test_if_no_box_fits_it_is_the_middle(size: tuple[int, int], box: tuple[float, ...]) -> None:
    np.testing.assert_allclose(random_box(np.random.default_rng(0), size, area=(1.0, 1.0)), box)


def test_the_same_random_numbers_give_the_same_box() -> None:
    first, second = (random_box(np.random.default_rng(5), (300, 200)) for _ in range(2))
    assert first == second


@given(height=sides, width=sides, down=st.integers(1, 300), across=st.integers(1, 300))
def test_the_centre_box_is_seven_eighths_with_the_wanted_ratio(
    height: int, width: int, down: int, across: int
) -> None:
    left, top, right, bottom = centre_box((height, width), (down, across))
    assert math.isclose((left + right) / 2, width / 2)
    assert math.isclose((top + bottom) / 2, height / 2)
    assert math.isclose((right - left) / (bottom - top), across / down, rel_tol=1e-6)
    assert math.isclose(max((right - left) / width, (bottom - top) / height), 7 / 8)


def test_the_centre_box_equals_scaling_to_256_and_cutting_out_224() -> None:
    assert centre_box((256, 256), (224, 224)) == (16, 16, 240, 240)
    assert centre_box((512, 1024), (224, 224)) == (288, 32, 736, 480)
