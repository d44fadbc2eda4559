"""Nothing that a run's folder holds leads out of it, and `~` and links are what people mean."""

import json
import os
import shutil
from pathlib import Path

import pytest

import dl
from dl.cli import main
from dl.errors import InputError
from dl.runs.folder import check_stays_inside


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small finished run."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    words = f"run perceptron_xor --epochs 1 --quiet --run-dir {folder}"
    assert main("experiments", words.split()) == 0
    return folder


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("metrics.jsonl", "/etc/hostname"),
        ("config.json", "../config.json"),
        ("checkpoints", "../elsewhere"),
        ("damaged", ".."),
        ("samples", "/nowhere/at/all"),
        ("profile/deep/link", "../../../out"),
        ("metrics.jsonl.tmp", "../own.txt"),
    ],
)
def test_a_link_out_of_the_folder_is_refused(
    run: Path, tmp_path: Path, name: str, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    shutil.move(work / "config.json", tmp_path / "config.json")
    shutil.copy(tmp_path / "config.json", work / "config.json")
    place = work / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)
    for verb in ("evaluate", "resume"):
        assert main("experiments", [verb, "work"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert f"work/{name} is a link that leaves the folder of the run" in said


def test_a_new_run_follows_no_link_of_an_old_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.txt").write_text("mine")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").symlink_to("../own.txt")
    assert main("experiments", ["run", "perceptron_xor", "--run-dir", "run"]) == 2
    assert "run/lock is a link that leaves the folder" in capsys.readouterr().err
    assert (tmp_path / "own.txt").read_text() == "mine"


def test_links_inside_the_folder_are_taken(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    (work / "newest").symlink_to("checkpoints")
    assert dl.load(work).step == dl.load(run).step


def test_what_is_no_file_is_refused_before_it_is_read(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    (work / "config.json").unlink()
    os.mkfifo(work / "config.json")  # reading it would wait for ever
    with pytest.raises(InputError, match=r"config.json is neither a file nor a folder: remove it"):
        dl.load(work)
    check_stays_inside(run)


@pytest.mark.parametrize("words", [["--run-dir=~/mine"], ["--run-dir", "~/mine"]])
def test_the_home_folder_is_meant(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["run", "perceptron_xor", "--epochs", "1", "--quiet", *words]) == 0
    assert (tmp_path / "mine" / "result.json").exists()
    assert not (tmp_path / "~").exists()
    assert main("experiments", ["evaluate", "~/mine"]) == 0
    assert dl.load("~/mine").step == 4
    capsys.readouterr()
    assert main("experiments", ["evaluate", "~nobody-of-this-name/run"]) == 2
    assert "write the whole path" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["link", "link/below"])
def test_a_dangling_link_is_refused(
    tmp_path: Path, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to("gone")
    assert main("experiments", ["run", "perceptron_xor", "--run-dir", where]) == 2
    said = capsys.readouterr().err
    assert "link is a link to gone, which does not exist; make that folder" in said
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_link_to_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    words = "run perceptron_xor --epochs 1 --quiet --run-dir link"
    assert main("experiments", words.split()) == 0
    assert (tmp_path / "disk" / "result.json").exists()


def test_names_from_a_folder_move_no_cursor(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run, work := tmp_path / "work")
    stored = json.loads((work / "config.json").read_text())
    stored["options"]["dataset"] = "\x1b]0;owned\x07\u202e\x9b2J"
    (work / "config.json").write_text(json.dumps(stored))
    for verb in ("evaluate", "resume", "baselines"):
        (work / "result.json").unlink(missing_ok=True)
        assert main("experiments", [verb, "work"]) in (1, 2)
        said = capsys.readouterr()
        assert not set("\x1b\x07\u202e\x9b") & set(said.out + said.err)
