"""The first ten minutes: the command alone, the list, and the words that a shell completes."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from dl.cli import main
from dl.cli.catalog import Catalog
from dl.cli.completion import Known, Shell, script
from dl.cli.list import HEADINGS, by_lecture
from dl.cli.summary import summarise

ROOT = Path(__file__).resolve().parents[2]
CATALOG = Catalog("experiments")
KNOWN = Known(
    experiments=("lenet_digits", "lenet_mnist", "mlp_xor"),
    runs=("lenet_digits",),
    of_experiments=("run", "check"),
    options={"run": ("--seeds", "--help"), "check": ("--only",), "predict": ("--photo",)},
    own={
        "lenet_digits": ("--optimizer", "--epochs", "--degrees"),
        "mlp_xor": ("--optimizer", "--epochs"),
    },
    choices={"--optimizer": ("adam", "adamax", "sgd")},
    second={"data": ("list", "prepare")},
)


def test_the_command_alone_says_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("experiments", []) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert len(lines) <= 12
    assert max(map(len, lines)) < 80
    typed = [line.split("  ")[1] for line in lines if line.startswith("  python")]
    assert len(typed) == 7
    verbs = {shlex.split(words)[3] for words in typed}
    assert verbs == {"list", "sample", "predict", "run", "resume", "evaluate"}


def test_headings_are_those_of_the_lectures() -> None:
    page = (ROOT / "docs" / "lectures.md").read_text()
    assert [*HEADINGS.values()][:-1] == re.findall(r"^## ([A-H]\. .*)$", page, re.MULTILINE)


def test_list_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("experiments", ["list", "--json"]) == 0
    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert sorted(listed) == CATALOG.names()
    assert listed["lenet_mnist_fast"] == {
        "name": "lenet_mnist_fast",
        "title": "LeNet on MNIST in ten epochs: random rotation, scaling and shift, a one-cycle "
        "rate.",
        "lecture": ["E8", "D6", "D7"],
        "expected": "test accuracy 99.53 % ± 0.02 over three seeds.",
        "time": "67 s on 2 CPU cores.",
        "command": "python -m experiments run lenet_mnist_fast",
    }
    points = set(
        re.findall(r"^\| ([A-H]\d+) \|", (ROOT / "docs" / "lectures.md").read_text(), re.M)
    )
    assert {point for each in listed.values() for point in each["lecture"]} <= points
    assert all(each["lecture"] and each["expected"] and each["time"] for each in listed.values())


def test_experiments_stand_under_the_lecture_that_they_name_first() -> None:
    texts = {"b": "B.\n\nLecture: F1, A2.", "a": "A.\n\nLecture: A3 (E8).", "c": "No lecture."}
    told = by_lecture([summarise(name, text) for name, text in texts.items()])
    names = {heading[:1]: [each.name for each in those] for heading, those in told.items()}
    assert names == {"A": ["a"], "F": ["b"], "O": ["c"]}


def completed(words: list[str], text: str, folder: Path) -> list[str]:
    """What bash offers for the last of these words, after reading the script."""
    typed = " ".join(map(shlex.quote, words))
    code = (
        f"{text}\nCOMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _dl; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offers"),
    [
        (["dl", ""], ["run", "check", "predict"]),
        (["dl", "run", "lenet"], ["lenet_digits", "lenet_mnist"]),
        (["dl", "run", "./"], ["./mine.py"]),
        (
            ["dl", "run", "lenet_digits", "--"],
            ["--seeds", "--help", "--optimizer", "--epochs", "--degrees"],
        ),
        (["dl", "run", "lenet_mnist", "--"], ["--seeds", "--help", "--optimizer", "--epochs"]),
        (["dl", "check", "lenet_digits", "--optimizer", "ada"], ["adam", "adamax"]),
        (["dl", "predict", ""], ["lenet_digits", "mine.py"]),
        (["dl", "predict", "lenet_digits", "mi"], ["mine.py"]),
        (["dl", "data", ""], ["list", "prepare"]),
    ],
)
def test_bash_completes(words: list[str], offers: list[str], tmp_path: Path) -> None:
    (tmp_path / "mine.py").touch()
    assert completed(words, script("bash", KNOWN), tmp_path) == offers


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_the_same_words(shell: Shell) -> None:
    text = script(shell, KNOWN)
    for word in ("predict", "lenet_mnist", "seeds", "degrees", "adamax", "prepare"):
        assert word in text
    begin = "autoload -U +X bashcompinit" if shell == "zsh" else "# Completes"
    assert text.startswith(begin)


@pytest.mark.slow
def test_bash_completes_every_verb_and_experiment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["completion", "bash"]) == 0
    text = capsys.readouterr().out
    assert set(completed(["dl", "run", ""], text, tmp_path)) == set(CATALOG.names())
    assert completed(["dl", "run", "lenet_digits", "--deg"], text, tmp_path) == ["--degrees"]
    assert completed(["dl", "run", "lenet_digits", "--lo"], text, tmp_path) == [
        "--log",
        "--log-every",
    ]
    assert completed(["dl", "evaluate", "lst"], text, tmp_path) == ["lstm_names"]
    assert completed(["dl", "completion", ""], text, tmp_path) == ["bash", "zsh", "fish"]
