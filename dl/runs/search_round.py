"""A round of a search on disk: its candidates, trained group by group, and their scores."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import jax

from dl.data.load import absolute
from dl.errors import DivergedError, InputError
from dl.runs.files import rewrite_lines
from dl.runs.folder import RunFolder, open_folder
from dl.runs.members import member_history
from dl.runs.run import resume_run, start_run
from dl.runs.search_folder import Search, SearchFolder
from dl.search.groups import Group, check_metric, group_candidates, sign_of
from dl.search.trials import Candidate, Trial
from dl.train.interrupt import StopRequest
from dl.train.record import Record, best_step


@dataclass(frozen=True)
class Round:
    """A round: its candidates, and how they are trained."""

    search: Search
    folder: SearchFolder
    number: int
    before: Sequence[Trial]
    """The trials of the rounds before it."""
    candidates: list[Candidate]
    stop: StopRequest
    show: bool
    tell: Callable[[str], None]

    def make(self, stored: Sequence[Trial]) -> list[Trial] | None:
        """All trials of the round, of which some are `stored`; None when a signal came first."""
        made = {trial.number: trial for trial in stored}
        groups = group_candidates(
            self.search.options,
            self.candidates,
            most=self.search.side_by_side,
            devices=jax.local_device_count(),
        )
        for place, group in enumerate(groups):
            planned = self._planned(place, group)
            if all(trial.number in made for trial in planned):
                self._check_stored(planned, made)
                continue
            if self.stop.requested:
                return None
            self.tell(self._describe(place, len(groups), group))
            path = self.folder.group(self.number, place)
            if not self._train(path, group):
                return None
            scores = self._scores(path, group)
            for trial, score in zip(planned, scores, strict=True):
                made[trial.number] = replace(trial, score=score)
            self._write(made)
        return [made[len(self.before) + place] for place in range(len(self.candidates))]

    def _planned(self, place: int, group: Group) -> list[Trial]:
        """The trials of a group, without their scores."""
        path = self.folder.group(self.number, place).relative_to(self.folder.path)
        return [
            Trial(
                number=len(self.before) + number,
                round=self.number,
                values=dict(self.candidates[number].values),
                score=math.inf,
                epochs=self.candidates[number].epochs,
                where=path.as_posix(),
                member=member if group.varied else 0,
            )
            for member, number in enumerate(group.numbers)
        ]

    def _check_stored(self, planned: Sequence[Trial], stored: dict[int, Trial]) -> None:
        """Refuse stored trials that this search does not draw."""
        for trial in planned:
            if replace(stored[trial.number], score=math.inf) != trial:
                raise InputError(
                    f"{self.folder.trials}: trial {trial.number} is not the one that this search "
                    "makes there; remove the file to read the scores from the runs again"
                )

    def _write(self, made: dict[int, Trial]) -> None:
        own = [made[number] for number in sorted(made)]
        rewrite_lines(self.folder.trials, [asdict(trial) for trial in [*self.before, *own]])

    def _train(self, path: Path, group: Group) -> bool:
        """Train a group, or go on with it; whether it came to its end.

        Trials that diverge are at their end too.
        """
        experiment = self.search.experiment
        try:
            if (path / "config.json").exists():
                self._check_group(path, group)
                if RunFolder(path).is_finished:
                    return True
                outcome = resume_run(
                    path, package=experiment.package, stop=self.stop, show=self.show
                )
            else:
                outcome = start_run(
                    experiment,
                    group.options,
                    run_dir=path,
                    varied=group.varied,
                    stop=self.stop,
                    show=self.show,
                )
        except DivergedError as error:
            self.tell(f"diverged: {error}")
            return True
        return outcome.result is not None

    def _check_group(self, path: Path, group: Group) -> None:
        """Refuse a run that is another training than the group, but for the copies at its end."""
        _, config = open_folder(path, package=self.search.experiment.package)
        count = len(group.numbers)
        wanted = replace(group.options, dataset=absolute(group.options.dataset), members=1)
        same = (
            config.experiment == self.search.experiment
            and replace(config.options, members=1) == wanted
            and _first(config.varied, count) == _first(group.varied, count)
        )
        if not same:
            raise InputError(
                f"{path} holds another training than this search makes there: search.json or "
                "config.json was changed; bring back a copy of it, or remove that run"
            )

    def _scores(self, path: Path, group: Group) -> list[float]:
        """What is minimised, for each trial of a group; inf for one that diverged."""
        count, folder = len(group.numbers), RunFolder(path)
        records = folder.records()
        if not folder.is_finished:  # all of them diverged
            return [math.inf] * count
        # With patience nets are trained one by one, and each answers with what validated best.
        at = best_step(records) if self.search.options.patience else None
        if not group.varied:
            return [self._score([replace(each, members=None) for each in records], at)] * count
        if any(len(x) < count for each in records for x in (each.members or {"": []}).values()):
            raise InputError(f"{folder.metrics} lacks figures of members: remove {path}")
        return [self._score(member_history(records, number), at) for number in range(count)]

    def _score(self, history: Sequence[Record], at: int | None) -> float:
        """The figure on held-out examples at step `at`, or the last one, as it is minimised.

        A net that ever had a figure that is not finite has diverged, whatever its accuracy.
        """
        validated = [each for each in history if each.split == "validation"]
        last = next((each for each in reversed(validated) if at in (None, each.step)), None)
        finite = (math.isfinite(value) for each in history for value in each.values.values())
        if last is None or not all(finite):
            return math.inf
        check_metric(last.values, self.search.metric)
        return sign_of(self.search.metric) * last.values[self.search.metric]

    def _describe(self, place: int, groups: int, group: Group) -> str:
        """A group in one line."""
        count = len(group.numbers)
        what = f"{count} trials side by side" if group.varied else "one trial"
        return f"round {self.number + 1}, group {place + 1} of {groups}: {what}"


def _first(varied: Mapping[str, tuple[float, ...]], count: int) -> dict[str, tuple[float, ...]]:
    return {name: tuple(values[:count]) for name, values in varied.items()}
