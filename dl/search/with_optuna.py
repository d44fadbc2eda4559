"""Optuna's sampler as a strategy of search; needs the extra `search`."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.search.space import Choice, Dimension, LogUniform, Space, Uniform, Whole
from dl.search.strategies import in_stages
from dl.search.trials import Candidate, Trial

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class OptunaSearch:
    """`trials` candidates of Optuna's tree-structured Parzen estimator, drawn in `stages` batches.

    The candidates of a batch do not know each other's scores, so that they can be trained side by
    side; with more stages the sampler knows more, and less is trained at once. Each batch comes
    from a new study that holds the trials before it, and from a seed of its own: it is a pure
    function of them. Source: Bergstra et al. 2011; Akiba et al. 2019.

    Raises:
        InputError: for fewer trials than stages, and without the package optuna.
    """

    trials: int
    stages: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("trials", "stages"):
            check_number(name, getattr(self, name), Range(at_least=1), whole=True)
        in_stages(self.trials, self.stages)
        import_optuna()

    def rounds(self, space: Space) -> list[int]:
        """How many candidates each batch has."""
        return in_stages(self.trials, self.stages)

    def draw(self, space: Space, number: int, before: Sequence[Trial]) -> list[Candidate]:
        """The candidates of a batch, given all trials before it."""
        distributions = as_distributions(space)
        with quiet_optuna() as optuna:
            study = optuna.create_study(sampler=make_sampler(self.seed, number))
            study.add_trials([_as_told(trial, distributions) for trial in before])
            asked = [study.ask(distributions) for _ in range(self.rounds(space)[number])]
        return [Candidate({name: each.params[name] for name in space}) for each in asked]


def as_distributions(space: Space) -> "dict[str, optuna.distributions.BaseDistribution]":
    """Each dimension as Optuna's distribution of the same values."""
    return {name: _as_distribution(dimension) for name, dimension in space.items()}


def _as_distribution(dimension: Dimension) -> Any:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    match dimension:
        case Choice(values):
            return CategoricalDistribution(values)
        case Whole(low, high, log):
            return IntDistribution(low, high, log=log)
        case Uniform(low, high) | LogUniform(low, high):
            return FloatDistribution(low, high, log=isinstance(dimension, LogUniform))
    raise InputError(f"Optuna knows no dimension such as {dimension!r}")


def make_sampler(*seeds: int) -> "optuna.samplers.BaseSampler":
    """The sampler whose random numbers follow from these seeds together."""
    from optuna.samplers import TPESampler

    (seed,) = np.random.SeedSequence(seeds).generate_state(1)
    return TPESampler(seed=int(seed))


def _as_told(trial: Trial, distributions: dict[str, Any]) -> "optuna.trial.FrozenTrial":
    from optuna.trial import create_trial

    return create_trial(
        params=dict(trial.values), distributions=distributions, value=as_value(trial.score)
    )


def as_value(score: float) -> float:
    """A score as Optuna takes it: one that is not finite is worse than all others."""
    return score if math.isfinite(score) else math.inf


@contextmanager
def quiet_optuna() -> "Iterator[Any]":
    """The package, without its log of every trial."""
    optuna = import_optuna()
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield optuna
    finally:
        optuna.logging.set_verbosity(verbosity)


def import_optuna() -> Any:
    """The package optuna.

    Raises:
        InputError: naming the extra, when it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise InputError(
            "this search needs the package optuna: pip install 'dl-lectures[search]'"
        ) from None
    return optuna
