"""What the runner shows fits the terminal, says first what matters, and names what comes next."""

import io
import itertools
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dl
from dl.cli import main
from dl.cli.catalog import Catalog
from dl.cli.header import describe_options
from dl.cli.next_steps import next_steps
from dl.cli.summary import summarise
from dl.data.dataset import DataSpec
from dl.data.text.vocabulary import Vocabulary

ROOT = Path(__file__).resolve().parents[2]
CATALOG = Catalog("experiments")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(words: str, monkeypatch: pytest.MonkeyPatch, columns: int) -> list[str]:
    """The lines of a command on a terminal, without colours."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main("experiments", words.split()) == 0
    return re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()).splitlines()


@pytest.mark.parametrize("columns", [80, 120])
def test_list_is_grouped_and_fits_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = shown("list", monkeypatch, columns)
    assert max(map(len, lines)) < columns
    headings = [line for line, before in zip(lines, ["", *lines], strict=False) if not before]
    assert [heading[:3] for heading in headings] == [
        "A. ",
        "C. ",
        "D. ",
        "E. ",
        "F. ",
        "G. ",
        "H. ",
    ]
    begins = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert set(CATALOG.names()) <= set(begins)
    assert sum(line.startswith("    Time: ") for line in lines) == len(CATALOG.names())


def test_every_experiment_says_what_it_is_for_and_how_long_it_takes() -> None:
    documented = {name: CATALOG.docstring(name) for name in CATALOG.names()}
    assert all(summarise(name, text).lecture for name, text in documented.items())
    labels = ("Expected:", "Time:", "Command:")
    assert not [
        name for name, text in documented.items() if not all(label in text for label in labels)
    ]


VERBS = [
    "list",
    "show",
    "check",
    "run",
    "resume",
    "evaluate",
    "records",
    "predict",
    "sample",
    "completion",
    "programs",
    "horizon",
    "baselines",
    "data",
]


@pytest.mark.parametrize(
    "words", ["", *VERBS, "data list", "data prepare", "run lenet_digits", "check mlp_xor"]
)
def test_help_is_broken_once_for_the_terminal(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(f"{words} --help", monkeypatch, 80)
    assert max(map(len, lines)) <= 80
    outside = [line for line in lines if not line.startswith(("│", "╭", "╰"))]
    for line, after in itertools.pairwise(outside):
        goes_on = line and after and not re.match(r"[A-Z][a-z]+: ", after)
        assert not goes_on or len(line.rstrip()) + len(after.split()[0]) > 76, line


def test_help_of_options_has_no_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    main("experiments", ["predict", "--help"])
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "text files for a run that learned from labelled texts; recordings" in text


@dataclass(frozen=True)
class Options(dl.TrainOptions):
    dropout: float = 0.5


def test_the_header_has_what_was_changed_first() -> None:
    terminal = Terminal()
    first, *others = describe_options("net", Options(epochs=3), stream=terminal).splitlines()
    assert first == "net: epochs=3*"
    assert all("\x1b[2m" in line or line.startswith("    ") for line in others)
    plain = re.sub(r"\x1b\[\d*m", "", "\n".join(others))
    assert [line.split()[0] for line in plain.splitlines() if line[2] != " "] == [
        "experiment",
        "training",
        "learning",
        "data",
        "running",
    ]
    assert "dropout=0.5" in plain
    assert "epochs" not in plain
    assert max(map(len, plain.splitlines())) < 80


@pytest.mark.parametrize("reason", ["no terminal", "NO_COLOR", "TERM"])
def test_where_nothing_can_be_dimmed_the_header_is_a_line(
    reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO() if reason == "no terminal" else Terminal()
    monkeypatch.setenv("NO_COLOR", "1" if reason == "NO_COLOR" else "")
    monkeypatch.setenv("TERM", "dumb" if reason == "TERM" else "xterm")
    text = describe_options("net", Options(epochs=3), stream=stream)
    assert re.fullmatch(r"net: epochs=3\* \(\d+ options have .* config\.json has all\)", text)
    assert describe_options("net", Options(), stream=stream).startswith("net as it is (")


def config(
    task: str, shape: tuple[int, ...], *, text: bool = False, model: Any = None, **experiment: Any
) -> Any:
    spec = DataSpec("d", task, shape, "uint8", ("a", "b"), 10)  # type: ignore[arg-type]
    if text:
        spec = dl.data.dataset.replace(spec, vocabulary=Vocabulary("char", ("a", "b")))
    made = {"build": len, "file": None, **experiment}
    return SimpleNamespace(
        experiment=SimpleNamespace(**made),
        data=spec,
        build=lambda: SimpleNamespace(model=model),
    )


NEXT = {
    "pictures": (config("classification", (8, 8, 1)), ["evaluate r", "predict r PICTURE.png"]),
    "texts": (
        config("classification", (8,), text=True),
        ["evaluate r", "predict r --text 'A TEXT'"],
    ),
    "a language": (config("language", (8,), text=True), ["evaluate r", "sample r"]),
    "numbers": (config("regression", (8,)), ["evaluate r"]),
    "an auto-encoder": (
        config("classification", (8, 8, 1), model=dl.models.autoencoder((8, 8, 1), code_size=2)),
        ["evaluate r"],
    ),
    "counts": (config("language", (8,), text=True, build=None), []),
    "a file": (
        config("regression", (8,), file=Path("/my work/net.py")),
        ["evaluate r --experiment '/my work/net.py'"],
    ),
}


@pytest.mark.parametrize("name", NEXT)
def test_the_end_names_the_next_command(name: str) -> None:
    given, expected = NEXT[name]
    lines = next_steps("experiments", Path("r"), given)
    assert lines == [f"python -m experiments {line}" for line in expected]


def test_a_folder_with_a_space_is_quoted() -> None:
    (line,) = next_steps("mine", Path("my runs/a"), config("regression", (8,)))
    assert line == "python -m mine evaluate 'my runs/a'"


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("experiments", ["--version"]) == 0
    assert re.match(r"dl-lectures .*, jax \d.*, flax \d.*, Python 3\.", capsys.readouterr().out)


def test_a_device_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "run", "mlp_xor"],
        cwd=tmp_path,
        env={**os.environ, "JAX_PLATFORMS": "cuda,no_such", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: JAX_PLATFORMS=cuda,no_such: there is no such device")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_device_that_is_not_there_is_one_line_for_a_run_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["run", "perceptron_xor", "--epochs", "1", "--run-dir", "r", "--quiet"]
    assert main("experiments", words) == 0

    def fail() -> None:
        raise AssertionError  # as JAX does without CUDA

    monkeypatch.setattr(dl.train.devices.jax, "local_devices", fail)
    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    capsys.readouterr()
    assert main("experiments", ["evaluate", "r"]) == 2
    assert re.fullmatch(r"error: JAX_PLATFORMS=cuda: .*\n", capsys.readouterr().err)
