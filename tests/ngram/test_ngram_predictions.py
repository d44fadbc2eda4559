"""Distributions of the n-gram model sum to one and agree with each other; samples follow them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl import ngram
from dl.errors import InputError

SYMBOLS = 6
TEXT = np.random.default_rng(0).integers(0, 4, 400) * np.random.default_rng(1).integers(0, 2, 400)
MODELS = {order: ngram.fit(TEXT, order=order, symbols=SYMBOLS) for order in (1, 2, 3, 5, 9)}
SEQUENCES = st.lists(st.integers(0, SYMBOLS - 1), max_size=14)


@given(
    st.sampled_from(list(MODELS)),
    SEQUENCES | st.integers(0, 385).map(lambda start: TEXT[start : start + 14].tolist()),
)
@settings(deadline=None)
def test_a_distribution_sums_to_one_and_leaves_nothing_out(order: int, context: list[int]) -> None:
    p = ngram.distribution(MODELS[order], np.array(context, int))
    assert p.shape == (SYMBOLS,)
    assert p.sum() == pytest.approx(1.0, abs=1e-12)
    assert p.min() > 0


@given(st.sampled_from(list(MODELS)), SEQUENCES)
@settings(deadline=None)
def test_log_probabilities_are_those_of_the_distributions(order: int, tokens: list[int]) -> None:
    model, text = MODELS[order], np.array(tokens, int)
    expected = [np.log(ngram.distribution(model, text[:t])[w]) for t, w in enumerate(text)]
    np.testing.assert_allclose(ngram.log_probabilities(model, text), expected, rtol=1e-12)


def test_no_more_than_the_order_is_looked_at() -> None:
    model = MODELS[3]
    far, near = np.array([5, 4, 3, 1, 0]), np.array([1, 0])
    np.testing.assert_array_equal(ngram.distribution(model, far), ngram.distribution(model, near))
    assert not np.array_equal(
        ngram.distribution(model, near), ngram.distribution(model, np.array([0]))
    )


def test_what_was_repeated_is_foreseen() -> None:
    text = np.tile([0, 1, 2, 3, 4, 5, 0, 2, 4], 100)
    nats = -ngram.log_probabilities(ngram.fit(text, order=4, symbols=SYMBOLS), text)
    assert nats[3:].max() < 0.05


def test_the_same_seed_is_the_same_text_and_a_longer_one_goes_on() -> None:
    def draw(seed: int, length: int) -> list[int]:
        return ngram.sample(MODELS[3], np.array([1]), length=length, seed=seed).tolist()

    assert draw(0, 50) == draw(0, 80)[:50]
    assert draw(0, 50) != draw(1, 50)
    assert draw(0, 0) == []


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_symbols_are_drawn_as_often_as_the_temperature_says(temperature: float) -> None:
    drawn = ngram.sample(MODELS[1], np.array([], int), length=4000, temperature=temperature)
    p = ngram.distribution(MODELS[1], np.array([], int)) ** (1 / temperature)
    expected = 4000 * p / p.sum()
    frequencies = np.bincount(drawn, minlength=SYMBOLS)
    assert (np.square(frequencies - expected) / expected).sum() < 20.5, (
        "chi-squared, 5 degrees of freedom, p = 0.001"
    )


def test_what_is_drawn_becomes_the_context() -> None:
    drawn = ngram.sample(MODELS[5], TEXT[:7], length=30, temperature=0.0)
    text = np.concatenate([TEXT[:7], drawn])
    assert drawn.dtype == np.int32
    for t in range(7, len(text)):
        assert text[t] == ngram.distribution(MODELS[5], text[:t]).argmax()


def test_a_text_ends_before_the_symbol_that_stops_it() -> None:
    model = ngram.fit(np.array([0, 1, 2, 1, 0, 1, 2, 0, 1]), order=2, symbols=3)
    whole = ngram.sample(model, np.array([0]), length=50, seed=3)
    first = int(np.flatnonzero(whole == 2)[0])
    assert 0 < first < 49
    assert (
        ngram.sample(model, np.array([0]), length=50, seed=3, stop=2).tolist()
        == whole[:first].tolist()
    )
    assert len(ngram.sample(model, np.array([0]), length=first, seed=3, stop=2)) == first


def test_a_low_temperature_is_finite() -> None:
    greedy, nearly = (
        ngram.sample(MODELS[3], TEXT[:3], length=40, temperature=temperature)
        for temperature in (0.0, 1e-9)
    )
    np.testing.assert_array_equal(nearly, greedy)


def test_an_empty_text_has_no_log_probabilities() -> None:
    assert ngram.log_probabilities(MODELS[2], np.array([])).shape == (0,)


@pytest.mark.parametrize(
    ("prime", "options", "message"),
    [
        (
            [0, 6],
            {},
            "the symbols of a prime are whole numbers from 0 to 5, and 6 stands at position 1",
        ),
        ([0], {"temperature": -1.0}, "temperature is a number from 0 on, not -1.0"),
        ([0], {"temperature": float("nan")}, "temperature is a number from 0 on, not nan"),
        ([0], {"length": -1}, "from 0 on, not -1 and 0"),
        ([0], {"seed": -1}, "from 0 on, not 5 and -1"),
    ],
)
def test_wrong_samples_are_refused(
    prime: list[int], options: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        ngram.sample(MODELS[2], np.array(prime), **{"length": 5, **options})


def test_symbols_that_the_model_does_not_have_are_refused() -> None:
    with pytest.raises(
        InputError, match="tokens are whole numbers from 0 to 5, and 9 stands at position 2"
    ):
        ngram.log_probabilities(MODELS[2], np.array([0, 1, 9]))
    with pytest.raises(
        InputError, match="contexts are whole numbers from 0 to 5, and -2 stands at position 0"
    ):
        ngram.distribution(MODELS[2], np.array([-2]))
