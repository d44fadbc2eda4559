"""Optuna as a strategy: the same spaces, the same candidates again, a shared study."""

import builtins
import math
from pathlib import Path
from typing import Any

import pytest

from dl.errors import InputError
from dl.runs.shared_study import SharedSearch
from dl.search import Candidate, Choice, LogUniform, OptunaSearch, Trial, Uniform, Whole, minimise

optuna = pytest.importorskip("optuna", reason="the extra `search` is not installed")
SPACE = {
    "learning_rate": LogUniform(1e-6, 10.0),
    "momentum": Uniform(0.0, 0.9),
    "batch_size": Whole(8, 64, log=True),
    "optimizer": Choice(("sgd", "adam")),
    "decoupled": Choice((True, False)),
}


def score(candidates: list[Candidate]) -> list[float]:
    """Lowest at a rate of 10⁻³; infinite above a rate of 1."""
    rates = [each["learning_rate"] for each in candidates]
    return [math.inf if rate > 1 else (math.log10(rate) + 3) ** 2 for rate in rates]


def test_candidates_lie_in_the_space() -> None:
    found = minimise(score, SPACE, OptunaSearch(40, stages=4))
    kinds = {name: type(value) for name, value in found.trials[0].values.items()}
    assert [*kinds.values()] == [float, float, int, str, bool]
    for trial in found.trials:
        assert 1e-6 <= trial.values["learning_rate"] <= 10
        assert 8 <= trial.values["batch_size"] <= 64
    assert len({trial.values["optimizer"] for trial in found.trials}) == 2


def test_a_batch_follows_from_the_trials_before_it() -> None:
    strategy = OptunaSearch(12, stages=3, seed=7)
    found = minimise(score, SPACE, strategy)
    assert strategy.rounds(SPACE) == [4, 4, 4]
    for number in range(3):
        before = [trial for trial in found.trials if trial.round < number]
        drawn = strategy.draw(SPACE, number, before)
        made = [trial.values for trial in found.trials if trial.round == number]
        assert [each.values for each in drawn] == made
    assert minimise(score, SPACE, OptunaSearch(12, stages=3, seed=8)).trials != found.trials


def test_it_learns_where_the_valley_is() -> None:
    space = {"learning_rate": SPACE["learning_rate"]}
    trials = minimise(score, space, OptunaSearch(40, stages=20, seed=0)).trials
    near = [abs(math.log10(trial.values["learning_rate"]) + 3) < 1 for trial in trials]
    assert sum(near[20:]) > sum(near[:20])


def told(strategy: SharedSearch, number: int, before: list[Trial]) -> list[Trial]:
    """A round of a shared search: drawn, scored and told."""
    drawn = strategy.draw(SPACE, number, before)
    trials = [
        Trial(len(before) + place, number, each.values, value)
        for place, (each, value) in enumerate(zip(drawn, score(drawn), strict=True))
    ]
    strategy.tell(SPACE, number, trials)
    return trials


def test_searches_share_a_study_through_a_file(tmp_path: Path) -> None:
    journal = tmp_path / "study.log"
    left, right = (
        SharedSearch(OptunaSearch(4, stages=2), journal, name, "moons by loss") for name in "ab"
    )
    of_left = told(left, 0, [])
    of_right = told(right, 0, [])
    assert [each.values for each in of_left] != [each.values for each in of_right]
    # What was drawn stays, for a search that is interrupted.
    assert [each.values for each in left.draw(SPACE, 0, [])] == [each.values for each in of_left]
    of_left += told(left, 1, of_left)
    told(left, 1, of_left[:2])  # again, as a resumed search does
    study = open_study(journal)
    assert len(study.trials) == 6
    assert {trial.state.name for trial in study.trials} == {"COMPLETE"}


def test_searches_that_begin_at_once_draw_different_trials(tmp_path: Path) -> None:
    drawn = [
        SharedSearch(OptunaSearch(3, stages=1), tmp_path / own, own, "moons by loss").draw(
            SPACE, 0, []
        )
        for own in "ab"  # a journal of its own for each: both are empty
    ]
    assert not [each for each in drawn[0] if each in drawn[1]]


def open_study(journal: Path) -> Any:
    backend = optuna.storages.journal.JournalFileBackend(str(journal))
    return optuna.load_study(study_name="dl", storage=optuna.storages.JournalStorage(backend))


def test_a_journal_of_another_search_is_refused(tmp_path: Path) -> None:
    journal, own = tmp_path / "study.log", OptunaSearch(2, stages=1)
    told(SharedSearch(own, journal, "a", "moons by loss"), 0, [])
    with pytest.raises(InputError, match="is of another search"):
        SharedSearch(own, journal, "a", "xor by loss").check(SPACE)
    with pytest.raises(InputError, match="is of another search"):
        SharedSearch(own, journal, "a", "moons by loss").check({"momentum": SPACE["momentum"]})
    journal.write_text("no journal\n")
    with pytest.raises(InputError, match="cannot be used as a journal of Optuna"):
        SharedSearch(own, journal, "a", "moons by loss").check(SPACE)
    with pytest.raises(InputError, match="there is no folder"):
        SharedSearch(own, tmp_path / "none" / "study.log", "a", "moons by loss").check(SPACE)
    assert SharedSearch(own, tmp_path / "new.log", "a", "").check(SPACE) is None
    assert not (tmp_path / "new.log").exists()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def without(name: str, *args: Any, **how: Any) -> Any:
        if name == "optuna":
            raise ImportError(name)
        return original(name, *args, **how)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'dl-lectures\[search\]'"):
        OptunaSearch(4)


def test_more_stages_than_trials_are_refused() -> None:
    with pytest.raises(InputError, match="2 trials are too few for 4 stages"):
        OptunaSearch(2)
