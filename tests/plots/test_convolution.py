"""Windows, products and sums of the lecture's convolution, as they are drawn (E3)."""

import numpy as np
import pytest
from layout_checks import panels

import dl
from dl.errors import InputError
from dl.lessons.convolution import EXAMPLE, EXAMPLE_KERNEL, convolve_step_by_step

STEPS = convolve_step_by_step(EXAMPLE, EXAMPLE_KERNEL)
OUTPUT = [4, 3, 4, 2, 4, 3, 2, 3, 4]


def outlines(axes) -> list[tuple[float, ...]]:
    """Left, top, width and height of the frames on an axes, in pixels of the picture."""
    return [(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in axes.patches]


def test_e3_one_step_shows_window_products_and_output_so_far() -> None:
    figure = dl.plots.convolution_step(STEPS, 5)  # second row, third column
    picture, products, output = panels(figure)
    assert outlines(picture) == [(1.5, 0.5, 3, 3)]
    assert [text.get_text() for text in picture.texts] == [str(x) for x in EXAMPLE.flat]
    window = EXAMPLE[1:4, 2:5]
    assert [text.get_text() for text in products.texts] == [
        f"{x} · {k}" for x, k in zip(window.flat, EXAMPLE_KERNEL.flat, strict=True)
    ]
    assert [text.get_text() for text in output.texts] == ["4", "3", "4", "2", "4", "3"]
    assert output.get_title() == "output so far; sum = 3"
    assert outlines(output) == [(1.5, 0.5, 1, 1)]


def test_e3_all_steps_lie_as_the_output_does() -> None:
    figure = dl.plots.convolution_steps(STEPS)
    assert [axes.get_title() for axes in panels(figure)] == [f"sum = {total}" for total in OUTPUT]
    assert [outlines(axes)[0][:2] for axes in panels(figure)] == [
        (column - 0.5, row - 0.5) for row in range(3) for column in range(3)
    ]
    weights = [text.get_text() for text in panels(figure)[4].texts if "×" in text.get_text()]
    assert weights == [f"×{weight}" for weight in EXAMPLE_KERNEL.flat]


def test_e3_frames_fill_the_output_one_by_one() -> None:
    frames = dl.plots.convolution_frames(STEPS)
    assert [len(panels(frame)[2].texts) for frame in frames] == list(range(1, 10))


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="step 9 of a convolution with steps 0 to 8"):
        dl.plots.convolution_step(STEPS, 9)
    many = STEPS._replace(output=np.zeros((8, 8)))
    with pytest.raises(InputError, match="8 × 8 steps do not fit"):
        dl.plots.convolution_steps(many)
