"""A search on disk: what it searches, and the files of its folder.

```
searches/mlp_mnist/20260131-120000-0/
    search.json     the experiment, its options, the space and the strategy (written first)
    trials.jsonl    a line for each trial: values, score, and the run that it was trained in
    trials.csv      the same as a table, the best first
    groups/         a run for each group of trials that were trained side by side
    best/           the best trial as a run of its own (written last)
```
"""

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dl.errors import InputError
from dl.ranges import Count, CountOrZero
from dl.runs.experiment import Experiment, load_experiment_of
from dl.runs.files import (
    read_json,
    read_lines,
    read_number,
    refuse_line,
    sealed,
    unsealed,
    write_json,
)
from dl.runs.folder import at_home, check_place, check_stays_inside
from dl.runs.shape import Misfit, as_kind
from dl.screen import say
from dl.search.groups import parse_space
from dl.search.minimise import check_space
from dl.search.space import MethodName
from dl.search.strategies import (
    CoarseToFine,
    GridSearch,
    Halving,
    RandomSearch,
    Strategy,
)
from dl.search.trials import Trial

_LEFT_BY_A_START = "search.json.tmp"
"""The only file when a process dies before search.json is whole."""


@dataclass(frozen=True)
class Search:
    """What a search does; search.json holds it."""

    experiment: Experiment
    options: Any
    vary: Mapping[str, str]
    """Option -> words of `dl.search.parse_dimension`."""
    method: MethodName = "random"
    trials: int = 16
    stages: int = 4
    metric: str = ""
    """What to search by; empty takes accuracy if it is reported, else loss."""
    side_by_side: int = 16
    """The most trials in one program."""
    journal: str = ""
    """File of the study that several searches share, for Optuna."""
    name: str = ""
    """What a search that shares a study is known by."""

    @property
    def space(self) -> dict[str, Any]:
        """The dimensions that are searched."""
        return parse_space(self.options, self.vary)

    @property
    def strategy(self) -> Strategy:
        """How candidates are chosen."""
        seed = self.options.seed
        if self.method == "grid":
            return GridSearch(self.trials)
        if self.method == "coarse-to-fine":
            return CoarseToFine(self.trials, min(self.stages, self.trials), seed=seed)
        if self.method == "halving":
            return Halving(self.trials, epochs=self.options.epochs, seed=seed)
        if self.method == "optuna":
            return self._optuna()
        return RandomSearch(self.trials, seed=seed)

    def _optuna(self) -> Strategy:
        from dl.runs.shared_study import SharedSearch
        from dl.search.with_optuna import OptunaSearch

        own = OptunaSearch(self.trials, min(self.stages, self.trials), seed=self.options.seed)
        if not self.journal:
            return own
        subject = f"{self.experiment.name} by {self.metric}"
        return SharedSearch(own, Path(self.journal), self.name, subject)


@dataclass(frozen=True)
class SearchFolder:
    """The files of one search."""

    path: Path

    @property
    def config(self) -> Path:
        """What is searched."""
        return self.path / "search.json"

    @property
    def trials(self) -> Path:
        """The trials so far."""
        return self.path / "trials.jsonl"

    @property
    def table(self) -> Path:
        """The trials as a table."""
        return self.path / "trials.csv"

    @property
    def best(self) -> Path:
        """The run of the best trial."""
        return self.path / "best"

    def group(self, round: int, number: int) -> Path:
        """The run of a group."""
        return self.path / "groups" / f"{round}-{number:03d}"

    def read_trials(self) -> list[Trial]:
        """The trials so far."""
        lines = enumerate(read_lines(self.trials), 1)
        return [_as_trial(line, self.trials, number) for number, line in lines]


@dataclass(frozen=True)
class _Stored:
    """The entries of search.json, of which the experiment decides what its options are."""

    experiment: str
    module: str
    options: dict[str, Any]
    vary: dict[str, str]
    method: MethodName
    trials: Count
    stages: Count
    metric: str
    side_by_side: Count
    journal: str = ""
    name: str = ""


@dataclass(frozen=True)
class _StoredTrial:
    """A line of trials.jsonl."""

    number: CountOrZero
    round: CountOrZero
    values: dict[str, Any]
    score: Any
    epochs: CountOrZero
    where: str
    member: CountOrZero


def write_search(search: Search, folder: SearchFolder) -> None:
    """Write search.json."""
    stored = {
        "experiment": search.experiment.name,
        "module": search.experiment.module,
        "options": asdict(search.options),
        "vary": dict(search.vary),
        **{name: getattr(search, name) for name in _PLAIN},
    }
    write_json(folder.config, sealed(stored))


_PLAIN = ("method", "trials", "stages", "metric", "side_by_side", "journal", "name")


def open_search(path: str | Path, *, package: str) -> tuple[SearchFolder, Search]:
    """The search in a folder; its experiment is one of `package`.

    Raises:
        InputError: when there is none, or its files are broken or name another package.
    """
    folder = SearchFolder(at_home(path))
    if not folder.config.exists():
        raise InputError(f"{folder.path} holds no search, it has no search.json")
    check_stays_inside(folder.path)
    try:
        search = _read_search(folder, package)
        check_space(search.space)
        _ = search.strategy
    except Misfit as error:
        raise InputError(
            f"{folder.config}: {error}; the file is broken: bring back a copy of it"
        ) from None
    except InputError as error:  # also where a file or a package has to be named or installed
        raise InputError(f"{folder.config}: {error}") from None
    return folder, search


def _read_search(folder: SearchFolder, package: str) -> Search:
    entries = as_kind(dict[str, Any], read_json(folder.config), "")
    entries, intact = unsealed(entries)
    stored: _Stored = as_kind(_Stored, entries, "")
    if not intact:
        say(f"{folder.config} was changed since the search wrote it")
    experiment = load_experiment_of(stored.module, package=package, away_from=folder.path)
    if stored.experiment != experiment.name:
        raise Misfit(f"experiment is {stored.experiment!r}, the module that of {experiment.name}")
    options = as_kind(experiment.options, stored.options, "options")
    plain = {name: getattr(stored, name) for name in _PLAIN}
    return Search(experiment, options, stored.vary, **plain)


def new_search_folder(experiment: Experiment, seed: int, path: str | Path | None) -> SearchFolder:
    """The folder for a new search; it is not created yet.

    Raises:
        InputError: when it holds something, or cannot be made.
    """
    if path is None:
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}"
        return SearchFolder(Path("searches") / experiment.name / name)
    folder = SearchFolder(at_home(path))
    check_place(folder.path, "--search-dir")
    if folder.config.exists():
        raise InputError(
            f"--search-dir {folder.path} holds a search; go on with `resume {folder.path}`"
        )
    if folder.path.exists() and any(
        path.name != _LEFT_BY_A_START for path in folder.path.iterdir()
    ):
        raise InputError(f"--search-dir {folder.path} is not empty; name a new folder")
    return folder


def _as_trial(line: Any, path: Path, number: int) -> Trial:
    try:
        stored: _StoredTrial = as_kind(_StoredTrial, line, "")
        score = read_number(stored.score)
        if type(score) not in (int, float) or math.isnan(score):
            raise Misfit(f"score is {str(score)[:40]!r}; it must be a number")
    except Misfit as error:
        refuse_line(path, number, str(error))
    return Trial(**{**vars(stored), "score": float(score)})
