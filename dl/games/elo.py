"""Elo ratings by maximum likelihood, from a table of results."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dl.errors import InputError, did_you_mean
from dl.tables import Table

SCALE = math.log(10) / 400
"""Of the logistic curve: 400 points are odds of 10 to 1."""


@dataclass(frozen=True, eq=False)
class Ratings:
    """The `ratings` of `players` and their standard `errors`, both beside a player that is fixed.

    The error of a player says how well its distance from the fixed one, whose error is 0, is known.
    """

    players: tuple[str, ...]
    ratings: np.ndarray
    errors: np.ndarray

    def __getitem__(self, player: str) -> float:
        return float(self.ratings[self.players.index(player)])

    def table(self) -> Table:
        """The players, the strongest first."""
        order = np.argsort(-self.ratings, kind="stable")
        return Table(
            ("player", "rating", "error"),
            tuple((self.players[i], float(self.ratings[i]), float(self.errors[i])) for i in order),
            formats={"rating": ".0f", "error": ".0f"},
            headings={"error": "standard error"},
        )


def expected_score(difference: float) -> float:
    """The share of points that a player has who is rated higher by `difference`.

    >>> expected_score(400)
    0.9090909090909091
    """
    return 1 / (1 + 10 ** (-difference / 400))


def rating_difference(score: float) -> float:
    """The difference of ratings at which this share of points is expected.

    >>> round(rating_difference(0.75))
    191
    """
    if score in (0, 1):
        return math.copysign(math.inf, score - 0.5)
    return 400 * math.log10(score / (1 - score))


def elo_ratings(
    results: Mapping[tuple[str, str], tuple[int, int, int]],
    anchor: str,
    *,
    rating: float = 0.0,
    draws_added: float = 0.0,
) -> Ratings:
    """The ratings under which the results are the likeliest; `anchor` is rated at `rating`.

    `results` are wins, draws and losses of the first player of each pair against the second. The
    model is p(i beats j) = 1 / (1 + 10^((Rⱼ − Rᵢ) / 400)), where a draw is half a win and half a
    loss. A player who has won (or lost) all games would be rated at infinity: `draws_added` to each
    pair that has met keep ratings finite. Errors are those of the inverse Fisher information; draws
    make them larger than need be.

    Raises:
        InputError: for an unknown anchor, and where the ratings would be infinite or undefined.

    Source: Elo 1978, "The rating of chessplayers"; Bradley and Terry 1952, "Rank analysis of
    incomplete block designs".

    >>> ratings = elo_ratings({("a", "b"): (70, 10, 20)}, anchor="b")
    >>> round(ratings["a"]), ratings["b"]
    (191, 0.0)
    """
    players = tuple(dict.fromkeys(player for pair in results for player in pair))
    if anchor not in players:
        raise InputError(f"no player {anchor!r} in the results; {did_you_mean(anchor, players)}")
    points = _points(results, players, draws_added)
    _check_finite(points, players)
    others = np.array([player != anchor for player in players])
    ratings, information = _most_likely(points, others)
    errors = np.zeros(len(players))
    errors[others] = np.sqrt(np.diag(np.linalg.inv(information)))
    return Ratings(players, rating + ratings, errors)


def _points(
    results: Mapping[tuple[str, str], tuple[int, int, int]],
    players: tuple[str, ...],
    draws_added: float,
) -> np.ndarray:
    """The points [P, P] of each player against each other."""
    points = np.zeros((len(players), len(players)))
    for pair, (wins, draws, losses) in results.items():
        first, second = (players.index(player) for player in pair)
        half = (draws + draws_added) / 2
        points[first, second] += wins + half
        points[second, first] += losses + half
    return points


def _check_finite(points: np.ndarray, players: tuple[str, ...]) -> None:
    """Ratings are finite if points lead from each player to all others (Ford 1957)."""
    from scipy.sparse.csgraph import connected_components

    groups, group = connected_components(points > 0, connection="strong")
    if groups > 1:
        some = [player for player, own in zip(players, group, strict=True) if own == group[0]]
        raise InputError(
            f"{', '.join(some)} and the other players are not comparable: one side has won all "
            "games between them, or they have not met; draws_added=1 helps where they have met"
        )


def _most_likely(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Newton's method on the log-likelihood, which is concave: ratings, Fisher information."""
    games = points + points.T
    ratings = np.zeros(len(points))
    for _ in range(200):
        chance = 1 / (1 + np.exp(-SCALE * (ratings[:, None] - ratings)))
        slope = SCALE * (points - games * chance).sum(axis=1)
        weights = SCALE**2 * games * chance * (1 - chance)
        information = (np.diag(weights.sum(axis=1)) - weights)[np.ix_(others, others)]
        step = np.linalg.solve(information, slope[others])
        ratings[others] += np.clip(step, -400, 400)
        if np.abs(step).max(initial=0) < 1e-8:
            break
    return ratings, information
