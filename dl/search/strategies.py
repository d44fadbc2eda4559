"""How a search chooses what to try next: in rounds, each a pure function of those before it.

Nothing is remembered between rounds but the trials, so that a search that was interrupted goes on
with the same candidates.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.search.space import Choice, Space, Value
from dl.search.trials import Candidate, Trial

_COUNT = Range(at_least=1)
_TRIES, _MOST_COMPARED = 20, 500
"""How many Latin hypercubes are compared, and of how many points at most."""


class Strategy(Protocol):
    """A way to search."""

    def rounds(self, space: Space) -> list[int]:
        """How many candidates each round has."""
        ...

    def draw(self, space: Space, number: int, before: Sequence[Trial]) -> list[Candidate]:
        """The candidates of round `number`, given all trials of the rounds before it."""
        ...


@dataclass(frozen=True)
class GridSearch:
    """Every combination of evenly spread values, with at most `trials` of them. Source: D8.

    Each range gets the same number of values, as many as the budget allows.

    >>> from dl.search.space import LogUniform, Uniform
    >>> space = {"learning_rate": LogUniform(1e-4, 1.0), "momentum": Uniform(0.0, 0.9)}
    >>> GridSearch(9).rounds(space), GridSearch(9).draw(space, 0, [])[1].values["momentum"]
    ([9], 0.45)

    Raises:
        InputError: when drawn, for fewer trials than one combination each of the choices.
    """

    trials: int

    def __post_init__(self) -> None:
        check_number("trials", self.trials, _COUNT, whole=True)

    def rounds(self, space: Space) -> list[int]:
        return [len(self.draw(space, 0, []))]

    def draw(self, space: Space, number: int, before: Sequence[Trial]) -> list[Candidate]:
        axes = [dimension.grid(self._per_range(space)) for dimension in space.values()]
        return [
            Candidate(dict(zip(space, values, strict=True))) for values in itertools.product(*axes)
        ]

    def _per_range(self, space: Space) -> int:
        choices = math.prod(len(d.values) for d in space.values() if isinstance(d, Choice))
        ranges = sum(not isinstance(dimension, Choice) for dimension in space.values())
        if choices > self.trials:
            raise InputError(
                f"{self.trials} trials are too few for a grid of {choices} combinations: give "
                "more, or search at random"
            )
        count = 1
        while ranges and choices * (count + 1) ** ranges <= self.trials:
            count += 1
        return count


@dataclass(frozen=True)
class RandomSearch:
    """`trials` independent draws from the space.

    With the same budget it tries more different values of each option than a grid. Source: D8,
    Bergstra & Bengio 2012.
    """

    trials: int
    seed: int = 0

    def __post_init__(self) -> None:
        check_number("trials", self.trials, _COUNT, whole=True)

    def rounds(self, space: Space) -> list[int]:
        return [self.trials]

    def draw(self, space: Space, number: int, before: Sequence[Trial]) -> list[Candidate]:
        positions = _draws(self.seed, number, self.trials, len(space))
        return [_candidate(space, each) for each in positions]


@dataclass(frozen=True)
class CoarseToFine:
    """`trials` draws in `stages`: each stage searches a smaller box around the best so far.

    The box has `shrink` times the width of the one before it, in each range; a choice keeps the
    value of the best trial with probability 1 − width. The n draws of a stage are a Latin
    hypercube: of the n equal slices of each option's width every one has a draw, so that few trials
    cover all ranges. Of several such the one is taken whose points lie farthest apart. Source: D8;
    McKay, Beckman & Conover 1979; Johnson, Moore & Ylvisaker 1990.

    Raises:
        InputError: for fewer trials than stages.
    """

    trials: int
    stages: int = 4
    shrink: float = 0.6
    seed: int = 0

    def __post_init__(self) -> None:
        check_number("trials", self.trials, _COUNT, whole=True)
        check_number("stages", self.stages, _COUNT, whole=True)
        check_number("shrink", self.shrink, Range(above=0, below=1))
        in_stages(self.trials, self.stages)

    def rounds(self, space: Space) -> list[int]:
        return in_stages(self.trials, self.stages)

    def draw(self, space: Space, number: int, before: Sequence[Trial]) -> list[Candidate]:
        count, width = self.rounds(space)[number], self.shrink**number
        positions = spread_hypercube(self.seed, number, count, len(space))
        best = _best_finite(before)
        if best is not None:
            centre = np.array([space[name].position(best.values[name]) for name in space])
            low = np.clip(centre - width / 2, 0.0, 1.0 - width)
            is_choice = np.array([isinstance(each, Choice) for each in space.values()])
            keeps = is_choice & (positions >= width)
            inside = np.where(is_choice, positions / width, low + width * positions)
            positions = np.where(keeps, centre, inside)
        return [_candidate(space, each) for each in positions]


@dataclass(frozen=True)
class Halving:
    """Successive halving: many trials for few epochs, then the best of them for more.

    It begins with `trials` draws. The best 1/`factor` of each round are trained for `factor` times
    as many epochs in the next, and the last one for `epochs`; both are rounded down. Each round
    trains from the beginning, because a schedule is made for a number of epochs. What has diverged
    is not trained again.
    Source: Jamieson & Talwalkar 2016.

    >>> Halving(9, epochs=9, factor=3).rounds({})
    [9, 3, 1]

    Raises:
        InputError: when the epochs do not allow as many rounds as the trials need.
    """

    trials: int
    epochs: int
    factor: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        check_number("trials", self.trials, _COUNT, whole=True)
        check_number("factor", self.factor, Range(at_least=2), whole=True)
        rounds = len(self.rounds({}))
        needed = self.factor ** (rounds - 1)
        if self.epochs < needed:
            raise InputError(
                f"halving {self.trials} trials takes {rounds} rounds, each {self.factor} times as "
                f"long as the one before, which needs at least {needed} epochs, not {self.epochs}: "
                "give more epochs or fewer trials"
            )

    def rounds(self, space: Space) -> list[int]:
        sizes = [self.trials]
        while sizes[-1] > 1:
            sizes.append(max(1, sizes[-1] // self.factor))
        return sizes

    def draw(self, space: Space, number: int, before: Sequence[Trial]) -> list[Candidate]:
        sizes = self.rounds(space)
        epochs = max(1, self.epochs // self.factor ** (len(sizes) - 1 - number))
        if not number:
            positions = _draws(self.seed, 0, self.trials, len(space))
            return [Candidate(_candidate(space, each).values, epochs) for each in positions]
        last = [trial for trial in before if trial.round == number - 1]
        finite = [trial for trial in last if math.isfinite(trial.score)]
        best = sorted(finite, key=lambda trial: (trial.score, trial.number))
        return [Candidate(trial.values, epochs) for trial in best[: sizes[number]]]


def in_stages(trials: int, stages: int) -> list[int]:
    """How many of the `trials` each of the `stages` has, the earlier ones one more.

    Raises:
        InputError: for more stages than trials.

    >>> in_stages(16, 3)
    [6, 5, 5]
    """
    if stages > trials:
        raise InputError(
            f"{trials} trials are too few for {stages} stages: give at least one for each"
        )
    first, rest = divmod(trials, stages)
    return [first + (number < rest) for number in range(stages)]


def _best_finite(trials: Sequence[Trial]) -> Trial | None:
    finite = [trial for trial in trials if math.isfinite(trial.score)]
    return min(finite, key=lambda trial: (trial.score, trial.number), default=None)


def _candidate(space: Space, positions: Sequence[float]) -> Candidate:
    values: dict[str, Value] = {
        name: dimension.at(float(position))
        for (name, dimension), position in zip(space.items(), positions, strict=True)
    }
    return Candidate(values)


def spread_hypercube(seed: int, number: int, count: int, dimensions: int) -> np.ndarray:
    """Of several Latin hypercubes [count, dimensions] the one with the largest smallest distance.

    A pure function of the seed and of the `number` of the round.
    """
    from scipy.spatial.distance import pdist

    generator = _generator(seed, number)
    tries = _TRIES if 2 <= count <= _MOST_COMPARED else 1
    drawn = [latin_hypercube(generator, count, dimensions) for _ in range(tries)]
    return max(drawn, key=lambda points: pdist(points).min()) if tries > 1 else drawn[0]


def latin_hypercube(generator: np.random.Generator, count: int, dimensions: int) -> np.ndarray:
    """Positions (π(i) + u) / n [count, dimensions], with a permutation π for each dimension.

    >>> drawn = latin_hypercube(np.random.default_rng(0), 4, 2)
    >>> np.sort(np.floor(4 * drawn), axis=0).tolist()
    [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    """
    slices = np.tile(np.arange(count)[:, np.newaxis], (1, dimensions))
    within = generator.random((count, dimensions))
    return (generator.permuted(slices, axis=0) + within) / count


def _draws(seed: int, number: int, count: int, dimensions: int) -> np.ndarray:
    """Numbers U(0, 1) [count, dimensions], a pure function of the seed and the round."""
    return _generator(seed, number).random((count, dimensions))


def _generator(seed: int, number: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], np.uint64)))
