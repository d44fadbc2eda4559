"""The n-gram model against Kneser-Ney smoothing written out slowly from its definition, and against
numbers by hand.
"""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dl import ngram
from dl.errors import InputError

ABRACADABRA = np.array([0, 1, 4, 0, 2, 0, 3, 0, 1, 4, 0])
Gram = tuple[int, ...]


class SlowKneserNey:
    """p(w | c) by recursion over dictionaries, straight from Chen & Goodman 1999."""

    def __init__(self, text: list[int], order: int, symbols: int) -> None:
        self.order, self.symbols = order, symbols
        self.counts: dict[int, dict[Gram, int]] = {}
        for n in range(1, order + 1):
            grams = [(i, tuple(text[i : i + n])) for i in range(len(text) - n + 1)]
            if n == order:
                self.counts[n] = Counter(gram for _, gram in grams)
            else:
                before = {(gram, text[i - 1] if i else "start") for i, gram in grams}
                self.counts[n] = Counter(gram for gram, _ in before)

    def discount(self, n: int, count: int) -> float:
        n1, n2, n3, n4 = (sum(c == k for c in self.counts[n].values()) for k in (1, 2, 3, 4))
        if min(n1, n2, n3, n4) > 0:
            y = n1 / (n1 + 2 * n2)
            estimates = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
            if min(estimates) > 0:
                return estimates[min(count, 3) - 1]
        return (0.5, 1.0, 1.5)[min(count, 3) - 1]

    def p(self, w: int, context: Gram) -> float:
        context = context[max(0, len(context) - self.order + 1) :]
        n = len(context) + 1
        shorter = self.p(w, context[1:]) if context else 1 / self.symbols
        followers = {
            gram[-1]: count for gram, count in self.counts[n].items() if gram[:-1] == context
        }
        if not followers:
            return shorter
        total = sum(followers.values())
        left = sum(self.discount(n, count) for count in followers.values())
        own = followers[w] - self.discount(n, followers[w]) if w in followers else 0.0
        return (own + left * shorter) / total


def random_text(seed: int, length: int, symbols: int) -> list[int]:
    """Symbols of which some are rare and some follow each other, so that every count of counts is
    met.
    """
    generator = np.random.default_rng(seed)
    weights = generator.dirichlet(np.full(symbols, 0.4), size=symbols)
    text = [0]
    for _ in range(length - 1):
        text.append(int(generator.choice(symbols, p=weights[text[-1]])))
    return text


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    length=st.integers(6, 300),
    symbols=st.integers(1, 12),
    order=st.integers(1, 6),
)
@example(seed=0, length=6, symbols=3, order=6)
@example(seed=1, length=300, symbols=12, order=4)
def test_equals_the_definition(seed: int, length: int, symbols: int, order: int) -> None:
    text, other = random_text(seed, length, symbols), random_text(seed + 1, 40, symbols)
    model, slow = (
        ngram.fit(np.array(text), order=order, symbols=symbols),
        SlowKneserNey(text, order, symbols),
    )
    for tokens in (text[:40], other):
        expected = [math.log(slow.p(w, tuple(tokens[:t]))) for t, w in enumerate(tokens)]
        np.testing.assert_allclose(
            ngram.log_probabilities(model, np.array(tokens)), expected, rtol=1e-9, atol=1e-12
        )


def test_the_random_texts_meet_estimated_discounts_and_the_fallback() -> None:
    slow = SlowKneserNey(random_text(1, 300, 12), 4, 12)
    assert {slow.discount(n, 1) == 0.5 for n in range(1, 5)} == {True, False}


def test_bigrams_by_hand() -> None:
    """0 stands after the start and 1, 1 after 0; the fallback takes 1 from a count of 2 and ½ from
    one of 1.
    """
    model = ngram.fit(np.array([0, 1, 0, 1, 0]), order=2, symbols=3)
    unigrams = [(2 - 1 + 1.5 / 3) / 3, (1 - 0.5 + 1.5 / 3) / 3, 1.5 / 3 / 3]
    after_0 = [unigrams[0] / 2, (2 - 1 + unigrams[1]) / 2, unigrams[2] / 2]
    np.testing.assert_allclose(ngram.distribution(model, np.array([])), unigrams)
    np.testing.assert_allclose(ngram.distribution(model, np.array([0])), after_0)
    np.testing.assert_allclose(ngram.distribution(model, np.array([2])), unigrams)


def test_what_is_frequent_after_one_symbol_alone_is_not_expected_after_others() -> None:
    """San Francisco (Kneser & Ney 1995): 2, Francisco, is frequent, but only follows 1, San."""
    text = np.array([1, 2] * 21 + [3, 0, 4, 0, 5, 0])
    after_unseen = ngram.distribution(ngram.fit(text, order=2, symbols=7), np.array([6]))
    assert np.bincount(text)[2] == 7 * np.bincount(text)[0]
    assert after_unseen[0] > 1.5 * after_unseen[2]


def test_discounts_are_those_of_the_paper() -> None:
    counts = np.repeat([1, 2, 3, 4, 5, 90], [50, 20, 12, 6, 4, 1])
    y = 50 / (50 + 2 * 20)
    expected = [0.0, 1 - 2 * y * 20 / 50, 2 - 3 * y * 12 / 20, 3 - 4 * y * 6 / 12]
    np.testing.assert_allclose(ngram.discounts(counts), expected)


@pytest.mark.parametrize(
    "counts",
    [[], [7, 9], [1, 2, 3], [1, 2, 3] + [4] * 9],
    ids=["none", "none rare", "no 4", "negative"],
)
def test_discounts_without_an_estimate_leave_something_for_the_unseen(counts: list[int]) -> None:
    assert ngram.discounts(np.array(counts, int)).tolist() == [0.0, 0.5, 1.0, 1.5]


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_any_whole_numbers_are_symbols(dtype: type) -> None:
    expected = ngram.fit(ABRACADABRA, order=3, symbols=5)
    got = ngram.fit(ABRACADABRA.astype(dtype), order=3, symbols=5)
    np.testing.assert_equal(got, expected)


def test_every_distinct_ngram_is_counted_once() -> None:
    model = ngram.fit(ABRACADABRA, order=4, symbols=5)
    for n, level in enumerate(model.levels, 1):
        assert len(level.codes) == len(
            {tuple(ABRACADABRA[i : i + n]) for i in range(len(ABRACADABRA) - n + 1)}
        )
        assert (np.diff(level.codes) > 0).all()
    assert model.order == 4


def test_symbols_of_a_large_range_do_not_overflow() -> None:
    """Ten symbols of 16 bits make no number of 64 bits; the ids of contexts do."""
    text = random_text(3, 200, 5)
    wide = ngram.fit(np.array(text) * 13_000, order=10, symbols=2**16)
    slow = SlowKneserNey([13_000 * w for w in text], 10, 2**16)
    expected = [
        math.log(slow.p(13_000 * w, tuple(13_000 * c for c in text[:t])))
        for t, w in enumerate(text[:50])
    ]
    np.testing.assert_allclose(
        ngram.log_probabilities(wide, np.array(text[:50]) * 13_000), expected, rtol=1e-9
    )


@pytest.mark.parametrize(
    ("tokens", "options", "message"),
    [
        ([0, 1], {"order": 0}, "order is a whole number from 1 on, not 0"),
        ([0, 1], {"order": 1.5}, "order is a whole number from 1 on, not 1.5"),
        ([], {"symbols": 0}, "symbols is a whole number from 1 on, not 0"),
        ([0, 1], {"order": 3}, "a text of 2 symbols has no 3-grams"),
        ([], {"order": 1}, "a text of 0 symbols has no 1-grams"),
        ([0, 1, 5, 7], {}, "from 0 to 4, and 5 stands at position 2"),
        ([0, -1, 2], {}, "from 0 to 4, and -1 stands at position 1"),
        ([0.0, 1.0], {}, "not float64 of shape"),
        ([True, False], {}, "not bool of shape"),
        ([[0, 1]], {}, r"not int64 of shape \(1, 2\)"),
    ],
)
def test_wrong_input_is_refused(tokens: list[int], options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        ngram.fit(np.array(tokens), **{"order": 2, "symbols": 5, **options})
    assert "\n" not in str(refused.value)


def read_shakespeare(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """The text's training part, and its validation and test parts joined, as symbols."""
    tfds = pytest.importorskip("tensorflow_datasets")
    if not (folder / "tiny_shakespeare").is_dir():
        pytest.skip(f"no tiny_shakespeare in {folder}")
    splits = ("train", "validation", "test")
    texts = [
        tfds.data_source("tiny_shakespeare", split=split, data_dir=folder)[0]["text"]
        for split in splits
    ]
    table, symbols = np.unique(np.frombuffer(b"".join(texts), np.uint8), return_inverse=True)
    assert len(table) == 65
    return symbols[: len(texts[0])], symbols[len(texts[0]) :]


@pytest.mark.slow
def test_a_longer_context_helps_on_real_text_up_to_a_point(shared_data: Path) -> None:
    train, held_out = read_shakespeare(shared_data / "tfds")
    assert (len(train), len(held_out)) == (1_003_854, 111_540)
    models = {order: ngram.fit(train, order=order, symbols=65) for order in (4, 7, 10)}
    nats = {
        order: -ngram.log_probabilities(model, held_out).mean() for order, model in models.items()
    }
    assert nats == pytest.approx({4: 1.7190, 7: 1.5165, 10: 1.5225}, abs=1e-4)
