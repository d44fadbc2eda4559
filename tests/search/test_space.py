"""Spaces: the values that positions stand for, and the words that describe them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dl.errors import InputError
from dl.search import Choice, LogUniform, Uniform, Whole, parse_dimension

positions = st.floats(0, 1)
lows = st.floats(-1e6, 1e6)
widths = st.floats(1e-3, 1e6)


@given(lows, widths, positions)
def test_a_value_lies_in_its_range_and_has_its_position(
    low: float, width: float, at: float
) -> None:
    dimension = Uniform(low, low + width)
    value = dimension.at(at)
    assert low <= value <= low + width
    assert dimension.position(value) == pytest.approx(at, abs=1e-6)


@given(st.floats(1e-9, 1e3), st.floats(1.01, 1e9), positions)
def test_d8_a_value_on_a_log_scale_is_a_power(low: float, factor: float, at: float) -> None:
    dimension = LogUniform(low, low * factor)
    powers = math.log10(low) + at * math.log10(factor)
    assert math.log10(dimension.at(at)) == pytest.approx(powers, abs=1e-9)
    assert dimension.position(dimension.at(at)) == pytest.approx(at, abs=1e-6)


def test_d8_logarithms_of_draws_are_uniform_between_minus_6_and_1() -> None:
    """10^U(−6, 1), by SciPy's Kolmogorov-Smirnov test."""
    draws = np.random.default_rng(0).random(2000)
    logs = np.log10([LogUniform(1e-6, 10.0).at(position) for position in draws])
    assert stats.kstest(logs, stats.uniform(-6, 7).cdf).pvalue > 0.05
    # A uniform draw over the same range would nearly never be below 0.01.
    assert np.mean(logs < -2) == pytest.approx(4 / 7, abs=0.03)


@given(st.integers(-50, 50), st.integers(1, 100), positions)
def test_whole_numbers_stay_in_their_range(low: int, width: int, at: float) -> None:
    dimension = Whole(low, low + width)
    value = dimension.at(at)
    assert type(value) is int
    assert low <= value <= low + width
    assert dimension.at(dimension.position(value)) == value


@pytest.mark.parametrize("log", [False, True])
def test_the_ends_of_whole_numbers_are_as_frequent_as_their_scale_says(log: bool) -> None:
    counts = np.bincount([Whole(1, 4, log=log).at(at) for at in np.linspace(0, 1, 10_001)])
    edges = np.array([0.5, 1.5, 2.5, 3.5, 4.5])
    shares = np.diff(np.log(edges) / np.log(9) if log else edges / 4)
    assert counts[1:] / 10_001 == pytest.approx(shares, abs=1e-3)


@given(st.lists(st.integers(), min_size=1, max_size=6, unique=True), positions)
def test_a_choice_gives_one_of_its_values(values: list[int], at: float) -> None:
    dimension = Choice(tuple(values))
    value = dimension.at(at)
    assert dimension.at(dimension.position(value)) == value


def test_grids_hold_both_ends() -> None:
    assert Uniform(0.0, 1.0).grid(5) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert LogUniform(1e-4, 1.0).grid(3) == pytest.approx([1e-4, 1e-2, 1.0])
    assert LogUniform(1e-4, 1.0).grid(1) == pytest.approx([1e-2])
    assert LogUniform(1e-5, 3.0).grid(2) == [1e-5, 3.0]  # 1e-5 * (3 / 1e-5) is more than 3
    assert Uniform(0.3, 0.9).grid(2) == [0.3, 0.9]
    assert Uniform(0.2, 0.9).grid(2) == [0.2, 0.9]
    assert Whole(1, 3).grid(9) == [1, 2, 3]
    assert Whole(16, 256, log=True).grid(5) == [16, 32, 64, 128, 256]


@pytest.mark.parametrize(
    ("words", "kind", "dimension"),
    [
        ("0..0.5", float, Uniform(0.0, 0.5)),
        ("-1 .. 1", float, Uniform(-1.0, 1.0)),
        ("log:1e-4..1", float, LogUniform(1e-4, 1.0)),
        ("16..64", int, Whole(16, 64)),
        ("log:16..256", int, Whole(16, 256, log=True)),
        ("16,32, 64", int, Choice((16, 32, 64))),
        ("0.1,0.2", float, Choice((0.1, 0.2))),
        ("true,no", bool, Choice((True, False))),
        ("sgd,adam,", str, Choice(("sgd", "adam"))),
        ("adam", str, Choice(("adam",))),
    ],
)
def test_words_describe_a_dimension(words: str, kind: type, dimension: object) -> None:
    assert parse_dimension(words, kind) == dimension


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        ("1..0", float, "a range goes from the lower to the higher end, not from 1 to 0"),
        ("1..1", float, "not from 1 to 1"),
        ("log:0..1", float, "a range on a log scale begins above 0, not at 0"),
        ("log:-1..1", float, "begins above 0, not at -1"),
        ("log:0..8", int, "begins above 0, not at 0"),
        ("nan..1", float, "a range has finite ends, not nan and 1"),
        ("log:nan..1", float, "a range has finite ends, not nan and 1"),
        ("0..inf", float, "a range has finite ends, not 0 and inf"),
        ("..1", float, "'' is not a number"),
        ("0..", float, "'' is not a number"),
        ("0..1..2", float, "'1..2' is not a number"),
        ("low..high", float, "'low' is not a number"),
        ("0.5..2", int, "'0.5' is not a whole number"),
        ("1,2.5", int, "'2.5' is not a whole number"),
        ("maybe", bool, "'maybe' is not true or false"),
        ("0..1", bool, "the option takes no numbers: give a,b,c"),
        ("a..b", str, "the option takes no numbers: give a,b,c"),
        ("log:3", float, "'log:3' has no range after log: give log:LOW..HIGH"),
        (",", str, "a choice needs at least one value"),
        ("1,1.0", float, "a choice has each value once: 1.0, 1.0"),
        ("sgd,sgd", str, "a choice has each value once: sgd, sgd"),
    ],
)
def test_wrong_words_are_refused(words: str, kind: type, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_dimension(words, kind)
    assert says in str(caught.value)
