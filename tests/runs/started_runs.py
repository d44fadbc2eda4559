"""Runs that tests start as processes, and the records that they leave."""

import json
import subprocess
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "experiments", *words]


def run_words(
    folder: Path,
    epochs: int,
    name: str = "lenet_digits",
    options: Mapping[str, Any] = MappingProxyType({}),
) -> list[str]:
    """The command that starts a run, without the program."""
    words = {"run_dir": folder, "devices": 1, "log_every": 10, **options, "epochs": epochs}
    given = [[f"--{key.replace('_', '-')}", str(value)] for key, value in words.items()]
    return ["run", name, "--quiet", *chain.from_iterable(given)]


def finish(words: list[str]) -> None:
    subprocess.run(command(*words), cwd=ROOT, check=True, capture_output=True)


def records(folder: Path) -> list[Any]:
    """The records of a run without their speed, which is another each time."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [
        {key: value for key, value in line.items() if key != "examples_per_second"}
        for line in lines
    ]
