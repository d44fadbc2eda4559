"""Vocabularies: round trips, places of symbols, what is unknown."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dl.data.text.vocabulary import (
    END,
    UNKNOWN,
    Vocabulary,
    count_symbols,
    make_vocabulary,
    without_last,
)
from dl.data.text.words import words
from dl.errors import InputError

quick = settings(max_examples=50, deadline=None)
texts = st.text(st.characters(codec="utf-8"), max_size=30)  # with no halves of surrogate pairs


@quick
@given(text=texts, documents=st.booleans())
def test_characters_are_decoded_to_the_same_text(text: str, documents: bool) -> None:
    vocabulary = make_vocabulary([text], unit="char", documents=documents)
    assert vocabulary.decode(vocabulary.encode(text, unknown="refuse")) == text
    assert list(vocabulary.symbols) == [*sorted(set(text)), UNKNOWN, *([END] if documents else [])]


@quick
@given(text=texts, other=texts)
def test_bytes_decode_any_text_whatever_the_training_text_was(text: str, other: str) -> None:
    vocabulary = make_vocabulary([other], unit="byte")
    numbers = vocabulary.encode(text, unknown="refuse")
    assert bytes(numbers.tolist()) == text.encode()
    assert vocabulary.decode(numbers) == text
    assert len(vocabulary) == 256


@quick
@given(text=texts)
def test_words_are_decoded_with_single_blanks(text: str) -> None:
    vocabulary = make_vocabulary([text], unit="word")
    decoded = vocabulary.decode(vocabulary.encode(text, unknown="refuse"))
    assert words(decoded) == words(text)
    assert "".join(words(text)) == "".join(text.split())


@quick
@given(text=texts, known=texts, unit=st.sampled_from(["char", "word"]))
def test_symbols_outside_of_the_vocabulary_become_unknown(text: str, known: str, unit: Any) -> None:
    vocabulary = make_vocabulary([known], unit=unit)
    pieces = list(text) if unit == "char" else words(text)
    numbers = vocabulary.encode(text)
    assert numbers.dtype == np.int32
    assert [vocabulary.symbols[number] for number in numbers] == [
        piece if piece in vocabulary.symbols else UNKNOWN for piece in pieces
    ]


def test_refused_symbols_are_named_with_their_place() -> None:
    characters = make_vocabulary(["abc"], unit="char")
    with pytest.raises(InputError, match=r"'x' \(char 3 of the text\)"):
        characters.encode("abxc", unknown="refuse")
    with pytest.raises(InputError, match=r"'dog' \(word 2 of the text\)"):
        make_vocabulary(["a cat"], unit="word").encode("a dog", unknown="refuse")
    with pytest.raises(InputError, match="'x'"):  # there is no number to put in its place
        Vocabulary("char", ("a", "b")).encode("ax")
    with pytest.raises(InputError, match=r"'\\udc80', character 2, has no bytes"):
        make_vocabulary([], unit="byte").encode("a\udc80")


def test_the_most_frequent_symbols_are_kept() -> None:
    assert make_vocabulary(["ccc", "abb"], unit="char", size=2).symbols == ("b", "c", UNKNOWN)
    # Words stand by falling frequency, equals by the alphabet, so that the numbers of the first do
    # not hang on `size`.
    text = "to be or not to be , that"
    assert make_vocabulary([text], unit="word").symbols[:3] == ("be", "to", ",")
    assert make_vocabulary([text], unit="word", size=2).symbols == ("be", "to", UNKNOWN)


def test_a_document_may_spell_the_names_of_the_special_symbols() -> None:
    for unit in ("char", "word"):
        vocabulary = make_vocabulary(["<end> <unknown>"], unit=unit, documents=True)
        numbers = vocabulary.encode("<end> <unknown>")
        assert vocabulary.end not in numbers
        assert vocabulary.symbols.index(UNKNOWN) not in numbers
        assert vocabulary.symbols.count(END) == vocabulary.symbols.count(UNKNOWN) == 1


def test_special_symbols_have_their_own_signs_in_decoded_text() -> None:
    vocabulary = make_vocabulary(["ab"], unit="char", documents=True)
    assert vocabulary.decode([0, vocabulary.end, 2, 1]) == "a\n�b"
    of_bytes = make_vocabulary([], unit="byte", documents=True)
    assert of_bytes.end == 256
    assert of_bytes.decode([104, 256, 0xC3]) == "h\n�", (
        "half a character is shown as one that is unknown"
    )


def test_a_single_stream_has_no_end() -> None:
    with pytest.raises(InputError, match="no end of documents, it is of one stream"):
        _ = make_vocabulary(["ab"], unit="char").end


def test_words_keep_apostrophes_and_decimal_points_inside_and_marks_apart() -> None:
    assert words("Don’t stop—it's 3.5 'late'!") == [
        "Don’t",
        "stop",
        "—",
        "it's",
        "3.5",
        "'",
        "late",
        "'",
        "!",
    ]


@quick
@given(text=texts, count=st.integers(0, 30), unit=st.sampled_from(["char", "byte", "word"]))
def test_without_last_keeps_the_beginning_of_the_text(text: str, count: int, unit: Any) -> None:
    whole = count_symbols(text, unit=unit)
    rest = without_last(text, min(count, whole), unit=unit)
    assert text.startswith(rest)
    missing = whole - count_symbols(rest, unit=unit) - min(count, whole)
    assert 0 <= missing < (4 if unit == "byte" else 1), "a character that is cut into is left out"
