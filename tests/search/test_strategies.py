"""Strategies: pure functions from the trials so far to the next candidates."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dl.errors import DivergedError, InputError
from dl.search import (
    Candidate,
    Choice,
    CoarseToFine,
    Found,
    GridSearch,
    Halving,
    LogUniform,
    RandomSearch,
    Trial,
    Uniform,
    minimise,
)
from dl.search.strategies import spread_hypercube

SPACE = {
    "learning_rate": LogUniform(1e-6, 10.0),
    "momentum": Uniform(0.0, 0.9),
    "optimizer": Choice(("sgd", "adam")),
}


def trial(number: int, score: float, *, round: int = 0, epochs: int = 0, **values: Any) -> Trial:
    return Trial(number, round, values, score, epochs)


def some(count: int, *, round: int = 0) -> list[Trial]:
    """Trials of SPACE, of which the third is the best."""
    values = {"learning_rate": 1e-3, "momentum": 0.5, "optimizer": "adam"}
    return [
        trial(n, abs(n - 2), round=round, **{**values, "learning_rate": 10.0 ** (n - 5)})
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("trials", "expected"), [(1, 1), (2, 2), (7, 2), (8, 8), (17, 8), (18, 18)]
)
def test_a_grid_has_as_many_values_in_each_range_as_the_budget_allows(
    trials: int, expected: int
) -> None:
    space = SPACE if trials > 1 else {"momentum": SPACE["momentum"]}
    drawn = GridSearch(trials).draw(space, 0, [])
    assert GridSearch(trials).rounds(space) == [len(drawn)] == [expected]
    assert len({tuple(each.values.items()) for each in drawn}) == expected


def test_a_grid_has_every_combination() -> None:
    space = {"a": Uniform(0.0, 1.0), "b": Choice((1, 2, 3))}
    drawn = [(each["a"], each["b"]) for each in GridSearch(6).draw(space, 0, [])]
    assert drawn == [(0.0, 1), (0.0, 2), (0.0, 3), (1.0, 1), (1.0, 2), (1.0, 3)]


def test_a_grid_needs_a_trial_for_every_choice() -> None:
    with pytest.raises(InputError, match="2 trials are too few for a grid of 3 combinations"):
        GridSearch(2).draw({"b": Choice((1, 2, 3))}, 0, [])


def test_d8_random_draws_are_10_to_a_uniform_power() -> None:
    drawn = RandomSearch(2000, seed=3).draw(SPACE, 0, [])
    logs = np.log10([each["learning_rate"] for each in drawn])
    assert stats.kstest(logs, stats.uniform(-6, 7).cdf).pvalue > 0.05
    assert np.mean([each["optimizer"] == "adam" for each in drawn]) == pytest.approx(0.5, abs=0.04)
    momenta = [each["momentum"] for each in drawn]
    assert abs(stats.pearsonr(logs, momenta).statistic) < 0.06


@pytest.mark.parametrize("kind", [RandomSearch, CoarseToFine])
def test_draws_follow_from_seed_and_round_alone(kind: type) -> None:
    draw = lambda seed, number: kind(9, seed=seed).draw(SPACE, number, some(3))[:3]  # noqa: E731
    assert draw(1, 0) == draw(1, 0)
    assert draw(1, 0) != draw(2, 0)
    assert kind is RandomSearch or draw(1, 1) != draw(1, 2)


@given(st.integers(0, 2**31 - 1), st.integers(0, 5), st.integers(1, 20), st.integers(1, 4))
def test_each_slice_of_a_latin_hypercube_has_one_draw(
    seed: int, number: int, count: int, dimensions: int
) -> None:
    drawn = spread_hypercube(seed, number, count, dimensions)
    slices = np.sort(np.floor(drawn * count).astype(int), axis=0)
    assert (slices == np.arange(count)[:, np.newaxis]).all()


@given(st.integers(0, 2**31 - 1), st.integers(0, 2), st.integers(1, 5))
def test_fine_stages_stay_in_a_box_around_the_best(seed: int, best: int, number: int) -> None:
    strategy = CoarseToFine(12, stages=6, seed=seed)
    before = some(3)
    before[best] = trial(best, -1.0, **before[best].values)
    for each in strategy.draw(SPACE, number, before):
        for name in ("learning_rate", "momentum"):
            dimension = SPACE[name]
            centre = dimension.position(before[best].values[name])
            at = dimension.position(each[name])
            assert -1e-9 <= at <= 1 + 1e-9
            assert abs(at - centre) <= 0.6**number + 1e-9


def test_fine_stages_mostly_keep_the_choice_of_the_best() -> None:
    before = some(3)
    drawn = CoarseToFine(300, stages=3).draw(SPACE, 2, before)
    # 0.6² of them choose anew, half of these the other.
    assert sum(each["optimizer"] == "sgd" for each in drawn) == pytest.approx(100 * 0.18, abs=3)


def test_a_diverged_trial_is_no_centre_of_a_finer_stage() -> None:
    first = CoarseToFine(9).draw(SPACE, 0, [])
    diverged = [trial(n, math.inf, **each.values) for n, each in enumerate(first)]
    assert CoarseToFine(9).draw(SPACE, 1, diverged) == CoarseToFine(9).draw(SPACE, 1, [])


@given(st.integers(1, 100), st.integers(2, 5))
def test_halving_divides_the_trials_down_to_one(trials: int, factor: int) -> None:
    sizes = Halving(trials, epochs=10**3, factor=factor).rounds({})
    assert sizes[0] == trials
    assert sizes[-1] == 1
    assert all(b == max(1, a // factor) for a, b in itertools.pairwise(sizes))


def test_halving_trains_the_best_for_longer() -> None:
    strategy = Halving(9, epochs=18)
    first = strategy.draw(SPACE, 0, [])
    assert [each.epochs for each in first] == [2] * 9
    scores = [5.0, 1.0, math.inf, 3.0, 8.0, 2.0, 9.0, 7.0, 6.0]
    told = [
        trial(n, s, **each.values) for n, (s, each) in enumerate(zip(scores, first, strict=True))
    ]
    second = strategy.draw(SPACE, 1, told)
    assert second == [Candidate(first[n].values, 6) for n in (1, 5, 3)]
    told += [trial(9 + n, n, round=1, **each.values) for n, each in enumerate(second)]
    assert strategy.draw(SPACE, 2, told) == [Candidate(first[1].values, 18)]


def test_halving_does_not_go_on_with_what_diverged() -> None:
    told = [trial(n, 0.0 if n == 4 else math.inf, **SPACE_VALUES) for n in range(9)]
    assert len(Halving(9, epochs=9).draw(SPACE, 1, told)) == 1


SPACE_VALUES = {"learning_rate": 0.1, "momentum": 0.5, "optimizer": "sgd"}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: RandomSearch(0), "trials is 0; it must be at least 1"),
        (lambda: GridSearch(0), "trials is 0"),
        (lambda: CoarseToFine(0), "trials is 0"),
        (lambda: CoarseToFine(2, stages=3), "2 trials are too few for 3 stages"),
        (lambda: CoarseToFine(4, shrink=1.0), "shrink is 1.0"),
        (lambda: Halving(0, epochs=3), "trials is 0"),
        (lambda: Halving(27, epochs=26), "needs at least 27 epochs, not 26"),
        (lambda: Halving(4, epochs=9, factor=1), "factor is 1"),
    ],
)
def test_budgets_that_cannot_be_are_refused(make: Any, says: str) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert says in str(caught.value)


def valley(trials: list[Candidate]) -> list[float]:
    """Lowest at a rate of 10⁻³ and a momentum of 0.7; infinite above a rate of 1."""
    return [
        math.inf
        if each["learning_rate"] > 1
        else (math.log10(each["learning_rate"]) + 3) ** 2 + (each["momentum"] - 0.7) ** 2
        for each in trials
    ]


def test_coarse_to_fine_beats_the_grid_of_equal_budget_on_a_valley() -> None:
    space = {name: SPACE[name] for name in ("learning_rate", "momentum")}
    grid = minimise(valley, space, GridSearch(16)).best.score
    finer = [minimise(valley, space, CoarseToFine(16, seed=seed)).best.score for seed in range(20)]
    assert sum(score < grid for score in finer) >= 18


def test_what_is_found_is_ranked_with_the_diverged_last() -> None:
    scores = iter([[2.0, math.nan, 1.0]])
    found = minimise(lambda trials: next(scores), SPACE, RandomSearch(3))
    assert [row[1] for row in found.table().rows] == [2, 0, 1]
    assert [row[-1] for row in found.table().rows] == [1.0, 2.0, None]
    assert found.best.number == 2


def test_the_best_is_one_of_those_trained_longest() -> None:
    found = Found([trial(0, 0.1, epochs=1), trial(1, 0.3, epochs=9), trial(2, 0.2, epochs=9)])
    assert found.best.number == 2
    assert [row[1] for row in found.table().rows] == [2, 1, 0]


def test_where_the_last_round_diverged_the_best_is_of_the_round_before() -> None:
    def diverging_late(trials: list[Candidate]) -> list[float]:
        return [math.inf if each.epochs == 9 else each["learning_rate"] for each in trials]

    space = {"learning_rate": LogUniform(1e-4, 1.0)}
    found = minimise(diverging_late, space, Halving(9, epochs=9))
    assert found.best.epochs == 3
    assert found.best.score == min(each.score for each in found.trials)
    figures = [row[-1] for row in found.table().rows]
    assert (figures[0], figures[-1]) == (found.best.score, None)


def test_nothing_found_is_said() -> None:
    with pytest.raises(InputError, match="no trial yet"):
        _ = Found([]).best
    with pytest.raises(DivergedError, match="all 2 trials have diverged"):
        _ = Found([trial(0, math.inf), trial(1, math.inf)]).best
    with pytest.raises(InputError, match="a search varies at least one option"):
        minimise(valley, {}, RandomSearch(3))
