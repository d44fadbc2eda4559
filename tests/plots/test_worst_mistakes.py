"""The most confident mistakes: which pictures stand where, and what stands above them."""

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.assess import classification_report
from dl.errors import InputError

NAMES = ("T-shirt/top", "trouser", "ankle boot")


def report_of(wrong: int, names: tuple[str, ...] = NAMES, **how):
    """A report with `wrong` mistakes, the surest last."""
    sure = np.linspace(0.5, 0.95, wrong)
    rows = [[p, (1 - p) / 2, (1 - p) / 2] for p in sure]
    return classification_report(rows, [1] * wrong, class_names=names, mistakes=wrong, **how)


def test_pictures_stand_in_the_order_of_their_probabilities() -> None:
    report = report_of(7)
    pictures = [np.full((4, 5, 1), mistake.index, np.uint8) for mistake in report.mistakes]
    figure = dl.plots.mistakes(report, pictures)
    shown = [axes.images[0].get_array()[0, 0] * 255 for axes in figure.axes if axes.images]
    assert shown == pytest.approx([6, 5, 4, 3, 2, 1, 0])
    assert figure.axes[0].get_title() == "trouser\n→ T-shirt/top\n95.0 %"
    check_layout(figure)


def test_colours_stay_and_one_mistake_is_enough() -> None:
    picture = np.zeros((2, 2, 3), np.uint8)
    picture[0, 0] = 255, 0, 51
    figure = dl.plots.mistakes(report_of(1), [picture])
    np.testing.assert_allclose(figure.axes[0].images[0].get_array()[0, 0], [1, 0, 0.2])
    check_layout(figure)


@pytest.mark.parametrize("wrong", [1, 16])
def test_texts_are_a_table(wrong: int) -> None:
    text = "A very long review, of which " + "much " * 40 + "is cut; it costs $5 or $6"
    figure = dl.plots.mistakes(report_of(wrong, example_name=lambda index: text))
    table = figure.axes[0].tables[0]
    words = {place: cell.get_text().get_text() for place, cell in table.get_celld().items()}
    assert words[0, 0] == "example"
    assert words[1, 0].startswith("A very long review")
    assert words[1, 0].endswith("…")
    assert (words[1, 1], words[1, 2]) == ("trouser", "T-shirt/top")
    assert words[1, 3] == ("95.0 %" if wrong > 1 else "50.0 %")
    check_layout(figure)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="no mistake that could be shown"):
        dl.plots.mistakes(classification_report([[0.9, 0.1]], [0]))
    with pytest.raises(InputError, match="1 pictures for 2 mistakes"):
        dl.plots.mistakes(report_of(2), [np.zeros((2, 2, 1))])
