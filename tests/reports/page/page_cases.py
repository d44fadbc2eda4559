"""Runs made by hand, whose pages tests look at: nothing is trained."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np

import experiments.lenet_digits as lenet_digits
from dl.assess.classification import classification_report
from dl.data.dataset import DataSpec
from dl.reports.page.answers import Answered, Example
from dl.reports.page.material import Material
from dl.runs.config import Config
from dl.runs.experiment import load_experiment
from dl.runs.folder import RunFolder
from dl.train.record import Record

EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
RESULT = {
    "experiment": "lenet_digits",
    "metrics": {"test": {"accuracy": 0.9921, "loss": 0.03}},
    "wall_seconds": 9.7,
    "compile_seconds": 2.9,
    "examples_per_second": 5059.0,
    "parameters": 431_080,
    "device": "CPU, 2 cores",
    "steps": 800,
}
START = {
    "time": "2026-11-28T17:49:09+0000",
    "command": "python -m experiments run lenet_digits",
    "seed": 0,
    "dataset_fingerprint": "c" * 32,
    "git_commit": "abc",
    "python": "3.11.7",
    "versions": {"jax": "0.10.2"},
    "device": {"platform": "cpu"},
}


def records(count: int = 5) -> list[Record]:
    """Losses that fall, accuracies that rise, of both parts."""
    made = []
    for epoch in range(1, count + 1):
        values = {"loss": 1 / epoch, "accuracy": 1 - 0.5 / epoch}
        made += [
            Record(40 * epoch, float(epoch), "train", values, 5000.0),
            Record(40 * epoch, float(epoch), "validation", {k: 0.9 * v for k, v in values.items()}),
        ]
    return made


def answered(names: tuple[str, ...] = ("cat", "dog"), words: str = "") -> Answered:
    """Three examples of two classes, of which the last is a mistake: pictures, or texts."""
    report = classification_report(
        [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]], [0, 1, 1], class_names=names, name=f"{names[0]}, test"
    )
    pixels = None if words else np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    mistake = Example(2, pixels, words)
    return Answered(
        "test", report, {(1, 0): [mistake], (0, 0): [Example(0, pixels, words)]}, [mistake]
    )


def material(
    name: str = "seed-0", *, options: dict[str, Any] | None = None, **changes: Any
) -> Material:
    """A finished run of `lenet_digits`, with these options of its own."""
    experiment = load_experiment("experiments.lenet_digits")
    spec = DataSpec("digits", "classification", (28, 28, 1), "uint8", ("0", "1"), 1293)
    config = Config(experiment, experiment.options(**options or {}), 20, "jit", 1, spec)
    entries = {
        "docstring": lenet_digits.__doc__.strip(),
        "records": records(),
        "result": RESULT,
        "starts": [START],
        "answered": answered(),
    }
    return Material(RunFolder(Path("runs") / name), config, **{**entries, **changes})


class Outline(HTMLParser):
    """What a page consists of: elements in order, with their attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, Any]]:
        """The attributes of all elements of this name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        """All that is written on the page."""
        return " ".join(self.texts)
