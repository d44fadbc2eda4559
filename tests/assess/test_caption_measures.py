"""BLEU against sacrebleu, CIDEr-D against a second computation and by hand."""

import itertools
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dl.assess import bleu, cider
from dl.errors import InputError

quick = settings(max_examples=60, deadline=None)
text = st.lists(st.sampled_from(["a", "b", "c", "d", "the"]), min_size=1, max_size=9).map(" ".join)
corpora = st.lists(st.tuples(text, st.lists(text, min_size=1, max_size=3)), min_size=1, max_size=5)


@quick
@given(corpora)
def test_bleu_is_that_of_sacrebleu(corpus: list[tuple[str, list[str]]]) -> None:
    sacrebleu = pytest.importorskip("sacrebleu")
    texts = [one for one, _ in corpus]
    references = [own for _, own in corpus]
    most = max(map(len, references))
    streams = [[own[n] if n < len(own) else None for own in references] for n in range(most)]
    expected = sacrebleu.corpus_bleu(
        texts, streams, tokenize="none", smooth_method="none", force=True
    )
    assert bleu(texts, references) == pytest.approx(expected.score, abs=1e-6)


def test_bleu_by_hand() -> None:
    """p = 6/6, 5/5, 3/4, 1/3 and as many words as the closest reference."""
    references = [["a cat sat on the mat", "a cat on a mat"]]
    assert bleu(["a cat sat on a mat"], references) == pytest.approx(100 * (3 / 4 / 3) ** 0.25)
    assert bleu(["dogs"], [["cats"]]) == 0.0
    assert bleu(["the"], [["the cat"]], longest_gram=1) == pytest.approx(100 * math.exp(1 - 2))


def grams(text: str, n: int) -> list[tuple[str, ...]]:
    words = text.split()
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def dense(text: str, every: list[tuple[str, ...]]) -> np.ndarray:
    """How often each of these n-grams of one length occurs."""
    return np.array([grams(text, len(every[0])).count(gram) for gram in every], float)


def plain_cider(texts: list[str], references: list[list[str]]) -> float:
    """CIDEr-D with dense vectors over all n-grams, one length after the other."""
    scores = np.zeros(len(texts))
    said = [*texts, *itertools.chain(*references)]
    for n in range(1, 5):
        every = sorted({gram for one in said for gram in grams(one, n)})
        if not every:
            continue
        found = sum(np.max([dense(one, every) > 0 for one in own], axis=0) for own in references)
        weight = np.log(len(texts) / np.maximum(1, found))
        for number, (one, own) in enumerate(zip(texts, references, strict=True)):
            for reference in own:
                g, h = dense(one, every) * weight, dense(reference, every) * weight
                norm = np.linalg.norm(g) * np.linalg.norm(h)
                apart = len(one.split()) - len(reference.split())
                alike = np.minimum(g, h) @ h / norm if norm else 0.0
                scores[number] += alike * math.exp(-(apart**2) / 72) / len(own) / 4 * 10
    return float(scores.mean())


@quick
@given(corpora)
def test_cider_is_that_of_a_second_computation(corpus: list[tuple[str, list[str]]]) -> None:
    texts, references = [one for one, _ in corpus], [own for _, own in corpus]
    assert cider(texts, references) == pytest.approx(plain_cider(texts, references), abs=1e-9)


def test_cider_by_hand() -> None:
    """ "a" is in both examples and tells nothing; "cat" and "a cat" match, the longer do not exist.

    The second text has one word of two: g = (log 2) for "red", against (log 2, log 2) of the
    reference, so a cosine of 1/√2, and one word less.
    """
    references = [["a cat"], ["red a dog"]]
    assert cider(["a cat", "red a dog"], references) == pytest.approx((5.0 + 7.5) / 2)
    second = (1 / math.sqrt(2)) / 4 * math.exp(-4 / 72) * 10
    assert cider(["a cat", "red"], references) == pytest.approx((5.0 + second) / 2)
    assert cider(["a"], [["a"]]) == 0.0


@pytest.mark.parametrize("measure", [bleu, cider])
def test_texts_and_references_come_in_pairs(measure) -> None:
    with pytest.raises(InputError, match="1 texts but references for 2"):
        measure(["a"], [["a"], ["b"]])
    with pytest.raises(InputError, match="0 texts"):
        measure([], [])
    with pytest.raises(InputError, match="has no reference"):
        measure(["a"], [[]])


@pytest.mark.parametrize("measure", [bleu, cider])
@pytest.mark.parametrize(
    ("texts", "references"), [(["a cat"], ["a cat"]), ("a cat", [["a cat"]] * 5)]
)
def test_a_text_in_the_place_of_a_list_is_refused(measure, texts, references) -> None:
    """It would be read as a list of letters, and have a score."""
    with pytest.raises(InputError, match=r'references for each text, such as \["a cat"\]'):
        measure(texts, references)


def test_grams_have_a_word_at_least() -> None:
    with pytest.raises(InputError, match="longest_gram is 0; it must be at least 1"):
        bleu(["a"], [["a"]], longest_gram=0)
