"""Reconstructions, codes in the plane, fantasies: beside NumPy's own numbers."""

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.errors import InputError


def test_inputs_reconstructions_and_errors_lie_below_each_other() -> None:
    rng = np.random.default_rng(0)
    pictures, answers = rng.random((2, 6, 4, 4, 1))
    answers[0] += 1.0  # brighter than white
    figure = dl.plots.reconstructions(pictures, answers)
    above, middle, below = (axes.images[0].get_array() for axes in figure.axes)
    np.testing.assert_allclose(above[:, 5:9], pictures[1, ..., 0])
    np.testing.assert_allclose(middle[:, :4], np.ones((4, 4)))
    np.testing.assert_allclose(below[:, 5:9], np.abs(answers[1] - pictures[1])[..., 0])
    means = [f"{np.mean((a - b) ** 2):.3f}" for a, b in zip(answers, pictures, strict=True)]
    labels = figure.axes[2].get_xticklabels()
    assert [label.get_text() for label in labels] == means
    assert [label.get_position()[0] for label in labels] == [1.5, 6.5, 11.5, 16.5, 21.5, 26.5]
    check_layout(figure)


def test_pictures_in_colour_stay_so() -> None:
    pictures = np.random.default_rng(0).random((2, 3, 3, 3))
    drawn = dl.plots.fantasies(pictures).axes[0].images[0].get_array()
    np.testing.assert_allclose(drawn[:3, 4:7, :3], pictures[1])
    assert drawn[:, 3, 3].tolist() == [0, 0, 0]  # what lies between pictures is clear


def test_fantasies_fill_rows() -> None:
    figure = dl.plots.fantasies(np.ones((5, 2, 2, 1)), columns=3)
    assert figure.axes[0].images[0].get_array().shape == (5, 8)
    check_layout(figure)


def test_codes_of_two_numbers_are_drawn_as_they_are() -> None:
    codes, targets = np.arange(8.0).reshape(4, 2), np.array([1, 0, 1, 1])
    figure = dl.plots.code_space(codes, targets, class_names=("cat", "$"))
    first, second = figure.axes[0].collections
    assert first.get_offsets().tolist() == [[2, 3]]
    assert second.get_offsets().tolist() == [[0, 1], [4, 5], [6, 7]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["cat", r"\$"]
    check_layout(figure)


def test_classes_may_be_words() -> None:
    axes = dl.plots.code_space(np.eye(2), ["dog", "cat"]).axes[0]
    drawn = {each.get_label(): each.get_offsets().tolist() for each in axes.collections}
    assert drawn == {"cat": [[0, 1]], "dog": [[1, 0]]}


def test_longer_codes_are_drawn_by_their_principal_components() -> None:
    codes = np.random.default_rng(0).normal(size=(50, 5)) * [1, 5, 1, 3, 1]
    axes = dl.plots.code_space(codes).axes[0]
    centred = codes - codes.mean(0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    drawn = axes.collections[0].get_offsets()
    np.testing.assert_allclose(np.abs(drawn), np.abs(centred @ directions[:2].T), rtol=1e-6)
    share = 100 * sizes[0] ** 2 / np.sum(sizes**2)
    assert axes.get_xlabel() == f"principal component 1 ({share:.0f} % of the variance)"


def test_twenty_classes_differ_in_colour_or_marker() -> None:
    codes, targets = np.random.default_rng(0).random((20, 2)), np.arange(20)
    figure = dl.plots.code_space(codes, targets)
    dots = figure.axes[0].collections
    ways = {
        (tuple(each.get_facecolor()[0]), each.get_paths()[0].vertices.tobytes()) for each in dots
    }
    assert len(ways) == 20
    check_layout(figure)
    many = dl.plots.code_space(np.random.default_rng(0).random((40, 2)), np.arange(40))
    assert len(many.axes[0].collections) == 1


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match=r"pictures are \[2, 2\], reconstructions \[2, 3\]"):
        dl.plots.reconstructions(np.zeros((2, 2)), np.zeros((2, 3)))
    with pytest.raises(InputError, match=r"codes are \[N, F\]"):
        dl.plots.code_space(np.zeros(3))
    with pytest.raises(InputError, match=r"3 codes have a class each, not \[2\]"):
        dl.plots.code_space(np.zeros((3, 2)), [0, 1])
    with pytest.raises(InputError, match=r"not \[0, 2, 2, 1\]"):
        dl.plots.fantasies(np.zeros((0, 2, 2, 1)))
