"""Words: the same as ever in English, whole in every script."""

import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from dl.data.text.vocabulary import Vocabulary, make_vocabulary, without_last
from dl.data.text.words import word_starts, words

quick = settings(max_examples=100, deadline=None)
texts = st.text(st.characters(codec="utf-8"), max_size=30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("नमस्ते दुनिया, यह एक पाठ है।", "नमस्ते दुनिया , यह एक पाठ है ।"),
        ("தமிழ் மொழி", "தமிழ் மொழி"),
        ("বাংলা ভাষা", "বাংলা ভাষা"),
        ("שָׁלוֹם עוֹלָם", "שָׁלוֹם עוֹלָם"),
        ("السَّلامُ عليكم", "السَّلامُ عليكم"),
        ("می‌خواهم بروم", "می‌خواهم بروم"),
        ("สวัสดี", "ส วั ส ดี"),
        ("你好世界", "你 好 世 界"),
        ("カタカナ", "カタカナ"),
        (unicodedata.normalize("NFD", "été à Việt"), unicodedata.normalize("NFD", "été à Việt")),
        ("👨‍👩‍👧👍🏽🇩🇪🇫🇷1️⃣", "👨‍👩‍👧 👍🏽 🇩🇪 🇫🇷 1️⃣"),
        ("π≈3.14159, 1,000.50 €", "π ≈ 3.14159 , 1,000.50 €"),
        ("90's rock'n'roll O’Brien", "90's rock'n'roll O’Brien"),
        ("the end.Start U.S. a:b 1;2 12:30", "the end . Start U . S . a : b 1 ; 2 12 : 30"),
        ("CO₂ 20 m² 3½ H₂O", "CO₂ 20 m² 3½ H₂O"),
        ("한국어 문장", "한국어 문장"),
        ("x_1 -3.5%", "x_1 - 3.5 %"),
        ("\u0301a", "\u0301 a"),
    ],
)
def test_words_are_whole_in_every_script(text: str, expected: str) -> None:
    assert words(text) == expected.split()


@quick
@given(text=st.text("aBé_²'’.,;:!?-\"(&* \n", max_size=30))
def test_english_without_numbers_has_the_words_that_it_had(text: str) -> None:
    assert words(text) == words(text, rule="letters")


@quick
@given(text=texts)
@example("a.\u0301b")
@example("1.\u0661 2.x")
@example("'a'b 'c")
def test_no_symbol_is_lost_and_words_stay_words(text: str) -> None:
    found = words(text)
    assert "".join(found) == "".join(text.split())
    assert words(" ".join(found)) == found
    assert [
        text[start:][: len(word)] for start, word in zip(word_starts(text), found, strict=True)
    ] == found


def test_long_pieces_are_read_as_short_ones() -> None:
    assert words("ab,1.5;" * 100) == ["ab", ",", "1.5", ";"] * 100


def test_a_vocabulary_of_before_keeps_its_words() -> None:
    now, before = make_vocabulary(["3.5 km"], unit="word"), Vocabulary("word", ("3", ".", "5"))
    assert now.symbols == ("3.5", "km", "<unknown>")
    assert before.encode("3.5").tolist() == [0, 1, 2]
    assert without_last("It is 3.5 km", 2, unit="word") == "It is "
