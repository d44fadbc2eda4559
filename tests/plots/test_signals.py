"""Histograms by layer (D4) and norms of gradients by layer (C7)."""

import numpy as np
import pytest
from layout_checks import panels

import dl
from dl.errors import InputError


def test_d4_bars_are_shares_of_the_outputs_by_layer() -> None:
    generator = np.random.default_rng(0)
    outputs = generator.normal(0, 0.5, (2, 40, 5)).astype(np.float32)
    figure = dl.plots.activation_histograms({"mine": outputs, "half": outputs / 2}, bins=8)
    assert len(panels(figure)) == 4
    for number, axes in enumerate(panels(figure)):
        layer = outputs[number % 2] / (1 + number // 2)
        bars = axes.patches[0].get_data()
        counts, edges = np.histogram(layer.clip(-1, 1), 8, (-1, 1))
        np.testing.assert_allclose(bars.values, counts / layer.size, atol=1e-6)
        np.testing.assert_allclose(bars.edges, edges, atol=1e-6)
        assert axes.get_title().endswith(f"σ = {layer.std():.2g}")
    assert [panels(figure)[at].get_ylabel() for at in (0, 2)] == ["mine", "half"]


def test_nets_of_several_depths_are_refused() -> None:
    with pytest.raises(InputError, match="with as many layers each"):
        dl.plots.activation_histograms({"a": np.zeros((2, 3, 4)), "b": np.zeros((3, 3, 4))})
    with pytest.raises(InputError, match="outputs are"):
        dl.plots.activation_histograms({"a": np.zeros((3, 4))})


def test_c7_norms_by_layer_and_zeros_left_out() -> None:
    (axes,) = panels(dl.plots.gradients_by_layer({"a": [0.0, 0.5, 2.0], "b": [1.0, 1.0]}))
    a, b = axes.lines
    np.testing.assert_array_equal(a.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(a.get_ydata(), [np.nan, 0.5, 2.0])
    np.testing.assert_array_equal(b.get_ydata(), [1, 1])
    assert axes.get_yscale() == "log"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert a.get_linestyle() != b.get_linestyle()
