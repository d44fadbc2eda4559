"""A search on disk: interrupted, damaged, diverged, and its best as a run."""

import csv
import io
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from started_runs import ROOT, command, finish

import dl
from dl.cli import main
from dl.errors import DivergedError, InputError
from dl.runs.experiment import load_experiment
from dl.runs.run import start_run
from dl.runs.search import check_search, run_search
from dl.runs.search_folder import Search, SearchFolder, open_search, write_search
from dl.train.interrupt import StopRequest

MOONS = load_experiment("experiments.logistic_moons")
WORDS = "search logistic_moons --epochs 2 --batch-size 50 --devices 1 --quiet --trials 5 "
VARY = "--vary learning_rate=log:0.01..10 --vary batch_size=50,100"


def moons(vary: dict[str, str], **how: Any) -> Search:
    changes = {name: how.pop(name) for name in ("patience", "members", "accumulate") if name in how}
    options = MOONS.options(epochs=2, batch_size=50, devices=1, **changes)
    return Search(MOONS, options, vary, **how)


def make(
    search: Search, path: Path, tell: Callable[[str], None] = lambda line: None
) -> dl.search.Found | None:
    search, folder = check_search(search), SearchFolder(path)
    path.mkdir()
    write_search(search, folder)
    return run_search(search, folder, stop=StopRequest(), show=False, tell=tell)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished search of two stages, with groups of several trials and of one."""
    folder = tmp_path_factory.mktemp("searches") / "moons"
    words = f"{WORDS} {VARY} --method coarse-to-fine --stages 2 --search-dir {folder}"
    assert main("experiments", words.split()) == 0
    return folder


@pytest.fixture
def copied(searched: Path, tmp_path: Path) -> Path:
    return shutil.copytree(searched, tmp_path / "search")


def trials_in(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_every_trial_is_as_good_as_a_run_of_its_own(searched: Path, tmp_path: Path) -> None:
    sizes = [len([*each]) for each in (trials_in(searched), (searched / "groups").iterdir())]
    assert sizes[0] == 5 > sizes[1]  # some were trained side by side
    for trial in trials_in(searched):
        options = MOONS.options(epochs=2, devices=1, **trial["values"])
        alone = tmp_path / str(trial["number"])
        start_run(MOONS, options, run_dir=alone, stop=StopRequest(), show=False)
        expected = dl.load(alone).history[-1].values
        member = dl.load(searched / trial["where"]).members[trial["member"]]
        assert member.history[-1].values == pytest.approx(expected, rel=1e-5)
        assert trial["score"] == pytest.approx(-expected["accuracy"], rel=1e-6)


def test_the_table_has_the_best_first(searched: Path) -> None:
    rows = [*csv.DictReader(io.StringIO((searched / "trials.csv").read_text()))]
    scores = sorted(trial["score"] for trial in trials_in(searched))
    assert [-float(row["accuracy"]) for row in rows] == pytest.approx(scores)
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", "5"]


def test_the_best_is_a_run_like_any_other(
    searched: Path, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best = copied / "best"
    stored = json.loads((best / "result.json").read_text())["metrics"]
    capsys.readouterr()
    assert main("experiments", ["evaluate", str(best)]) == 0
    assert json.loads(capsys.readouterr().out) == pytest.approx(stored["test"], rel=1e-6)
    score = min(trial["score"] for trial in trials_in(copied))
    assert stored["validation"]["accuracy"] == pytest.approx(-score)
    assert main("experiments", ["resume", str(best)]) == 0
    assert "finished already" in capsys.readouterr().err
    trained = dl.load(best)
    assert trained.options.members == 1
    assert trained.probabilities(np.zeros((3, 2), np.float32)).shape == (3, 1)


def test_a_finished_search_is_only_read_again(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.read_bytes() for path in copied.rglob("*.json*")}
    assert main("experiments", ["resume", str(copied), "--quiet"]) == 0
    assert capsys.readouterr().out.startswith("rank")
    assert {path: path.read_bytes() for path in copied.rglob("*.json*")} == before


@pytest.mark.parametrize(
    "group", [pytest.param(0, marks=pytest.mark.slow), 1, pytest.param(2, marks=pytest.mark.slow)]
)
def test_a_search_that_was_stopped_ends_like_a_whole_one(
    searched: Path, tmp_path: Path, group: int
) -> None:
    _, search = open_search(searched, package="experiments")
    folder, stop, told = SearchFolder(tmp_path / "stopped"), StopRequest(), []
    folder.path.mkdir()
    write_search(search, folder)

    def tell(line: str) -> None:
        told.append(line)
        if len(told) == group + 1:
            stop.number = signal.SIGTERM

    assert run_search(search, folder, stop=stop, show=False, tell=tell) is None
    assert len(told) == group + 1
    found = run_search(search, folder, stop=StopRequest(), show=False)
    assert found is not None
    for name in ("trials.jsonl", "trials.csv", "search.json"):
        assert (folder.path / name).read_bytes() == (searched / name).read_bytes()


_MARKS = (
    "search.json",
    "groups/0-000/config.json",
    "groups/0-000/metrics.jsonl",
    "trials.jsonl",
    "groups/1-000/metrics.jsonl",
)
"""The search is killed as soon as each of these files is there."""


@pytest.mark.slow
def test_a_search_that_is_killed_again_and_again_ends_like_a_whole_one(
    searched: Path, tmp_path: Path
) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    words = f"{WORDS} {VARY} --method coarse-to-fine --stages 2 --search-dir".split()
    finish([*words, str(whole)])
    died = 0
    for mark in _MARKS:
        started = (killed / "search.json").exists()
        again = ["resume", str(killed), "--quiet"] if started else [*words, str(killed)]
        process = subprocess.Popen(command(*again), cwd=ROOT, stdout=-3, stderr=-3)
        while process.poll() is None and not (killed / mark).exists():
            time.sleep(0.01)
        process.kill()
        died += process.wait() == -signal.SIGKILL
    finish(["resume", str(killed), "--quiet"])
    assert died >= 3
    for name in ("trials.jsonl", "trials.csv", "search.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


def test_a_diverged_trial_ranks_last_and_ends_nothing(tmp_path: Path) -> None:
    # An infinite training loss counts too: the accuracy of this net is not the worst.
    vary = {"learning_rate": "0.1,1e38", "accumulate": "1,2"}
    told: list[str] = []
    found = make(moons(vary, method="grid", trials=4), tmp_path / "search", told.append)
    assert found is not None
    assert [trial.score for trial in found.trials][2:] == [np.inf, np.inf]
    assert found.best.values["learning_rate"] == 0.1
    assert [row[-1] for row in found.table().rows][2:] == [None, None]
    assert (tmp_path / "search" / "best" / "result.json").exists()


def test_all_diverged_is_said_and_the_table_kept(tmp_path: Path) -> None:
    search = moons({"learning_rate": "1e38,2e38"}, method="grid", trials=2)
    folder = SearchFolder(tmp_path / "search")
    says = r"all 2 trials have diverged.*trials\.csv"
    with pytest.raises(DivergedError, match=says):
        make(search, folder.path)
    with pytest.raises(DivergedError, match=says):  # now from the files
        run_search(check_search(search), folder, stop=StopRequest(), show=False)
    assert folder.table.read_text().count("\n") == 3


def test_nets_that_stop_early_are_trained_one_by_one(tmp_path: Path) -> None:
    search = moons({"learning_rate": "0.1,0.2"}, patience=1)
    assert check_search(search).side_by_side == 1
    assert check_search(replace(search, options=MOONS.options())).side_by_side == 16


@pytest.mark.slow
def test_nets_that_stop_early_are_compared_where_they_validated_best(tmp_path: Path) -> None:
    search = moons({"learning_rate": "1.0,3.0"}, patience=2, metric="loss", method="grid", trials=2)
    search = replace(search, options=replace(search.options, epochs=30))
    found = make(search, tmp_path / "search")
    assert found is not None
    for trial in found.trials:
        trained = dl.load(tmp_path / "search" / trial.where)
        losses = trained.curve("validation", "loss")[1]
        assert min(losses) < losses[-1]
        assert trial.score == min(losses)
        assert trained.evaluate("validation")["loss"] == pytest.approx(trial.score, rel=1e-6)


@pytest.mark.parametrize(
    ("search", "says"),
    [
        (moons({}), "a search varies at least one option"),
        (moons({"learning_rate": "0.1,0.2"}, members=3), "leave --members out"),
        (moons({"learning_rate": "0.1,0.2"}, metric="acuracy"), "did you mean accuracy?"),
        (moons({"epochs": "1..3"}, method="halving"), "halving gives the epochs itself"),
        (moons({"learning_rate": "0.1,0.2"}, method="halving"), "needs at least 9 epochs, not 2"),
        (moons({"learning_rate": "0.1,0.2"}, method="grid", trials=1), "too few for a grid of 2"),
        (
            moons({"batch_size": "log:20..100"}, accumulate=2, method="coarse-to-fine"),
            "batch_size may become 21: accumulate is 2; it must divide the batch size, 21",
        ),
        (moons({"learning_rate": "0.1,0.2"}, journal="a.log"), "--journal is for --method optuna"),
    ],
)
def test_searches_that_cannot_be_made(search: Search, says: str) -> None:
    with pytest.raises(InputError) as caught:
        check_search(search)
    assert says in str(caught.value)


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def edit_trial(folder: Path, number: int, **changes: Any) -> None:
    lines = trials_in(folder)
    lines[number].update(changes)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "trials.jsonl").write_text(text)


DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "cut": (lambda x: (x / "search.json").write_text('{"experiment":'), "search.json is broken"),
    "empty": (lambda x: (x / "search.json").write_text("[]"), "it must be an object"),
    "method": (lambda x: edit(x / "search.json", method="gird"), "method is 'gird': did you mean"),
    "trials": (lambda x: edit(x / "search.json", trials=0), "trials is 0; it must be at least 1"),
    "vary": (lambda x: edit(x / "search.json", vary={}), "varies at least one option"),
    "range": (lambda x: edit(x / "search.json", vary={"learning_rate": "1..0"}), "not from 1 to 0"),
    "options": (lambda x: edit(x / "search.json", options={"epochs": "no"}), "options.epochs is"),
    "module": (lambda x: edit(x / "search.json", module="os.path"), "no experiment of the package"),
    "inside": (
        lambda x: edit(x / "search.json", module="stranger"),
        "no experiment of the package",
    ),
    "file": (lambda x: edit(x / "search.json", module="file:stranger.py"), "--experiment"),
    "name": (lambda x: edit(x / "search.json", experiment="mlp_xor"), "experiment is 'mlp_xor'"),
    "metric": (lambda x: edit(x / "search.json", metric="x"), "there is no metric x"),
    "space": (
        lambda x: edit(x / "search.json", vary={"learning_rate": "1..2", "batch_size": "50,100"}),
        "is not the one that this search makes there",
    ),
    "line": (lambda x: (x / "trials.jsonl").write_text("{\n{}\n"), "line 1 is broken"),
    "score": (lambda x: edit_trial(x, 0, score="good"), "score is 'good'; it must be a number"),
    "nan": (lambda x: edit_trial(x, 0, score=None), "it must be a number"),
    "values": (lambda x: edit_trial(x, 1, values={"learning_rate": 7.0}), "is not the one that"),
    "where": (lambda x: edit_trial(x, 1, where="../../elsewhere"), "is not the one that this"),
    "member": (lambda x: edit_trial(x, 0, member=9), "is not the one that this search makes"),
    "result": (lambda x: edit(x / "best" / "result.json", metrics=[]), "result.json"),
    "link": (lambda x: (x / "groups" / "9").symlink_to("/tmp"), "is a link that leaves the folder"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_or_a_strangers_search_is_one_line_and_runs_no_code(
    copied: Path, kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("best", "trials.csv") if kind == "metric" else ():
        shutil.rmtree(copied / name, ignore_errors=True)
    if kind == "metric":
        (copied / "trials.jsonl").unlink()
    (copied / "stranger.py").write_text("raise SystemExit('code of a stranger was run')")
    monkeypatch.chdir(copied)
    damage, says = DAMAGE[kind]
    damage(copied)
    capsys.readouterr()
    code = main("experiments", ["resume", str(copied), "--quiet"])
    out, err = capsys.readouterr()
    said = ("searching in", "round", f"{copied / 'search.json'} was changed since")
    lines = [line for line in err.splitlines() if not line.startswith(said)]
    assert (code, out) == (2, "")
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert says in lines[0]


def test_a_file_that_has_to_be_named_is_no_damage(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(copied / "search.json", module="file:stranger.py")
    assert main("experiments", ["resume", str(copied), "--quiet"]) == 2
    err = capsys.readouterr().err
    assert "add --experiment stranger.py" in err
    assert "broken" not in err


def test_lost_trials_are_read_from_the_runs_again(searched: Path, copied: Path) -> None:
    lines = (copied / "trials.jsonl").read_text().splitlines(keepends=True)
    (copied / "trials.jsonl").write_text("".join(lines[:1] + lines[2:4]))
    assert main("experiments", ["resume", str(copied), "--quiet"]) == 0
    assert (copied / "trials.jsonl").read_bytes() == (searched / "trials.jsonl").read_bytes()


def test_a_group_of_another_training_is_refused(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "trials.jsonl").unlink()
    first, second = sorted((copied / "groups").iterdir())[:2]
    shutil.rmtree(first)
    shutil.copytree(second, first)
    assert main("experiments", ["resume", str(copied), "--quiet"]) == 2
    assert "holds another training than this search makes there" in capsys.readouterr().err
