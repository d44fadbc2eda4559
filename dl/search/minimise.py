"""Search in memory: a function scores the candidates of each round."""

import math
from collections.abc import Callable, Sequence

from dl.errors import InputError
from dl.search.space import Space
from dl.search.strategies import Strategy
from dl.search.trials import Candidate, Found, Trial


def minimise(
    score: Callable[[list[Candidate]], Sequence[float]], space: Space, strategy: Strategy
) -> Found:
    """Search in memory: `score` gives a number, to be small, for each candidate of a round.

    See `dl.search` for an example. A score that is not finite counts as infinite.
    """
    check_space(space)
    trials: list[Trial] = []
    for number in range(len(strategy.rounds(space))):
        candidates = strategy.draw(space, number, trials)
        for candidate, value in zip(candidates, score(candidates), strict=True):
            value = float(value) if math.isfinite(value) else math.inf
            trials.append(Trial(len(trials), number, candidate.values, value, candidate.epochs))
    return Found(trials)


def check_space(space: Space) -> None:
    """Raise an `InputError` for a space without dimensions."""
    if not space:
        raise InputError("a search varies at least one option")
