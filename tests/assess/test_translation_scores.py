"""BLEU and chrF: by hand, with the field's signature, and what is refused."""

import math
import sys

import pytest

from dl.assess import sentence_scores, translation_scores
from dl.errors import InputError


def test_bleu_is_the_formula_by_hand() -> None:
    """1-grams 5/6, 2-grams 3/5, 3-grams 2/4, 4-grams 1/3, with one word of seven missing."""
    scores = translation_scores(["the cat sat on a mat"], ["the cat sat on the old mat"])
    precisions = [5 / 6, 3 / 5, 2 / 4, 1 / 3]
    by_hand = math.exp(1 - 7 / 6) * math.prod(precisions) ** 0.25
    assert scores.bleu == pytest.approx(100 * by_hand)


def test_a_length_without_a_right_gram_counts_as_half_of_one() -> None:
    """1-grams 3/4, 2-grams 1/3, and none of two 3-grams and of one 4-gram."""
    scores = translation_scores(["the cat is here"], ["the cat was here"])
    by_hand = (3 / 4 * 1 / 3 * (1 / 2) / 2 * (1 / 4) / 1) ** 0.25
    assert scores.bleu == pytest.approx(100 * by_hand)


def test_the_same_text_has_all_points_whatever_its_case_and_the_blanks_before_its_marks() -> None:
    scores = translation_scores(["Ein Hund läuft ."], ["ein hund läuft."])
    assert scores.bleu == pytest.approx(100)
    assert translation_scores(["Ein Hund"] * 2, ["ein hund"] * 2).chrf == pytest.approx(100)
    assert translation_scores(["A B C D"], ["a b c d"], lower=False).bleu == 0


def test_signatures_say_how_it_was_measured() -> None:
    signatures = translation_scores(["a"], ["a"]).signatures
    assert signatures["bleu"].startswith("nrefs:1|case:lc|eff:no|tok:13a|smooth:exp|version:")
    assert signatures["chrf"].startswith("nrefs:1|case:lc|eff:yes|nc:6|nw:0|space:no|version:")
    assert "case:mixed" in translation_scores(["a"], ["a"], lower=False).signatures["bleu"]


def test_a_score_for_each_sentence_ranks_them() -> None:
    good, bad = sentence_scores(["a cat sat", "dogs"], ["A cat sat", "the mouse"])
    assert good == pytest.approx(100)
    assert bad < 50


def test_what_cannot_be_scored_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="0 translations and 0 references"):
        translation_scores([], [])
    with pytest.raises(InputError, match="1 translations and 2 references"):
        translation_scores(["a"], ["a", "b"])
    with pytest.raises(InputError, match="1 translations and 2 references"):
        sentence_scores(["a"], ["a", "b"])
    for scores in (translation_scores, sentence_scores):
        with pytest.raises(InputError, match="a text stands in the place of a list"):
            scores("ab", "ab")
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(InputError, match=r"sacrebleu: pip install 'dl-lectures\[translation\]'"):
        translation_scores(["a"], ["a"])
