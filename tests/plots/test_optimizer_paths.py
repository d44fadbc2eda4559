"""Paths over the valley of D2, beside the same paths by hand."""

import numpy as np
import pytest
from layout_checks import panels

import dl
from dl.errors import InputError


def by_hand(rate: float, steps: int) -> np.ndarray:
    """Gradient descent on x²/20 + y²: x ← (1 − α/10) x, y ← (1 − 2α) y."""
    factors = np.array([1 - rate / 10, 1 - 2 * rate])
    return np.array([-7.0, 2.0]) * factors ** np.arange(steps + 1)[:, None]


def test_d2_each_path_is_drawn_from_start_to_end() -> None:
    rates = [0.1, 0.95]
    paths = dict(zip("ab", dl.lessons.sweep_rates(rates, steps=5), strict=True))
    figure = dl.plots.optimizer_paths(paths)
    for axes, rate in zip(panels(figure), rates, strict=True):
        path, start, end = axes.lines
        expected = by_hand(rate, 5)
        np.testing.assert_allclose(path.get_xydata(), expected, rtol=1e-5)
        np.testing.assert_allclose(start.get_xydata(), expected[:1])
        np.testing.assert_allclose(end.get_xydata(), expected[-1:], rtol=1e-5)
        # Contours are ellipses of one value of x²/20 + y².
        (contour,) = axes.collections
        for level, curve in zip(contour.levels, contour.get_paths(), strict=True):
            if len(curve.vertices):
                x, y = curve.vertices.T
                np.testing.assert_allclose(x**2 / 20 + y**2, level, rtol=0.02, atol=0.01)
    assert [axes.get_title() for axes in panels(figure)] == ["a", "b"]


def test_a_function_below_zero_has_contours_too() -> None:
    paths = {"a": by_hand(0.1, 2)}
    figure = dl.plots.optimizer_paths(paths, function=lambda points: (points**2).sum(-1) - 9)
    (contour,) = panels(figure)[0].collections
    radii = np.sqrt(contour.levels + 9)
    np.testing.assert_allclose(np.diff(radii), radii[0], rtol=1e-5)  # of circles around 0


def test_a_path_that_leaves_is_cut_at_the_neighbourhood_of_its_start() -> None:
    (axes,) = panels(dl.plots.optimizer_paths({"away": by_hand(1.5, 20)}))
    assert axes.get_ylim() == (-3, 3)
    assert axes.get_xlim() == pytest.approx((-9.1, 9.1))


def test_d3_the_value_after_each_step() -> None:
    (axes,) = panels(dl.plots.path_values({"0.95": by_hand(0.95, 4)}))
    x, y = by_hand(0.95, 4).T
    np.testing.assert_allclose(axes.lines[0].get_ydata(), x**2 / 20 + y**2, rtol=1e-6)
    assert (axes.get_yscale(), axes.get_xlabel()) == ("log", "step")


def test_what_is_no_path_is_refused() -> None:
    with pytest.raises(InputError, match=r"not of shapes \{'a': \(3,\)\}"):
        dl.plots.path_values({"a": np.zeros(3)})
    with pytest.raises(InputError, match="not of shapes none"):
        dl.plots.optimizer_paths({})
