"""Saliency and occlusion over pictures: strengths, and where they lie."""

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.errors import InputError


def test_saliency_is_a_share_of_the_largest_over_the_dimmed_picture() -> None:
    pictures = np.full((2, 3, 4, 1), 255, np.uint8)
    maps = np.zeros((2, 3, 4))
    maps[0, 1, 2], maps[0, 0, 0] = 8.0, 2.0
    figure = dl.plots.saliency(pictures, maps, titles=["a", "b"])
    first, second = figure.axes[2:4]
    assert first.images[0].get_array().max() == pytest.approx(0.6)
    strength = first.images[1].get_array()
    assert (strength[1, 2], strength[0, 0], strength.sum()) == (1.0, 0.25, 1.25)
    assert second.images[1].get_array().max() == 0  # a map of zeros stays one
    assert [axes.get_title() for axes in figure.axes[:2]] == ["a", "b"]
    check_layout(figure)


@pytest.mark.parametrize(
    ("side", "patch", "stride"), [(28, 7, 2), (8, 3, 1), (9, 1, 1), (16, 4, 4)]
)
def test_occlusion_is_drawn_where_the_patch_lay(side: int, patch: int, stride: int) -> None:
    """The middle of cell (p, q) is the middle of the patch at stride · (p, q)."""
    places = (side - patch) // stride + 1
    scores = np.zeros((1, places, places))
    figure = dl.plots.occlusion(
        np.zeros((1, side, side, 1)), scores, [1.0], patch=patch, stride=stride
    )
    left, right, bottom, top = figure.axes[1].images[1].get_extent()
    middles = left + (np.arange(places) + 0.5) * (right - left) / places
    covered = [np.arange(stride * place, stride * place + patch).mean() for place in range(places)]
    np.testing.assert_allclose(middles, covered)
    assert (top, bottom) == (left, right)
    assert figure.axes[1].get_xlim() == (-0.5, side - 0.5)


def test_only_a_fall_of_the_score_is_drawn() -> None:
    scores = np.array([[[3.0, 1.0], [5.0, 2.0]]])
    figure = dl.plots.occlusion(np.zeros((1, 2, 2, 3)), scores, [3.0], patch=1, stride=1)
    assert figure.axes[1].images[1].get_array().tolist() == [[0, 1], [0, 0.5]]


def test_arrays_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match=r"have maps of \(2, 3, 3\), not of \(2, 4, 4\)"):
        dl.plots.saliency(np.zeros((2, 3, 3, 1)), np.zeros((2, 4, 4)))
    with pytest.raises(InputError, match="do not belong together"):
        dl.plots.occlusion(np.zeros((2, 3, 3, 1)), np.zeros((1, 2, 2)), [1.0], patch=2, stride=1)
