"""Receptive fields as rectangles on a picture (E7)."""

import numpy as np
import pytest
from layout_checks import panels

import dl
from dl.errors import InputError
from dl.inspect.cost.fields import Seen

FIELDS = [Seen("conv1", 10, 6, 5, 5), Seen("conv2", -2, -1, 31, 14)]


def test_e7_each_field_is_a_rectangle_around_its_pixels() -> None:
    (axes,) = panels(dl.plots.receptive_fields(np.zeros((28, 28, 1)), FIELDS))
    named = [patch for patch in axes.patches if patch.get_label()]
    assert [
        (patch.get_label(), *patch.get_xy(), patch.get_width(), patch.get_height())
        for patch in named
    ] == [("conv1: 5 × 5", 5.5, 9.5, 5, 5), ("conv2: 31 × 14", -1.5, -2.5, 14, 31)]
    # What a unit sees of the padding is shown too.
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    assert left <= -1.5 < 27.5 <= right
    assert top <= -2.5 < 28.5 <= bottom


@pytest.mark.parametrize(("shape", "fields"), [((28,), FIELDS), ((2, 8, 8), FIELDS), ((8, 8), [])])
def test_what_is_no_picture_is_refused(shape: tuple, fields: list) -> None:
    with pytest.raises(InputError, match="a picture is"):
        dl.plots.receptive_fields(np.zeros(shape), fields)
