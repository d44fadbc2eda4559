"""Each block of code in README, CONTRIBUTING and docs/ runs, or says why it does not."""

import contextlib
import io
import re
from pathlib import Path

import cyclopts
import pytest
from code_blocks import PAGES, Block, blocks, shown_by_sphinx
from command_lines import check_command, commands

import dl
import dl.train.parallel

ELSEWHERE = {
    "README.md": "tests/test_readme.py",
    "docs/lectures.md": "tests/lectures/test_points.py",
}
"""Pages whose Python is run by a test of their own."""
QUICK = ["docs/metrics.md", "docs/own_experiments.md"]
"""Pages whose Python runs with the quick tests."""
ROUGH = ["docs/horizon.md"]
"""Pages that print numbers of one digit, which another processor may round the other way."""

ALL = [block for page in PAGES for block in blocks(page) if not shown_by_sphinx(block)]
PYTHON = {
    page: of_page
    for page in PAGES
    if page not in ELSEWHERE
    and (of_page := [b for b in ALL if b.page == page and b.language == "python" and not b.reason])
}
SHELL = [block for block in ALL if block.language in ("", "bash", "console") and not block.reason]


def test_every_block_is_tried_or_has_a_reason() -> None:
    tried = {"python", "", "bash", "console", "diff"}
    assert not [str(block) for block in ALL if block.language not in tried and not block.reason]
    assert not [str(block) for block in ALL if block.reason and len(block.reason.split()) < 3]


def test_pages_that_are_run_elsewhere_are_read_there() -> None:
    for page, test in ELSEWHERE.items():
        assert page in Path(test).read_text(encoding="utf-8")


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_commands_are_understood(block: Block, experiment_file: Path) -> None:
    assert block.text.strip()
    for words in commands(block.text):
        try:
            check_command(words)
        except (cyclopts.CycloptsError, dl.InputError) as error:
            pytest.fail(f"{block}: {' '.join(words)}: {error}")


@pytest.fixture
def experiment_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the experiment that the guide writes."""
    (code,) = [
        block.text for block in blocks("docs/own_experiments.md") if "class Net" in block.text
    ]
    path = tmp_path / "my_experiment.py"
    path.write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return path


@pytest.mark.parametrize(
    "page",
    [page if page in QUICK else pytest.param(page, marks=pytest.mark.slow) for page in PYTHON],
)
def test_python_prints_what_stands_below_it(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocks of a page are one program, run in an empty folder on one device."""
    devices = dl.train.parallel.jax.devices()[:1]
    monkeypatch.setattr(dl.train.parallel.jax, "local_devices", lambda: devices)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "page"}
    for block in PYTHON[page]:
        out = io.StringIO()
        code = "\n" * block.line + block.text  # a traceback names the line of the page
        with contextlib.redirect_stdout(out):
            exec(compile(code, page, "exec"), names)
        if block.expected is not None:
            compare(out.getvalue(), block.expected, rough=page in ROUGH)


def compare(printed: str, expected: str, *, rough: bool) -> None:
    if not rough:
        assert printed == expected
        return
    assert [value_of(word) for word in printed.split()] == [
        pytest.approx(value, rel=0.3, abs=0) if isinstance(value, float) else value
        for value in map(value_of, expected.split())
    ]


def value_of(word: str) -> float | str:
    return float(word) if re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", word) else word
