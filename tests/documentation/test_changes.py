"""The changes that docs/adding/ shows can be applied to the code as it is, and do what they say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from code_blocks import ROOT, blocks

PAGES = ["docs/adding/model.md", "docs/adding/data_set.md", "docs/adding/experiment.md"]
COPIED = ["dl", "experiments", "tests", "benchmarks", "conftest.py", "pyproject.toml"]


def change(page: str) -> str:
    """The one change that a page shows."""
    (diff,) = [block.text for block in blocks(page) if block.language == "diff"]
    return diff


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "GIT_CEILING_DIRECTORIES": str(folder)}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code with all three changes."""
    folder = tmp_path_factory.mktemp("changed")
    for name in COPIED:
        if (ROOT / name).is_dir():
            leave = shutil.ignore_patterns("__pycache__", "*.npz")
            shutil.copytree(ROOT / name, folder / name, ignore=leave)
        else:
            shutil.copy(ROOT / name, folder / name)
    for number, page in enumerate(PAGES):
        (folder / f"{number}.patch").write_text(change(page), encoding="utf-8")
        applied = run(["git", "apply", f"{number}.patch"], folder)
        assert applied.returncode == 0, f"{page}: {applied.stderr}"
    return folder


def test_the_changes_fit_the_code(changed: Path) -> None:
    assert "maxout" in (changed / "dl/models/__init__.py").read_text()
    assert "rings" in (changed / "dl/data/load.py").read_text()
    listed = run([sys.executable, "-m", "experiments", "list"], changed)
    assert "maxout_rings" in listed.stdout, listed.stderr


@pytest.mark.slow
def test_their_tests_pass(changed: Path) -> None:
    files = [
        "tests/models/test_models.py",
        "tests/data/readers/test_rings.py",
        "dl/models/maxout.py",
    ]
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-k", "maxout or rings", *files]
    told = run(command, changed)
    assert told.returncode == 0, told.stdout
    assert " passed" in told.stdout


@pytest.mark.slow
def test_the_experiment_makes_two_steps(changed: Path, tmp_path: Path) -> None:
    words = "run maxout_rings --epochs 1 --train-examples 60 --devices 1 --quiet --run-dir"
    command = [sys.executable, "-m", "experiments", *words.split(), str(tmp_path / "run")]
    told = run(command, changed)
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "run" / "result.json").exists()
    assert '"step": 2,' in (tmp_path / "run" / "metrics.jsonl").read_text()
