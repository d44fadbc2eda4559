"""What the README says works as it stands."""

import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dl
import dl.train.parallel
from dl.cli.catalog import Catalog
from dl.inspect.cost.published import PUBLISHED
from dl.runs.manifest import DISTRIBUTION

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")


@pytest.fixture
def run_example(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Runs the example that calls this function, on one device instead of the eight of tests."""
    monkeypatch.setattr(
        dl.train.parallel.jax, "local_devices", lambda: dl.train.parallel.jax.devices()[:1]
    )

    def run(function: str) -> dict[str, Any]:
        examples = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
        (code,) = (example for example in examples if function in example)
        names: dict[str, Any] = {}
        exec(compile(code, "README.md", "exec"), names)
        return names

    return run


@pytest.mark.slow
def test_library_example_runs(
    capsys: pytest.CaptureFixture[str], run_example: Callable[[str], dict[str, Any]]
) -> None:
    names = run_example("dl.load_data")
    assert "Record(step=200, epoch=5.0, split='validation'" in capsys.readouterr().out
    assert names["trained"].history[-1].values["accuracy"] > 0.9
    assert names["maps"].shape == (4, 24, 24, 20)
    assert names["pixels"].shape == (4, 28, 28)


@pytest.mark.slow
def test_own_data_and_own_net_are_trained(run_example: Callable[[str], dict[str, Any]]) -> None:
    names = run_example("dl.make_dataset")
    assert names["data"].spec.classes == 3
    last = names["trained"].history[-1]
    assert last.split == "validation"
    assert last.values["accuracy"] > 0.9


def test_commands_name_experiments_and_options_that_exist() -> None:
    catalog = Catalog("experiments")
    command = r"(run|show) ([a-z]\w*)(?![\w/])((?: --[\w-]+(?: [^\s|`-][^\s|`]*)?)*)"
    commands = re.findall(f"python -m experiments {command}", README)
    assert len(commands) >= 4
    measured = [f"run {row[0].strip('`')}" for row in experiment_rows(RESULTS)]
    commands += re.findall(command, "\n".join(measured))
    for verb, name, words in commands:
        if verb == "show" and name in PUBLISHED:
            continue
        catalog.require(name)
        known = {
            f"--{field.replace('_', '-')}"
            for field in catalog.load(name).options.__dataclass_fields__
        }
        known |= {"--run-dir", "--seeds", "--quiet", "--help", "--init-from", "--freeze"}
        assert {word for word in shlex.split(words) if word.startswith("--")} <= known


def test_figures_are_those_of_the_page_of_results() -> None:
    rows = experiment_rows(README)
    assert len(rows) >= 8
    for name, _, figure, seconds in rows:
        measured = [row[2:4] for row in experiment_rows(RESULTS) if row[0] == name]
        assert [figure, seconds] in measured, name


def test_every_experiment_is_in_the_results_tables() -> None:
    listed = {row[0].strip("`").split()[0] for row in experiment_rows(RESULTS)}
    assert set(Catalog("experiments").names()) == listed


def test_results_say_how_they_were_measured() -> None:
    for name, _, figure, *rest in experiment_rows(RESULTS):
        assert len(rest) == 4, name
        assert all(rest) or figure == "not measured", name


def experiment_rows(page: str) -> list[list[str]]:
    """The rows, as cells, of the tables whose first column is headed "experiment"."""
    tables = re.findall(r"^\| experiment \|.*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    lines = [line for table in tables for line in table.splitlines()]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def test_the_distribution_is_called_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == DISTRIBUTION
    assert f"`{DISTRIBUTION}`" in README
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    own = [name.partition("[")[0] for name in extras if name.startswith("dl")]
    assert set(own) == {DISTRIBUTION}
    for extra in re.findall(r"-e '\.\[(\w+)\]'|'\.\[(\w+)\]'", README):
        assert max(extra) in project["optional-dependencies"]


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/results.md",
        "docs/design.md",
        "docs/own_experiments.md",
        "docs/lectures.md",
    ],
)
def test_files_that_are_linked_exist(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target
