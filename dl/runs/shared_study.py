"""A search that shares its trials with others, by a file of Optuna's journal."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dl.errors import InputError, first_line
from dl.search.space import Space
from dl.search.trials import Candidate, Trial
from dl.search.with_optuna import (
    OptunaSearch,
    as_distributions,
    as_value,
    make_sampler,
    quiet_optuna,
)

_MARK, _WORDS = "mark", "search"


@dataclass(frozen=True)
class SharedSearch:
    """The strategy `own`, whose study is shared by all searches that name the same `journal`.

    Each draws with what all of them have found so far, and adds its own trials, which it knows
    again by its `name`. What is drawn depends on how far the others are, so that it cannot be
    repeated; but what was drawn stays, so that a search that was interrupted goes on with it.
    `subject` says what is scored: a study holds scores of one kind.
    """

    own: OptunaSearch
    journal: Path
    name: str
    subject: str

    def rounds(self, space: Space) -> list[int]:
        """How many candidates each batch has."""
        return self.own.rounds(space)

    def draw(self, space: Space, number: int, before: Sequence[Trial]) -> list[Candidate]:
        """The candidates of a batch: those that were drawn earlier, and new ones."""
        distributions = as_distributions(space)
        with self._study(space, number) as study:
            drawn = _marked(study)
            candidates = []
            for place in range(self.rounds(space)[number]):
                trial = drawn.get(self._mark(number, place))
                if trial is None:
                    trial = study.ask(distributions)
                    trial.set_user_attr(_MARK, self._mark(number, place))
                candidates.append(Candidate({name: trial.params[name] for name in space}))
        return candidates

    def tell(self, space: Space, number: int, trials: Sequence[Trial]) -> None:
        """Let the others know the scores of a batch."""
        with self._study(space, number) as study:
            drawn = _marked(study)
            for place, trial in enumerate(trials):
                told = drawn[self._mark(number, place)]
                study.tell(told.number, as_value(trial.score), skip_if_finished=True)

    def check(self, space: Space) -> None:
        """Raise an `InputError` for a journal of another search; a new file is not begun."""
        if not self.journal.parent.is_dir():
            raise InputError(f"--journal {self.journal}: there is no folder {self.journal.parent}")
        if self.journal.exists():
            with self._study(space, 0):
                pass

    def _mark(self, number: int, place: int) -> str:
        """What a trial of the study is known by."""
        return f"{self.name}/{number}/{place}"

    @contextmanager
    def _study(self, space: Space, number: int) -> Iterator[Any]:
        """The study in the journal; a new one if there is none."""
        with quiet_optuna() as optuna:
            try:
                study = self._open(optuna, number)
            except Exception as error:  # of whatever else the file may hold
                raise InputError(
                    f"--journal {self.journal} cannot be used as a journal of Optuna "
                    f"({first_line(error)}): name another file"
                ) from error
            self._check_subject(study, space)
            yield study

    def _check_subject(self, study: Any, space: Space) -> None:
        """Refuse a study of other scores or of another space."""
        words = f"{self.subject}: {dict(space)}"
        stored = study.user_attrs.get(_WORDS)
        if stored is None:
            study.set_user_attr(_WORDS, words)
        elif stored != words:
            raise InputError(
                f"--journal {self.journal} is of another search ({stored}), not of {words}: name "
                "another file"
            )

    def _open(self, optuna: Any, number: int) -> Any:
        from optuna.storages.journal import JournalFileBackend

        storage = optuna.storages.JournalStorage(JournalFileBackend(str(self.journal)))
        study = optuna.create_study(storage=storage, study_name="dl", load_if_exists=True)
        # Searches that begin at once find the same study, and must not draw the same from it.
        study.sampler = make_sampler(
            self.own.seed, number, len(study.trials), zlib.crc32(self.name.encode())
        )
        return study


def _marked(study: Any) -> dict[str, Any]:
    """The trials of all searches by their marks."""
    return {trial.user_attrs[_MARK]: trial for trial in study.trials if _MARK in trial.user_attrs}
