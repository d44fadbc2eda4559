"""The guide's experiment runs, and the design names files that exist."""

import re
from pathlib import Path

import pytest

from dl.cli import main

DOCS = Path(__file__).resolve().parents[1] / "docs"
GUIDE = (DOCS / "own_experiments.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_guide_s_experiment_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = re.findall(r"```python\n(\"\"\"My net.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "my_experiment.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    words = "--channels 2 --epochs 1 --train-examples 64 --devices 1 --quiet --run-dir runs/mine"
    assert main("experiments", ["run", "./my_experiment.py", *words.split()]) == 0
    verb = next(line for line in GUIDE.splitlines() if "experiments evaluate" in line)
    assert main("experiments", verb.split()[3:]) == 0
    assert "accuracy" in capsys.readouterr().out


def test_files_that_the_design_names_exist() -> None:
    page = (DOCS / "design.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", page)
    ours = [path for path in paths if path.endswith(".py") or path.startswith("dl/")]
    assert len(ours) > 10
    root = DOCS.parent
    assert not [
        path for path in ours if not ((root / path).exists() or (root / "dl" / path).exists())
    ]
