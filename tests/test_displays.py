"""What a notebook shows when a value ends a cell: well-formed, with every name escaped."""

import dataclasses
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import dl
from dl.checks.finding import Finding, Report
from dl.search.trials import Found, Trial
from dl.tables import Table
from dl.train.network import Predictions

HOSTILE = "<script>alert('&')</script>\x1b[2J"
EMPTY = {"img", "line", "circle", "path", "progress"}


class Reader(HTMLParser):
    """Reads HTML, checks that every element is closed, and keeps names of elements and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.add(tag)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in EMPTY or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(value: Any) -> Reader:
    html = value._repr_html_()
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    assert "script" not in reader.elements
    assert "\x1b" not in html
    return reader


@pytest.fixture(scope="module")
def trained() -> dl.Trained:
    """A net of two classes, one of which has a hostile name, on data of a hostile name."""
    x = np.random.default_rng(0).normal(size=(60, 4))
    y = (x[:, 0] > 0).astype(int)
    data = dl.make_dataset(x, y, class_names=(HOSTILE, "other"), name=HOSTILE, validation=0.2)
    model = dl.models.mlp(2, hidden_sizes=(4,))
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(0.05))
    options = dl.TrainOptions(epochs=3, batch_size=20, steps_per_call=2, validation=0.2)
    return dl.fit(recipe, data, options, progress=False)


def test_a_table() -> None:
    table = Table(
        ("layer", "share"),
        ((HOSTILE, 0.125), ("output", None)),
        formats={"share": ".1%"},
        title="A & B",
    )
    reader = read(table)
    shown = reader.text
    assert shown == r"A & Blayershare<script>alert('&')</script>\x1b[2J12.5 %output–"
    assert {"caption", "thead", "tbody", "th", "td"} <= reader.elements


def test_a_summary_is_its_table(trained: dl.Trained) -> None:
    summary = dl.summarize(trained.model, (4,))
    assert read(summary).text.startswith("mlplayeroutputparameters")
    assert "hidden1" in summary._repr_html_()


def test_a_result_shows_its_curves_and_says_how_to_go_on(trained: dl.Trained) -> None:
    reader = read(trained)
    loss = trained.history[-1].values["loss"]
    assert "svg" in reader.elements
    assert "6 steps; 30 parameters" in reader.text
    assert f"loss {loss:.4f}" in reader.text
    assert "resume" not in reader.text
    stopped = dataclasses.replace(trained, interrupted=True)
    assert "interrupted: dl.fit(..., resume=...) goes on" in read(stopped).text
    assert len(repr(stopped)) < 200, "not all its parameters"


def test_a_report_has_its_figures_and_its_tables(trained: dl.Trained) -> None:
    report = trained.report("test")
    reader = read(report)
    assert f"accuracy{report.accuracy:.4f}" in reader.text
    assert "confusion matrix" in reader.text
    assert "details" in reader.elements
    assert r"<script>alert('&')</script>\x1b[2J" in reader.text


def test_reports_of_other_tasks() -> None:
    y = np.array([[0.0], [1.0], [1.0]])
    assert "accuracy" in read(dl.binary_report(np.array([[0.2], [0.7], [0.4]]), y)).text
    assert "mse" in read(dl.regression_report(y + 0.5, y)).text.lower()


def test_predictions() -> None:
    answers = Predictions((HOSTILE, "dog"), np.array([[0.25, 0.75]] * 30))
    reader = read(answers)
    assert reader.text.startswith("the first 20 of 30 predictions")
    assert reader.text.count("dog75.0 %") == 20


def test_searches_and_checks() -> None:
    assert "0.25" in read(Found((Trial(0, 0, {"learning_rate": 0.25}, 0.5),))).text
    assert "2e-08 off" in read(Report((Finding("gradient", "passed", "2e-08 off", HOSTILE),))).text
