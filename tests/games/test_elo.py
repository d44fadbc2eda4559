"""Elo ratings against hand numbers, and against ratings that made the results."""

import numpy as np
import pytest

from dl.errors import InputError
from dl.games.elo import elo_ratings, expected_score, rating_difference


def test_hand_numbers() -> None:
    """Three quarters of the points are 400 · log10(3) = 190.8; ten to one are 400."""
    assert rating_difference(0.75) == pytest.approx(190.848, abs=1e-3)
    assert rating_difference(0.5) == 0
    assert expected_score(400) == pytest.approx(10 / 11)
    assert expected_score(-190.848) == pytest.approx(0.25, abs=1e-5)
    assert rating_difference(1.0) == np.inf
    assert rating_difference(0.0) == -np.inf


def test_two_players() -> None:
    """By hand: the error of a difference is 400 / (ln 10 · √(n p q))."""
    found = elo_ratings({("new", "old"): (60, 30, 10)}, anchor="old", rating=1000.0)
    assert found["new"] == pytest.approx(1190.848, abs=1e-3)
    assert found["old"] == 1000.0
    error = 400 / (np.log(10) * np.sqrt(100 * 0.75 * 0.25))
    np.testing.assert_allclose(found.errors, [error, 0])
    assert [row[0] for row in found.table().rows] == ["new", "old"]


def test_draws_are_half_points_and_pairs_have_no_order() -> None:
    one = elo_ratings({("a", "b"): (5, 4, 1), ("b", "c"): (3, 0, 7)}, anchor="c")
    other = elo_ratings({("c", "b"): (7, 0, 3), ("b", "a"): (3, 0, 7)}, anchor="c")
    assert [one[player] for player in "abc"] == pytest.approx([other[player] for player in "abc"])


def test_ratings_that_made_the_results_are_recovered() -> None:
    """Nine in ten of the z-scores of 8 players × 40 tables are below 1.645, for ideal errors."""
    rng = np.random.default_rng(0)
    truth = np.append(0.0, rng.normal(0, 200, size=7))
    names = [f"p{number}" for number in range(8)]
    scores = []
    for _ in range(40):
        results = {}
        for i in range(8):
            for j in range(i):
                wins = int(rng.binomial(60, expected_score(truth[i] - truth[j])))
                results[names[i], names[j]] = (wins, 0, 60 - wins)
        found = elo_ratings(results, anchor="p0")
        scores += [
            (found[name] - true) / error
            for name, true in zip(names, truth, strict=True)
            if (error := found.errors[found.players.index(name)])
        ]
    assert len(scores) == 280
    assert abs(np.mean(np.abs(scores) < 1.645) - 0.9) < 0.05


def test_infinite_ratings_are_refused_or_held_back() -> None:
    perfect = {("a", "b"): (20, 0, 0), ("b", "c"): (10, 0, 10)}
    with pytest.raises(InputError, match="has won all games"):
        elo_ratings(perfect, anchor="b")
    held = elo_ratings(perfect, anchor="b", draws_added=1)
    assert held["a"] == pytest.approx(rating_difference(20.5 / 21))
    with pytest.raises(InputError, match="not comparable"):
        elo_ratings({("a", "b"): (1, 1, 1), ("c", "d"): (1, 1, 1)}, anchor="a", draws_added=1)
    with pytest.raises(InputError, match="no player 'e'"):
        elo_ratings(perfect, anchor="e")
