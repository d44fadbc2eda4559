"""`run ./mine.py`: an experiment in a file of the user's own, anywhere, through all verbs."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dl
import dl.runs.experiment
from dl.cli import main
from dl.errors import InputError
from dl.runs.experiment_file import load_experiment_file

HEAD = """\
from dataclasses import dataclass
from dl import Count, DataSpec, Recipe, TrainOptions, models, objectives, optimizers
"""
OPTIONS = '''
@dataclass(frozen=True)
class Options(TrainOptions):
    dataset: str = "moons"
    epochs: int = 1
    batch_size: int = 50
    hidden: Count = 4
    """Units in the hidden layer."""
'''
BUILD = """
def build(options: Options, data_spec: DataSpec) -> Recipe:
    model = models.mlp(data_spec.classes, hidden_sizes=(options.hidden,))
    return Recipe(model, objectives.binary(model), optimizers.adam(0.01))
"""
MINE = f'"""A net of my own."""\n\nfrom __future__ import annotations\n{HEAD}{OPTIONS}{BUILD}'


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty folder, and a process in which no file was named yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(dl.runs.experiment, "_named", {})
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("experiment_file_") or name == "neighbour":
            del sys.modules[name]


def call(words: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[str, str]:
    assert main("experiments", words) == code, capsys.readouterr().err
    return capsys.readouterr()


@pytest.mark.slow
def test_a_file_is_run_shown_evaluated_loaded_and_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my work").mkdir()
    file = tmp_path / "my work" / "my net.py"
    file.write_text(MINE)
    words = ["--devices", "1", "--run-dir", "run", "--hidden", "5"]
    _, err = call(["run", "my work/my net.py", *words], capsys)
    assert f"next: python -m experiments evaluate run --experiment '{file}'" in err
    assert "my net: devices=1* hidden=5*" in err
    assert json.loads((tmp_path / "run" / "config.json").read_text())["module"] == f"file:{file}"
    named = ["--experiment", "my work/my net.py"]
    assert "accuracy" in call(["evaluate", "run", *named], capsys)[0]
    assert "hidden1" in call(["show", "run", *named], capsys)[0]
    assert "hidden1" in call(["show", "my work/my net.py"], capsys)[0]
    (tmp_path / "run" / "result.json").unlink()
    assert call(["resume", "run", "--quiet", *named], capsys)[0] == "run\n"
    monkeypatch.setattr(dl.runs.experiment, "_named", {})
    trained = dl.load("run", experiment="my work/my net.py")
    assert trained.params["hidden1"]["bias"].shape == (5,)


def test_a_folder_s_own_word_runs_no_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    call(["run", "./mine.py", "--run-dir", "run", "--quiet", "--devices", "1"], capsys)
    (tmp_path / "mine.py").write_text("raise SystemExit('this was run')")
    monkeypatch.setattr(dl.runs.experiment, "_named", {})
    for verb in (["evaluate", "run"], ["resume", "run"], ["show", "run"], ["predict", "run", "a"]):
        _, err = call(verb, capsys, code=2)
        assert err.count("\n") == 1
        assert f"add --experiment {tmp_path / 'mine.py'}" in err


def test_a_file_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("UNITS = 7\n")
    (tmp_path / "mine.py").write_text(
        MINE.replace(": Count = 4", ": Count = UNITS").replace(
            HEAD, f"{HEAD}from neighbour import UNITS\n"
        )
    )
    assert load_experiment_file("mine.py").options().hidden == 7


REFUSED = {
    "the end of a script": (
        "import sys\nsys.exit(3)\n",
        r"mine\.py, line 2, ends the process: put",
    ),
    "a slip in the syntax": ("def build(:\n", r"mine\.py, line 1: "),
    "a name that is not there": (f"{HEAD}\nx = no\n", r"line 4: NameError: name 'no' is not"),
    "a package that is not there": ("import nowhere_at_all\n", r"line 1: ModuleNotFoundError: No"),
    "no options": (f"{HEAD}\ndef build(o, s): ...\n", "must define Options and build"),
    "no build": (HEAD + OPTIONS, "must define Options and build"),
    "options of another kind": (
        f"{HEAD}\n@dataclass\nclass Options:\n    epochs: int = 1\n\ndef build(o, s): ...\n",
        r"Options must be a class that inherits from dl\.TrainOptions",
    ),
    "options that are no dataclass": (
        HEAD + OPTIONS.replace("@dataclass(frozen=True)\n", "") + BUILD,
        r"need @dataclass\(frozen=True\) above it",
    ),
    "an option without a default": (
        HEAD
        + OPTIONS.replace("frozen=True", "frozen=True, kw_only=True").replace(" = 4", "")
        + BUILD,
        "the option hidden has no default",
    ),
    "build that is a number": (
        f"{HEAD}{OPTIONS}\nbuild = 3\n",
        "build is 3; it must be a function",
    ),
    "build that fails": (
        HEAD + OPTIONS + BUILD.replace("options.hidden", "options.hiden"),
        r"line 13: AttributeError: 'Options' object has no attribute 'hiden'",
    ),
    "build that calls with a wrong word": (
        HEAD + OPTIONS + BUILD.replace("hidden_sizes", "hidden"),
        r"line 13: TypeError: mlp\(\) got an unexpected keyword",
    ),
    "build that returns nothing": (
        HEAD + OPTIONS + BUILD.replace("return", "recipe ="),
        r"takes a dl\.Recipe\(model, objective, optimizer\), not NoneType",
    ),
    "build with a Linen module": (
        "from flax import linen as nn\n"
        + HEAD
        + OPTIONS
        + BUILD.replace("return Recipe(model", "return Recipe(nn.Dense(1)"),
        r"give dl\.from_linen\(module\)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_in_a_file_is_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, says = REFUSED[name]
    (tmp_path / "mine.py").write_text(text)
    _, err = call(["run", "./mine.py"], capsys, code=2)
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert re.search(says, err), err
    assert not (tmp_path / "runs").exists()


def test_what_is_no_path() -> None:
    with pytest.raises(InputError, match="experiment is 3: give the path of a Python file"):
        load_experiment_file(3)  # type: ignore[arg-type]
    for run in (None, 3, ["runs"]):
        with pytest.raises(InputError, match=r"the folder of a run is .*: give its path as text"):
            dl.load(run)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("./absent.py", "is not there"),
        ("./", "is a folder"),
        ("./notes.txt", "is none"),
        ("absent.py", "is not there"),
    ],
)
def test_what_is_no_file_of_python(path: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=f"{says}: give the Python file of an experiment"):
        load_experiment_file(path)
