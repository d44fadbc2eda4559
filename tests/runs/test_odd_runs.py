"""A damaged run folder: the same figures, or one line that says what is wrong."""

import gc
import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from odd_runs import Case, cases, newest_checkpoint

import dl
from dl.cli import main

pytestmark = pytest.mark.filterwarnings("default")
_DEFAULT_EVERY = 80
"""Of the cases, the default suite tries one in this many."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small finished run with two checkpoints."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    words = "run logistic_moons --epochs 3 --batch-size 50 --checkpoint-every 1 --devices 1 --quiet"
    assert main("experiments", [*words.split(), "--run-dir", str(folder)]) == 0
    return folder


def tried(verb: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main("experiments", [verb, str(folder), *(["--quiet"] if verb == "resume" else [])])
    out, err = capsys.readouterr()
    return code, out, err


def complaint(run: Path, case: Case, work: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What is wrong with how a case ends; nothing when all is well."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(run, work)
    case.damage(work)
    verb = "resume" if case.name.startswith(("result.json", "metrics.jsonl")) else "evaluate"
    code, out, err = tried(verb, work, capsys)
    if "Traceback" in err or "\x1b" in out + err:
        return f"{case.name}: {err}"
    lines = err.strip().splitlines()
    if code in (1, 2):
        return "" if len(lines) == 1 and lines[0].startswith("error: ") else f"{case.name}: {err}"
    wanted = json.loads((run / "result.json").read_text())["metrics"]
    figures = json.loads(out) if verb == "evaluate" else None
    if code == 0 and figures is not None:
        # Other figures, but not in silence.
        told = any(words in err for words in ("taking that of", "ended at step", "was changed"))
        same = figures == pytest.approx(wanted["test"], rel=1e-5)
        return "" if same or told else f"{case.name}: {figures}, {err}"
    same = json.loads((work / "result.json").read_text())["metrics"] == wanted
    return "" if code == 0 and same else f"{case.name}: exit {code}, {err}"


def complaints(
    run: Path, chosen: Iterable[Case], work: Path, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    return [said for case in chosen if (said := complaint(run, case, work, capsys))]


def test_some_damage_is_read_or_refused_in_one_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = [*cases(run)][::_DEFAULT_EVERY]
    assert complaints(run, chosen, tmp_path / "work", capsys) == []


@pytest.mark.slow
def test_all_damage_is_read_or_refused_in_one_line(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert len([*cases(run)]) > 150
    assert complaints(run, cases(run), tmp_path / "work", capsys) == []


@pytest.mark.parametrize("verb", ["evaluate", "resume"])
def test_a_checkpoint_under_another_name_gives_way_to_the_one_before(
    run: Path, tmp_path: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    newest = newest_checkpoint(work)
    newest.rename(newest.with_name("9999"))
    (work / "result.json").unlink()
    code, _, err = tried(verb, work, capsys)
    assert code == 0
    assert f"checkpoint 9999: it is that of step {newest.name} under another name" in err
    if verb == "resume":
        assert "put aside in" in err
        (aside,) = (work / "damaged").iterdir()
        assert aside.name.startswith("9999-")
        assert dl.load(work).step == dl.load(run).step


@pytest.mark.parametrize("notes", ["{}", "[]", "null", '{"checksums": {}}', '{"checksum": 1.5}'])
def test_a_checkpoint_with_other_notes_gives_way_to_the_one_before(
    run: Path, tmp_path: Path, notes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    newest = newest_checkpoint(work)
    (newest / "notes" / "metadata").write_text(notes)
    loaded = dl.load(work)
    assert loaded.step < int(newest.name)
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"checkpoint {newest.name}: ")
    assert said.endswith(f"; taking that of step {loaded.step}")


def test_reads_that_damage_cut_short_print_nothing(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    shapes = newest_checkpoint(work) / "state" / "array_metadatas" / "process_0"
    shapes.write_bytes(bytes(shapes.stat().st_size))
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    assert dl.load(work).step < dl.load(run).step
    gc.collect()
    assert told == []


def test_nothing_is_left_to_take(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    for place in (work / "checkpoints").iterdir():
        (place / "notes" / "metadata").write_text("{}")
    code, out, err = tried("evaluate", work, capsys)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "has no intact checkpoint that can be read (checkpoint" in err


@pytest.mark.parametrize("damage", ["cut", "lost", "none are left"])
def test_the_end_of_a_finished_run_is_made_again(
    run: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    newest = newest_checkpoint(work)
    if damage == "cut":
        (newest / "notes" / "metadata").write_text("{}")
    else:
        shutil.rmtree(newest if damage == "lost" else newest.parent)
    code, _, err = tried("resume", work, capsys)
    assert code == 0
    first = err.splitlines()[0]
    assert first.startswith(f"{work} is finished, but checkpoint {newest.name}")
    assert first.endswith(": training its end again")
    again, before = (json.loads((each / "result.json").read_text()) for each in (work, run))
    assert again["metrics"] == before["metrics"]
    assert dl.load(work).step == dl.load(run).step
    code, _, err = tried("resume", work, capsys)
    assert code == 0
    assert err.startswith(f"{work} is finished already")


def test_records_that_are_none_are_told_and_kept(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    (work / "result.json").unlink()
    (work / "metrics.jsonl").write_bytes(b"\xffgarbage")
    assert dl.load(work).history == []
    assert "metrics.jsonl holds no record, and the history is empty" in capsys.readouterr().err
    code, _, err = tried("resume", work, capsys)
    assert code == 0
    (aside,) = (work / "damaged").iterdir()
    assert f"metrics.jsonl: 1 line that is no record was dropped; {aside} keeps it" in err
    assert aside.read_bytes() == b"\xffgarbage"


def test_lost_records_are_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    (work / "result.json").unlink()
    (work / "metrics.jsonl").unlink()
    code, _, err = tried("resume", work, capsys)
    assert code == 0
    assert "metrics.jsonl lacks the records of 3 of 3 epochs" in err


def test_a_lost_end_is_told(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    shutil.rmtree(newest_checkpoint(work))
    dl.load(work)
    assert "and its newest intact checkpoint is of" in capsys.readouterr().err


def test_an_edited_config_is_told_beside_the_figures(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    stored = json.loads((work / "config.json").read_text())
    stored["options"]["log_every"] = 9
    (work / "config.json").write_text(json.dumps(stored))
    code, _, err = tried("evaluate", work, capsys)
    assert code == 0
    assert "config.json was changed since the run wrote it" in err


def test_another_seed_or_other_data_than_the_first_start_are_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for part, name, value, says in (
        ("options", "seed", 3, "options.seed is 3, and in"),
        ("data", "mean", [0.5], "data.mean is (0.5,), that of moons is (0.0,)"),
        ("data", "train_size", 700, "data.train_size is 700, that of moons is 900"),
    ):
        shutil.rmtree(tmp_path / "work", ignore_errors=True)
        shutil.copytree(run, work := tmp_path / "work")
        stored = json.loads((work / "config.json").read_text())
        stored[part][name] = value
        (work / "config.json").write_text(json.dumps(stored))
        code, _, err = tried("evaluate", work, capsys)
        assert code == 2
        assert says in err


def test_load_computes_no_parameters_that_it_overwrites(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jax

    import dl.train.state as state

    seen = []
    original = state.init_state

    def init_state(*args: object, **how: object) -> object:
        made = original(*args, **how)  # type: ignore[arg-type]
        seen.append(made.step)
        return made

    monkeypatch.setattr(state, "init_state", init_state)
    dl.load(run)
    assert seen
    assert all(isinstance(step, jax.core.Tracer) for step in seen)
