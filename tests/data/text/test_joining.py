"""Sentences of words and marks: blanks stand where people write them."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dl.data.text.joining import join_words
from dl.data.text.words import words

SENTENCES = [
    "Two young, White males are outside near many bushes.",
    'He said: "Don\'t (ever) stop!", and left...',
    "Ein T-Shirt, „schön“ und grün-gelb; was kostet's?",
    "Zwei- und vierbeinige Nachbarn, 3.5 km entfernt",
    "The boys' ball costs $5, or 10%?",
    "¿Qué? ¡No! «Sí» [1]",
    "At 10:30 it’s 3:1, see chapter 2: the ‘quoted’ word of the boys’ ball",
    "Er sagte: ‚gut‘ und „schön“ um 8:15 Uhr",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentences_come_back_from_their_words(sentence: str) -> None:
    assert join_words(words(sentence)) == sentence


def test_a_dash_between_blanks_cannot_be_told_from_a_hyphen() -> None:
    assert join_words(words("left - gone")) == "left-gone"


@given(text=st.text(st.sampled_from("ab .,-'\"()“„é"), max_size=30))
def test_no_sign_is_lost_or_added(text: str) -> None:
    assert join_words(words(text)).replace(" ", "") == text.replace(" ", "")


def test_nothing_has_no_blank() -> None:
    assert join_words([]) == ""
    assert join_words(["a"]) == "a"
