"""The trials of a search: what was tried, how good it was, and which was the best."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dl.errors import DivergedError, InputError
from dl.search.space import Value
from dl.tables import Table


@dataclass(frozen=True)
class Candidate:
    """Values to try, and for how many epochs (0: as many as the options say)."""

    values: Mapping[str, Value]
    epochs: int = 0

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True)
class Trial:
    """A candidate that was tried: `score` is what is minimised; inf for one that diverged."""

    number: int
    round: int
    values: Mapping[str, Any]
    score: float
    epochs: int = 0
    where: str = ""
    """The folder of its run, for a search on disk."""
    member: int = 0


@dataclass(frozen=True)
class Found:
    """The trials of a search in their order."""

    trials: Sequence[Trial]
    metric: str = "score"
    sign: float = 1.0
    """−1 where the metric is better when it is larger: a trial's score is −metric then."""

    @property
    def best(self) -> Trial:
        """The trial with the lowest score among those that were trained longest.

        Trials that diverged do not count: where all of the last round of halving have, the best is
        one of the round before.

        Raises:
            InputError: when there is no trial yet.
            DivergedError: when all have diverged.
        """
        if not self.trials:
            raise InputError("this search has no trial yet")
        best = min(self.trials, key=_rank)
        if not math.isfinite(best.score):
            raise DivergedError(
                f"all {len(self.trials)} trials have diverged: search smaller learning rates"
            )
        return best

    def _repr_html_(self) -> str:
        return self.table().html()

    def table(self) -> Table:
        """The trials, the best first: rank, trial, round, values, epochs and metric.

        Those that were trained for more epochs come first, and those that diverged last.
        """
        names = list(dict.fromkeys(name for trial in self.trials for name in trial.values))
        rows = [
            (
                rank,
                trial.number,
                trial.round,
                *(_cell(trial.values.get(name)) for name in names),
                trial.epochs or None,
                self.sign * trial.score if math.isfinite(trial.score) else None,
            )
            for rank, trial in enumerate(sorted(self.trials, key=_rank), 1)
        ]
        formats = dict.fromkeys((*names, self.metric), _as_text)
        return Table(("rank", "trial", "round", *names, "epochs", self.metric), rows, formats)


def _rank(trial: Trial) -> tuple[bool, int, float, int]:
    """What trials are sorted by, the best first."""
    return not math.isfinite(trial.score), -trial.epochs, trial.score, trial.number


def _cell(value: Value | None) -> str | int | float | None:
    return str(value) if isinstance(value, bool) else value


def _as_text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
