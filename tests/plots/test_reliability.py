"""Reliability diagrams and range tests: points and marks at their places."""

import numpy as np
import pytest
from layout_checks import check_layout
from sklearn.calibration import calibration_curve

import dl
from dl.assess.calibration import reliability
from dl.search import RangeTest


def test_points_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    given = rng.random(300)
    right = rng.random(300) < given**2
    figure = dl.plots.reliability_diagram(reliability(given, right, bins=10))
    above, below = figure.axes
    shares, means = calibration_curve(right, given, n_bins=10)
    np.testing.assert_allclose(
        np.asarray(above.lines[1].get_xydata()), np.stack([means, shares], axis=1)
    )
    counts = np.histogram(given, np.linspace(0, 1, 11))[0]
    assert [bar.get_height() for bar in below.patches] == counts.tolist()
    assert below.get_xlabel() == "probability of the answer"
    check_layout(figure)


def test_empty_bins_have_no_point() -> None:
    figure = dl.plots.reliability_diagram(reliability([0.95, 0.97], [1, 0]))
    assert len(figure.axes[0].lines[1].get_xdata()) == 1
    check_layout(figure)


def test_a_range_test_marks_its_rates() -> None:
    rates = np.geomspace(1e-5, 1.0, 60)
    found = RangeTest(rates, 1 + np.tanh((np.log10(rates) + 2) ** 2 - 2))
    figure = dl.plots.range_test_curve(found)
    points, smoothed, *marks = figure.axes[0].lines
    np.testing.assert_array_equal(np.asarray(points.get_xdata()), rates)
    np.testing.assert_array_equal(np.asarray(points.get_ydata()), found.losses)
    np.testing.assert_allclose(np.asarray(smoothed.get_ydata()), found.smoothed)
    assert [np.asarray(mark.get_xdata())[0] for mark in marks] == pytest.approx(
        [found.steepest, found.proposed, found.lowest]
    )
    assert figure.axes[0].get_xscale() == "log"
    check_layout(figure)
