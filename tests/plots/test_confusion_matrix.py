"""Confusion matrices: shares, counts and names beside scikit-learn's."""

import numpy as np
import pytest
from layout_checks import check_layout
from sklearn.metrics import confusion_matrix

import dl
from dl.assess import binary_report, classification_report
from dl.errors import InputError


def report_of(classes: int, examples: int, names: tuple[str, ...] | None = None):
    rng = np.random.default_rng(0)
    scores = rng.random((examples, classes)) ** 3 + 1e-9
    probabilities = scores / scores.sum(1, keepdims=True)
    targets = rng.integers(0, classes, examples)
    report = classification_report(probabilities, targets, class_names=names, name="drawn")
    return report, targets, probabilities.argmax(1)


def test_cells_are_shares_of_each_class_and_tell_the_counts() -> None:
    report, targets, answers = report_of(4, 60, ("cat", "dog", "cow", "hen"))
    figure = dl.plots.confusion(report)
    axes = figure.axes[0]
    expected = confusion_matrix(targets, answers, normalize="true")
    np.testing.assert_allclose(np.asarray(axes.images[0].get_array()), expected)
    counts = confusion_matrix(targets, answers)
    written = {
        tuple(int(place) for place in text.get_position()): int(text.get_text().split("\n")[0])
        for text in axes.texts
    }
    assert written == {
        (column, row): counts[row, column] for row, column in np.argwhere(counts > 0).tolist()
    }
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "cow", "hen"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("answer", "class")
    assert axes.get_title() == f"drawn: {np.mean(targets == answers):.2%} right"
    check_layout(figure)


def test_a_class_without_examples_is_an_empty_row() -> None:
    report = classification_report([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], [0, 1])
    axes = dl.plots.confusion(report).axes[0]
    assert axes.images[0].get_array().tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert len(axes.texts) == 2


@pytest.mark.parametrize("classes", [20, 30, 100])
def test_many_classes_can_be_read(classes: int) -> None:
    names = tuple(f"class number {n}" for n in range(classes))
    figure = dl.plots.confusion(report_of(classes, 4000, names)[0])
    assert bool(figure.axes[0].texts) == (classes <= 20)
    check_layout(figure)


def test_names_with_formulas_and_controls_are_shown_as_they_are() -> None:
    names = ("$5 and $6", "a\x1b[31m\nb")
    figure = dl.plots.confusion(report_of(2, 20, names)[0])
    assert figure.axes[0].get_yticklabels()[0].get_text() == r"\$5 and \$6"
    check_layout(figure)


def test_one_yes_or_no_output_has_a_matrix_and_several_have_none() -> None:
    figure = dl.plots.confusion(binary_report([0.9, 0.8, 0.3], [1, 0, 0], output_names=("rain",)))
    assert figure.axes[0].images[0].get_array().tolist() == [[0.5, 0.5], [0, 1]]
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert labels == ["rain: no", "rain: yes"]
    with pytest.raises(InputError, match="2 yes-or-no outputs"):
        dl.plots.confusion(binary_report([[0.9, 0.8]], [[1, 0]]))
