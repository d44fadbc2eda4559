"""What the pages print is what their code prints."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from dl.cli import main

DOCS = Path(__file__).resolve().parents[1] / "docs"
GUIDE = (DOCS / "own_experiments.md").read_text(encoding="utf-8")
BLOCKS = re.compile(r"```python\n(.*?)```\n\n```\n(.*?)```", re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["horizon.md"])
def test_code_prints_what_stands_below_it(page: str) -> None:
    blocks = BLOCKS.findall((DOCS / page).read_text(encoding="utf-8"))
    assert len(blocks) == 3
    names: dict[str, object] = {}
    for code, expected in blocks:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, page, "exec"), names)
        printed = [value_of(word) for word in out.getvalue().split()]
        # Of most numbers one digit is printed, which another processor may round the other way.
        assert printed == [
            pytest.approx(value, rel=0.3, abs=0) if isinstance(value, float) else value
            for value in map(value_of, expected.split())
        ]


@pytest.mark.slow
def test_the_guide_s_notebook_prints_what_stands_below_it() -> None:
    ((code, expected),) = BLOCKS.findall(GUIDE)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "own_experiments.md", "exec"), {})
    assert out.getvalue() == expected


@pytest.mark.slow
def test_the_guide_to_search_prints_what_stands_below_its_code() -> None:
    blocks = BLOCKS.findall((DOCS / "search.md").read_text(encoding="utf-8"))
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for code, expected in blocks:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, "search.md", "exec"), names)
        assert out.getvalue() == expected


def test_the_report_of_the_page_is_what_is_printed() -> None:
    ((code, expected),) = BLOCKS.findall((DOCS / "metrics.md").read_text(encoding="utf-8"))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "metrics.md", "exec"), {})
    assert out.getvalue() == expected


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


def value_of(word: str) -> float | str:
    return float(word) if re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", word) else word


def test_files_that_the_design_names_exist() -> None:
    page = (DOCS / "design.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", page)
    ours = [path for path in paths if path.endswith(".py") or path.startswith("dl/")]
    assert len(ours) > 10
    root = DOCS.parent
    assert not [
        path for path in ours if not ((root / path).exists() or (root / "dl" / path).exists())
    ]
