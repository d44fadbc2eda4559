"""Subwords: the same each time, silent, saved with the vocabulary, and what is refused."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dl.data.text.subwords import has_pieces, open_subwords, train_subwords
from dl.data.text.vocabulary import END, UNKNOWN, Vocabulary, make_vocabulary
from dl.errors import InputError

TEXTS = ["der große hund läuft", "die große katze läuft", "ein hund und eine katze"] * 4


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return make_vocabulary(TEXTS, unit="subword", size=40, documents=True)


def test_training_is_the_same_each_time_silent_and_leaves_no_files(
    vocabulary: Vocabulary, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert make_vocabulary(TEXTS, unit="subword", size=40, documents=True) == vocabulary
    finally:
        os.chdir(before)
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


def test_frequent_words_are_whole_and_others_fall_into_pieces(vocabulary: Vocabulary) -> None:
    assert vocabulary.symbols[:2] == (UNKNOWN, END)
    assert len(vocabulary) == 40
    assert vocabulary.split("ein hunde") == ["▁ein", "▁hund", "e"]


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.text(sorted(set("".join(TEXTS)) - {" "}), min_size=1), max_size=5))
def test_any_text_of_known_characters_is_decoded_to_itself(
    vocabulary: Vocabulary, words: list[str]
) -> None:
    text = " ".join(words)
    numbers = vocabulary.encode(text, unknown="refuse")
    assert numbers.dtype == np.int32
    assert vocabulary.decode(numbers) == text
    assert vocabulary.sentence([*numbers, vocabulary.end, 5]) == text
    assert vocabulary.join(vocabulary.split(text)) == text


def test_half_of_a_surrogate_pair_is_refused(vocabulary: Vocabulary) -> None:
    for read in (vocabulary.encode, vocabulary.split):
        with pytest.raises(InputError, match=r"'\\ud83d', character 5, has no bytes"):
            read("hund\ud83d")


def test_unknown_characters_and_the_text_of_an_end(vocabulary: Vocabulary) -> None:
    numbers = vocabulary.encode("hund漢 " + END)
    assert vocabulary.symbols.index(UNKNOWN) in numbers
    assert vocabulary.end not in numbers
    with pytest.raises(
        InputError, match=r"'漢' \(subword 2 of the text\) is not in the vocabulary"
    ):
        vocabulary.encode("hund漢", unknown="refuse")


def test_a_vocabulary_is_whole_in_a_file(vocabulary: Vocabulary) -> None:
    stored = json.loads(json.dumps(asdict(vocabulary)))
    again = Vocabulary(**{**stored, "symbols": tuple(stored["symbols"])})
    assert again == vocabulary
    assert again.encode("große katze").tolist() == vocabulary.encode("große katze").tolist()
    assert has_pieces(again.model, again.symbols)
    assert not has_pieces(again.model, again.symbols[:-1])


def test_lower_case_and_vocabularies_without_an_end() -> None:
    lower = make_vocabulary(["Der Hund", "der hund"], unit="subword", size=20, lower=True)
    assert lower.encode("DER").tolist() == lower.encode("der").tolist()
    assert END not in lower.symbols
    with pytest.raises(InputError, match="no end of documents"):
        lower.end  # noqa: B018


def test_there_are_fewer_pieces_where_the_texts_have_no_more() -> None:
    assert len(make_vocabulary(["ab", "ab"], unit="subword")) < 10


@pytest.mark.parametrize(
    ("texts", "size", "refusal"),
    [
        (["abcdefghij"], 5, r"vocabulary_size is 5; it must be at least 12, the characters"),
        (["  ", ""], 0, "the texts have no characters but blanks"),
    ],
)
def test_what_makes_no_subwords_is_refused(texts: list[str], size: int, refusal: str) -> None:
    with pytest.raises(InputError, match=refusal):
        train_subwords(texts, size=size, unknown=UNKNOWN)


@pytest.mark.parametrize("model", ["", "no base64!", "AAAA", "eJwDAAAAAAE="])
def test_a_damaged_model_is_named(model: str) -> None:
    with pytest.raises(InputError, match="the model of the subwords is damaged"):
        open_subwords(model)


def test_the_package_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(
        InputError, match=r"sentencepiece: pip install 'dl-lectures\[translation\]'"
    ):
        train_subwords(TEXTS, unknown=UNKNOWN)
