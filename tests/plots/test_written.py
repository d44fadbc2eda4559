"""Alignments of sentences and attention in pictures: the weights, where they lie, their names."""

import numpy as np
import pytest
from layout_checks import check_layout

import dl
from dl.errors import InputError
from dl.runs.caption import Caption
from dl.runs.translate import Translation

WEIGHTS = np.array([[0.7, 0.2, 0.1], [0.05, 0.9, 0.05], [0.0, 0.0, 1.0], [0.3, 0.3, 0.4]])
READ, WRITTEN = ("ein", "Hund", "<end>"), ("a", "$dog", "runs", "<end>")


def test_a_row_of_an_alignment_is_a_written_symbol() -> None:
    figure = dl.plots.alignment(WEIGHTS, source=READ, written=WRITTEN)
    axes, bar = figure.axes
    np.testing.assert_array_equal(axes.images[0].get_array(), WEIGHTS)
    assert axes.images[0].get_clim() == (0, 1)
    assert [label.get_text() for label in axes.get_xticklabels()] == list(READ)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", r"\$dog", *WRITTEN[2:]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("read", "written")
    assert bar.get_ylabel() == "attention weight"
    check_layout(figure)


def test_a_translation_brings_its_sentences() -> None:
    translation = Translation("a dog runs", -0.5, WRITTEN, READ, WEIGHTS)
    axes = dl.plots.alignment(translation).axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array(), WEIGHTS)
    assert [label.get_text() for label in axes.get_xticklabels()] == list(READ)
    with pytest.raises(InputError, match="leave source and written out"):
        dl.plots.alignment(translation, source=READ)


def test_very_long_sentences_have_no_names() -> None:
    long = [f"w{number}" for number in range(61)]
    axes = dl.plots.alignment(np.full((1, 61), 1 / 61), source=long, written=["a"]).axes[0]
    assert len(axes.get_xticks()) == 0
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a"]


def test_an_alignment_without_attention_is_refused() -> None:
    blind = Translation("a", -0.5, ("a",), ("ein", "<end>"), np.zeros((1, 0)))
    with pytest.raises(InputError, match=r"\[1, 0\] are no alignment of 1 written and 2 read"):
        dl.plots.alignment(blind)


def test_each_word_lies_over_the_places_it_was_looked_for_at() -> None:
    """Place (p, q) of a 2 × 3 map covers a half and a third of the sides of the picture."""
    picture = np.full((8, 12, 1), 255, np.uint8)
    maps = np.zeros((2, 2, 3))
    maps[0, 1, 2], maps[0, 0, 0], maps[1, 0, 1] = 0.8, 0.2, 1.0
    figure = dl.plots.caption_attention(picture, Caption("a dog", -1.0, ("a", "dog"), maps))
    whole, first, second = figure.axes[:3]
    assert [axes.get_title() for axes in (whole, first, second)] == ["", "a", "dog"]
    assert whole.images[0].get_array().max() == 1.0
    dimmed, shown = first.images
    assert dimmed.get_array().max() == pytest.approx(0.6)
    np.testing.assert_allclose(np.asarray(shown.get_array()), [[0.25, 0, 0], [0, 0, 1]])
    np.testing.assert_allclose(np.asarray(second.images[1].get_array()), [[0, 1, 0], [0, 0, 0]])
    left, right, bottom, top = shown.get_extent()
    assert ((right - left) / 3, (bottom - top) / 2) == (4, 4)
    assert (left, top) == (-0.5, -0.5)
    check_layout(figure)


def test_words_and_attention_belong_together() -> None:
    picture = np.zeros((4, 4, 1))
    for attention in (np.ones((3, 2, 2)), np.ones((2, 0, 0)), None):
        with pytest.raises(InputError, match="is none of 2 words"):
            dl.plots.caption_attention(picture, ["a", "dog"], attention)
    with pytest.raises(InputError, match="leave attention out"):
        dl.plots.caption_attention(
            picture, Caption("a", 0.0, ("a",), np.ones((1, 2, 2))), np.ones((1, 2, 2))
        )
