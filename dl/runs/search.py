"""Make a search on disk: rounds of runs, which can be interrupted at any moment."""

import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import jax

from dl.errors import DivergedError, InputError
from dl.runs.files import rewrite_lines
from dl.runs.folder import RunFolder
from dl.runs.load import load
from dl.runs.lock import locked
from dl.runs.open_data import open_data
from dl.runs.run import resume_run, start_run
from dl.runs.search_folder import Search, SearchFolder
from dl.search.groups import Group, check_metric, group_candidates, sign_of
from dl.search.trials import Candidate, Found, Trial
from dl.train.fits import zero_totals
from dl.train.interrupt import StopRequest


def check_search(search: Search) -> None:
    """Raise an `InputError` for a search that cannot be made; nothing is written."""
    experiment, options = search.experiment, search.options
    if experiment.count is not None:
        raise InputError(f"{experiment.name} counts, and trains nothing that could be searched")
    if not search.vary:
        raise InputError(
            "a search varies at least one option: give --vary, such as learning_rate=log:1e-4..1"
        )
    search.strategy.draw(search.space, 0, [])
    data = open_data(options)
    if data.validation is None:
        raise InputError("a search compares on held-out examples: give --validation, such as 0.1")
    totals = zero_totals(experiment.recipe(options, data.spec), data.spec)
    check_metric(totals, search.metric)


def run_search(
    search: Search,
    folder: SearchFolder,
    *,
    stop: StopRequest,
    show: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> Found | None:
    """Make the rounds that are missing in `folder`; None when a signal came first.

    `tell` is called with a line for each round and group.
    """
    space, strategy = search.space, search.strategy
    with locked(folder.path):
        trials = folder.read_trials()
        for number in range(len(strategy.rounds(space))):
            before = [trial for trial in trials if trial.round < number]
            candidates = strategy.draw(space, number, before)
            going = _Round(search, folder, number, len(before), candidates, stop, show, tell)
            done = going.make([trial for trial in trials if trial.round == number])
            if done is None:
                return None
            trials = before + done
        metric = check_metric(_reported(folder), search.metric)
        found = Found(trials, metric, sign_of(metric))
        _keep_best(search, folder, found)
    return found


@dataclass(frozen=True)
class _Round:
    """A round of a search: its candidates, and how they are trained."""

    search: Search
    folder: SearchFolder
    number: int
    first: int
    """The number of its first trial."""
    candidates: list[Candidate]
    stop: StopRequest
    show: bool
    tell: Callable[[str], None]

    def make(self, done: list[Trial]) -> list[Trial] | None:
        """All trials of the round, of which some are `done`; None when a signal came first."""
        groups = group_candidates(
            self.search.options,
            self.candidates,
            most=self.search.side_by_side,
            multiple_of=jax.local_device_count(),
        )
        for place, group in enumerate(groups):
            if any(trial.number == self.first + group.numbers[0] for trial in done):
                continue
            self.tell(self._describe(place, len(groups), group))
            path = self.folder.group(self.number, place)
            if not self._train(path, group):
                return None
            done = done + self._scored(path, group)
            earlier = [trial for trial in self.folder.read_trials() if trial.round < self.number]
            rewrite_lines(self.folder.trials, [asdict(trial) for trial in earlier + done])
        return sorted(done, key=lambda trial: trial.number)

    def _train(self, path: Path, group: Group) -> bool:
        """Train a group, or go on with it; whether it came to its end.

        Trials that diverge are at their end too.
        """
        how = {"stop": self.stop, "show": self.show}
        experiment = self.search.experiment
        try:
            if (path / "config.json").exists():
                outcome = resume_run(path, package=experiment.package, **how)
            else:
                varied = group.varied
                outcome = start_run(experiment, group.options, run_dir=path, varied=varied, **how)
        except DivergedError as error:
            self.tell(str(error))
            return True
        return outcome.result is not None

    def _scored(self, path: Path, group: Group) -> list[Trial]:
        """The trials of a group, with their scores on the held-out examples."""
        scores = self._scores(path, len(group.numbers), varied=bool(group.varied))
        trials = []
        for place, number in enumerate(group.numbers):
            candidate = self.candidates[number]
            trial = Trial(
                self.first + number,
                self.number,
                dict(candidate.values),
                scores[place],
                candidate.epochs,
                where=str(path.relative_to(self.folder.path)),
                member=place if group.varied else 0,
            )
            trials.append(trial)
        return trials

    def _scores(self, path: Path, count: int, *, varied: bool) -> list[float]:
        """What is minimised, for each trial of a group; inf for one that diverged."""
        folder = RunFolder(path)
        records = [each for each in folder.records() if each.split == "validation"]
        if not records or not folder.is_finished:  # all of them diverged
            return [math.inf] * count
        metric = check_metric(records[-1].values, self.search.metric)
        members = records[-1].members
        values = members[metric] if members and varied else [records[-1].values[metric]] * count
        return [sign_of(metric) * x if math.isfinite(x) else math.inf for x in values[:count]]

    def _describe(self, place: int, groups: int, group: Group) -> str:
        """A group in one line."""
        count = len(group.numbers)
        what = f"{count} trials side by side" if group.varied else "one trial"
        return f"round {self.number + 1}, group {place + 1} of {groups}: {what}"


def _reported(folder: SearchFolder) -> dict[str, float]:
    """The metrics that the trials report."""
    for path in sorted((folder.path / "groups").iterdir()):
        for record in RunFolder(path).records():
            if record.split == "validation":
                return record.values
    return {"loss": math.inf}


def _keep_best(search: Search, folder: SearchFolder, found: Found) -> None:
    """Write the best trial as a run of its own, which is evaluated on the test part too."""
    if (folder.best / "result.json").exists():
        return
    best = found.best
    trained = load(folder.path / best.where, package=search.experiment.package)
    shutil.rmtree(folder.best, ignore_errors=True)  # what an interruption left of it
    trained.members[best.member].save(folder.best)
