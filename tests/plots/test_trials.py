"""Trials of a search: against one option, and across all of them (D8)."""

import math

import numpy as np
import pytest
from layout_checks import panels

import dl
from dl.errors import DivergedError, InputError
from dl.search.trials import Found, Trial

FOUND = Found(
    [
        Trial(0, 0, {"learning_rate": 0.001, "activation": "relu", "units": 10}, -0.5),
        Trial(1, 0, {"learning_rate": 0.1, "activation": "tanh", "units": 30}, -0.9),
        Trial(2, 0, {"learning_rate": 10.0, "activation": "relu", "units": 20}, math.inf),
    ],
    metric="accuracy",
    sign=-1.0,
)


def test_d8_the_metric_against_the_rate_on_a_log_scale() -> None:
    (axes,) = panels(dl.plots.score_by_option(FOUND))
    done, best, lost = axes.lines
    np.testing.assert_allclose(done.get_xydata(), [[0.001, 0.5], [0.1, 0.9]])
    np.testing.assert_allclose(best.get_xydata(), [[0.1, 0.9]])
    np.testing.assert_allclose(lost.get_xdata(), [10])
    assert (axes.get_xscale(), axes.get_xlabel(), axes.get_ylabel()) == (
        "log",
        "learning_rate",
        "accuracy",
    )
    assert dl.plots.score_by_option(FOUND, "units").axes[0].get_xscale() == "linear"


def test_each_trial_crosses_every_axis_at_its_value() -> None:
    (axes,) = panels(dl.plots.parallel_coordinates(FOUND))
    lines = sorted((line.get_ydata().tolist() for line in axes.lines[:3]), key=lambda y: y[0])
    # The rate on a log scale, relu below tanh, units linear, the accuracy where there is one.
    np.testing.assert_allclose(lines[0], [0, 0, 0, 0])
    np.testing.assert_allclose(lines[1], [0.5, 1, 1, 1])
    np.testing.assert_allclose(lines[2], [1, 0, 0.5])
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "learning_rate",
        "activation",
        "units",
        "accuracy",
    ]
    marks = {(round(text.xy[0]), round(text.xy[1], 2)): text.get_text() for text in axes.texts}
    assert marks[0, 0] == "0.001"
    assert marks[0, 0.5] == "0.1"
    assert marks[1, 1] == "tanh"
    assert marks[2, 0.5] == "20"
    assert marks[3, 1] == "0.9"
    widths = {line.get_ydata()[0]: line.get_linewidth() for line in axes.lines[:3]}
    assert max(widths, key=widths.__getitem__) == 0.5


def test_options_that_a_trial_lacks_leave_a_gap() -> None:
    trials = [Trial(0, 0, {"a": 1.0}, 1.0), Trial(1, 0, {"a": 2.0, "b": 3.0}, 2.0)]
    (axes,) = panels(dl.plots.parallel_coordinates(Found(trials)))
    gaps = sum(np.isnan(line.get_ydata()).any() for line in axes.lines[:2])
    assert gaps == 1


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="activation is no number"):
        dl.plots.score_by_option(FOUND, "activation")
    with pytest.raises(InputError, match=r"the search did not vary 'unit'; .*units"):
        dl.plots.score_by_option(FOUND, "unit")
    with pytest.raises(InputError, match="no trial yet"):
        dl.plots.parallel_coordinates(Found([]))
    with pytest.raises(DivergedError):
        dl.plots.parallel_coordinates(Found(FOUND.trials[2:]))
