"""`export RUN`: a folder and its path, and wrong input in one line."""

from pathlib import Path

import pytest

from dl.cli import main

Captured = pytest.CaptureFixture[str]


def refused(words: str, capsys: Captured) -> str:
    """The one line of error."""
    assert main("experiments", ["export", *words.split()]) == 2
    said = capsys.readouterr()
    assert not said.out
    errors = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    return errors[0]


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_is_exported_into_a_folder_of_its_name(tmp_path: Path, capsys: Captured) -> None:
    assert main("experiments", ["export", "lenet_digits"]) == 0
    assert capsys.readouterr().out.strip() == "export-lenet_digits"
    assert "0.99444" in (tmp_path / "export-lenet_digits" / "README.md").read_text()
    assert "holds something already" in refused("lenet_digits", capsys)


def test_no_such_run(capsys: Captured) -> None:
    assert "no run folder" in refused("runs/nowhere", capsys)


def test_a_run_that_counts_has_no_net(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "a.txt").write_text("the cat sat on the mat. " * 40)
    words = "run ngram_shakespeare --dataset text:a.txt --longest-gram 2 --quiet --run-dir counted"
    assert main("experiments", words.split()) == 0
    capsys.readouterr()
    assert "counts and has no net" in refused("counted --to net", capsys)
    assert not (tmp_path / "net").exists()


def test_a_run_without_a_checkpoint(tmp_path: Path, capsys: Captured) -> None:
    from dl.runs.shipped import shipped_runs

    shipped, begun = shipped_runs()["lenet_digits"], tmp_path / "begun"
    begun.mkdir()
    for name in ("config.json", "manifest.json"):
        (begun / name).write_bytes((shipped / name).read_bytes())
    assert "no checkpoint yet" in refused("begun --to net", capsys)


def test_a_folder_inside_of_the_run(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "begun").mkdir()
    assert "lies in the run's folder" in refused("begun --to begun/net", capsys)


def test_a_file_as_the_folder(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "net").touch()
    assert "is a file" in refused("lenet_digits --to net", capsys)
