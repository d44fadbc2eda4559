"""Is a command of a page one that works? It is read by the program that it names, and not run."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

from code_blocks import ROOT

from benchmarks.__main__ import _parse as parse_benchmarks
from dl.cli.app import _choose_app
from dl.cli.catalog import Catalog

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
WITHOUT_WORDS = {"python3 -m venv .venv", "source .venv/bin/activate"}


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command in a block; `$ ` before a command, and comments, are left out.

    Where one line begins with `$ `, all others are what the commands print.
    """
    lines = text.replace("\\\n", " ").splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    for line in lines:
        for command in re.split(r" && ", line):
            words = shlex.split(command, comments=True)
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words:
                yield words


def check_command(words: list[str]) -> None:
    """Raise an error for a command that its program would refuse, or that is not known here."""
    words = [words[0].removeprefix(".venv/bin/"), *words[1:]]
    match words:
        case ["python", "-m", "experiments", *rest] | ["dl", *rest]:
            parse(rest)
        case ["python", "-m", "benchmarks", *rest]:
            parse_benchmarks(rest)
        case ["pip", "install", *rest]:
            check_installation(rest)
        case ["pytest", *rest]:
            check_paths([word for word in rest if "/" in word or word.endswith(".py")])
        case ["python" | "bash" | "git" | "sphinx-build", *rest]:
            check_paths([word for word in rest if re.match(r"(\.ci|docs|dl|tests|colab)\b", word)])
        case _ if " ".join(words) in WITHOUT_WORDS:
            pass
        case _:
            raise AssertionError(f"unknown program in {' '.join(words)}: say why it is not run")


def parse(words: list[str]) -> None:
    """Let the runner read a command line; a wrong verb, option or value raises an error."""
    if not words:  # the runner says what there is
        return
    app, rest = _choose_app(Catalog("experiments"), words)
    app.parse_args(rest, exit_on_error=False, print_error=False, verbose=False)


def check_installation(words: list[str]) -> None:
    for extras in re.findall(r"\[([\w,]+)\]", " ".join(words)):
        ours = extras.split(",")
        assert set(ours) <= {*EXTRAS, "cuda12"}, extras
    check_paths([word for word in words if word.endswith(".txt")])


def check_paths(words: list[str]) -> None:
    written = {"docs/_build"}
    absent = [word for word in words if not (ROOT / Path(word.split("::")[0])).exists()]
    assert not set(absent) - written, f"not there: {absent}"
