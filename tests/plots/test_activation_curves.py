"""The curves, and where the ground says that a function saturates (A6)."""

import numpy as np
import pytest
from layout_checks import panels

import dl
from dl.errors import InputError


def test_a6_the_curves_are_the_functions_and_their_slopes() -> None:
    figure = dl.plots.activations(["logistic", "tanh", "elu"], limit=3.0)
    x = np.linspace(-3, 3, 401)
    σ = 1 / (1 + np.exp(-x))
    expected = [
        (σ, σ * (1 - σ)),
        (np.tanh(x), 1 / np.cosh(x) ** 2),
        (np.where(x > 0, x, np.expm1(x)), np.where(x > 0, 1, np.exp(x))),
    ]
    for axes, curves in zip(panels(figure), expected, strict=True):
        for line, curve in zip(axes.lines, curves, strict=True):
            np.testing.assert_allclose(line.get_xdata(), x, atol=1e-6)
            np.testing.assert_allclose(line.get_ydata(), curve, atol=1e-6)
        assert len({line.get_linestyle() for line in axes.lines}) == 2


def test_a6_the_ground_is_shaded_where_the_slope_is_small() -> None:
    figure = dl.plots.activations(["logistic", "relu", "identity"])
    logistic, relu, identity = ([*axes.patches] for axes in panels(figure))
    # σ (1 − σ) = 0.05 for σ = (1 ± √0.8) / 2, that is at ± 2.887.
    edge = np.log((1 + np.sqrt(0.8)) / (1 - np.sqrt(0.8)))
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in logistic]
    np.testing.assert_allclose(spans, [(-5, -edge), (edge, 5)], atol=0.03)
    assert [patch.get_hatch() for patch in (*logistic, *relu)] == [None, None, "///"]
    assert identity == []


def test_all_but_softmax_are_drawn() -> None:
    titles = [axes.get_title() for axes in dl.plots.activations().axes]
    assert len(titles) == 8
    assert "softmax" not in titles
    with pytest.raises(InputError, match="softmax maps a vector"):
        dl.plots.activations(["softmax"])
    with pytest.raises(InputError, match="unknown activation 'rellu'"):
        dl.plots.activations(["rellu"])
