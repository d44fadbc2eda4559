"""What the README says works as it stands."""

import re
import shlex
from pathlib import Path

import pytest

import dl
import dl.train.parallel
from dl.cli.catalog import Catalog
from dl.inspect.cost.published import PUBLISHED

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_library_example_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, object] = {}
    # One device instead of the eight that tests have: this is about the text.
    monkeypatch.setattr(
        dl.train.parallel.jax, "local_devices", lambda: dl.train.parallel.jax.devices()[:1]
    )
    exec(compile(code, "README.md", "exec"), names)
    assert "Record(step=200, epoch=5.0, split='validation'" in capsys.readouterr().out
    assert names["fit"].history[-1].values["accuracy"] > 0.9  # type: ignore[attr-defined]


def test_commands_name_experiments_and_options_that_exist() -> None:
    catalog = Catalog("experiments")
    commands = re.findall(
        r"python -m experiments (run|show) ([a-z]\w*)(?![\w/])((?: --[\w-]+(?: [^\s|`-][^\s|`]*)?)*)",
        README,
    )
    assert len(commands) >= 4
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


def test_every_experiment_is_in_the_results_table() -> None:
    for name in Catalog("experiments").names():
        assert f"`{name}`" in README, name


def test_files_that_are_linked_exist() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
