"""A model's drawing: every box, word and arrow where it was placed."""

import numpy as np
import pytest
from layout_checks import panels

import dl
from dl.errors import InputError
from dl.inspect.cost.drawing import Arrow, Box, Drawing

DRAWING = Drawing(
    (
        Box("input", "input", (8, 8, 1), 0, 20, 0, 168, 44),
        Box("a_layer_with_a_very_long_name", "convolution", (6, 6, 2), 1234, 0, 72, 168, 44),
        Box("+", "join", (6, 6, 2), 0, 60, 144, 56, 22),
    ),
    (
        Arrow(0, 1, ((104, 44), (84, 72))),
        Arrow(0, 2, ((104, 44), (180, 72), (180, 116), (88, 144))),
    ),
    200,
    166,
)


def test_boxes_words_and_arrows_lie_where_the_drawing_says() -> None:
    (axes,) = panels(dl.plots.architecture(DRAWING))
    boxes = [patch.get_bbox().bounds for patch in axes.patches if hasattr(patch, "get_boxstyle")]
    assert boxes == [(20, 0, 168, 44), (0, 72, 168, 44), (60, 144, 56, 22)]
    assert [text.get_text() for text in axes.texts if text.get_text()] == [
        "input\n8×8×1",
        "…r_with_a_very_long_name\n6×6×2 · 1,234 parameters",
        "+",
    ]
    for line, arrow in zip(axes.lines, DRAWING.arrows, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), arrow.points)
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # y grows downwards


def test_a_model_is_drawn_from_its_traced_computation() -> None:
    (axes,) = panels(dl.plots.architecture(dl.models.softmax_regression(3), (4,)))
    words = [text.get_text() for text in axes.texts if text.get_text()]
    assert words == ["input\n4", "output\n3 · 15 parameters"]
    assert len(axes.lines) == 1


def test_a_model_without_the_shape_of_its_inputs_is_refused() -> None:
    with pytest.raises(InputError, match="give the shape of one input"):
        dl.plots.architecture(dl.models.mlp(3))
