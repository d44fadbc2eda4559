"""IBM model 1: published numbers, a slow reference, and what EM promises."""

from collections import defaultdict

import numpy as np
import pytest

from dl.alignment import align, best_words, fit, log_likelihood
from dl.errors import InputError

DAS, HAUS, BUCH, EIN = range(4)
THE, HOUSE, BOOK, A = range(4)
GERMAN = [np.array(words) for words in ([DAS, HAUS], [DAS, BUCH], [EIN, BUCH])]
ENGLISH = [np.array(words) for words in ([THE, HOUSE], [THE, BOOK], [A, BOOK])]
SIZES = {"source_words": 4, "target_words": 4}


def random_pairs(seed: int, count: int = 12) -> tuple[list[np.ndarray], list[np.ndarray]]:
    generator = np.random.default_rng(seed)
    sides = ([], [])
    for _ in range(count):
        for side in sides:
            side.append(generator.integers(0, 4, generator.integers(1, 6)))
    return sides


def slow_reference(sources, targets, rounds: int, null: bool) -> dict[tuple[int, int], float]:
    """EM word by word, as Brown et al. 1993 write it down; NULL is the source word 4."""
    table: dict[tuple[int, int], float] = defaultdict(lambda: 0.25)
    for _ in range(rounds):
        counts: dict[tuple[int, int], float] = defaultdict(float)
        totals: dict[int, float] = defaultdict(float)
        for source, target in zip(sources, targets, strict=True):
            words = [*([4] if null else []), *source.tolist()]
            for e in target.tolist():
                total = sum(table[f, e] for f in words)
                for f in words:
                    counts[f, e] += table[f, e] / total
                    totals[f] += table[f, e] / total
        table = defaultdict(float, {(f, e): n / totals[f] for (f, e), n in counts.items()})
    return table


@pytest.mark.parametrize(
    ("rounds", "the_das", "house_das", "book_buch", "house_haus"),
    [
        (1, 0.5, 0.25, 0.5, 0.5),
        (2, 0.6364, 0.1818, 0.6364, 0.5714),
        (3, 0.7479, 0.1313, 0.7479, 0.6534),
    ],
)
def test_h6_the_house_and_the_book_of_the_textbook(
    rounds: int, the_das: float, house_das: float, book_buch: float, house_haus: float
) -> None:
    """The rounds of Koehn 2010 (Statistical Machine Translation, figure 4.4), without NULL."""
    model = fit(GERMAN, ENGLISH, **SIZES, rounds=rounds, null=False)
    given, written = np.array([DAS, DAS, BUCH, HAUS]), np.array([THE, HOUSE, BOOK, HOUSE])
    expected = [the_das, house_das, book_buch, house_haus]
    np.testing.assert_allclose(model.probability(given, written), expected, atol=5e-5)


@pytest.mark.parametrize("null", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_every_probability_is_that_of_em_word_by_word(seed: int, null: bool) -> None:
    sources, targets = random_pairs(seed)
    model = fit(sources, targets, **SIZES, rounds=4, null=null)
    reference = slow_reference(sources, targets, 4, null)
    f, e = np.meshgrid(np.arange(5), np.arange(4), indexing="ij")
    expected = [[reference[i, j] for j in range(4)] for i in range(5)]
    np.testing.assert_allclose(model.probability(f, e), expected, atol=1e-12)


@pytest.mark.parametrize("null", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_the_likelihood_never_falls_and_is_that_of_the_pairs(seed: int, null: bool) -> None:
    sources, targets = random_pairs(seed)
    model = fit(sources, targets, **SIZES, rounds=30, null=null)
    assert (np.diff(model.log_likelihoods) > -1e-9).all()
    before = fit(sources, targets, **SIZES, rounds=29, null=null)
    assert log_likelihood(before, sources, targets) == pytest.approx(model.log_likelihoods[-1])


def test_the_probabilities_of_a_word_sum_to_one() -> None:
    model = fit(*random_pairs(5), **SIZES)
    sums = np.bincount(model.sources, weights=model.probabilities)
    np.testing.assert_allclose(sums, 1.0)


def test_words_are_translated_and_aligned_once_they_are_told_apart() -> None:
    model = fit(GERMAN, ENGLISH, **SIZES, rounds=20)
    assert best_words(model).tolist() == [THE, HOUSE, BOOK, A]
    assert align(model, np.array([HAUS, DAS]), np.array([THE, HOUSE])).tolist() == [1, 0]


def test_what_translates_no_word_comes_from_null() -> None:
    sources = [np.array([0]), np.array([1]), np.array([2])]
    targets = [np.array([0, 3]), np.array([1, 3]), np.array([2, 3])]
    model = fit(sources, targets, source_words=3, target_words=4, rounds=20)
    assert align(model, sources[1], targets[1]).tolist() == [0, -1]


def test_a_word_that_was_never_seen_has_no_translation() -> None:
    model = fit(GERMAN[:1], ENGLISH[:1], **SIZES)
    assert best_words(model)[[BUCH, EIN]].tolist() == [-1, -1]
    assert model.probability(np.array(BUCH), np.array(BOOK)) == 0
    assert log_likelihood(model, GERMAN[1:2], ENGLISH[1:2]) == -np.inf


@pytest.mark.parametrize("word", [-1, 4, 5])
def test_a_word_outside_of_the_range_has_no_probability(word: int) -> None:
    """Its code would be that of another pair of words: 4 DAS + 4 is that of HAUS and THE."""
    model = fit(GERMAN, ENGLISH, **SIZES)
    assert model.probability(np.arange(5), np.full(5, word)).tolist() == [0.0] * 5
    assert log_likelihood(model, GERMAN[:1], [np.array([word])]) == -np.inf


def test_wrong_pairs_are_refused() -> None:
    with pytest.raises(InputError, match="3 source and 2 target sentences"):
        fit(GERMAN, ENGLISH[:2], **SIZES)
    with pytest.raises(InputError, match="target sentence 1 is empty: leave the pair out"):
        fit(GERMAN[:2], [ENGLISH[0], np.array([], int)], **SIZES)
    with pytest.raises(InputError, match=r"source words go from 0 to 3; .* from 0 to 2"):
        fit(GERMAN, ENGLISH, source_words=3, target_words=4)
