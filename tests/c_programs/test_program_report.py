"""The report on programs, with a judge made up, so that every figure is known."""

import json
import statistics
from collections.abc import Sequence

import pytest

from dl.c_programs.nearest import make_corpus
from dl.c_programs.report import as_json, beside, compare, figures, report_on
from dl.c_programs.tokens import open_brackets
from dl.c_programs.verdict import Judge, Verdict
from dl.errors import InputError

TRAINING = ["int main() { return x; }", "void f(int y) { y++; }"]


def closed(texts: Sequence[str]) -> list[Verdict]:
    """A judge that asks for nothing but closed brackets."""
    return [
        Verdict(False, "a bracket is open", len(text), 1) if open_brackets(text) else Verdict(True)
        for text in texts
    ]


CLOSED = Judge("brackets", closed)
SAMPLES = [TRAINING[0], "int main() { return z; ", "int g() { if (x", "void f(int q) { q++; }"]


def test_every_figure() -> None:
    found = report_on(SAMPLES, make_corpus(TRAINING), judge=CLOSED)
    assert found.judge == "brackets"
    structure = [sample.nearest.structure.distance for sample in found.samples]
    names = [sample.nearest.names.distance for sample in found.samples]
    assert structure == pytest.approx([0, 1 / 9, 4 / 9, 0])
    assert names == pytest.approx([0, 1, 1 / 2, 2 / 3])
    assert figures(found) == pytest.approx(
        {
            "programs": 4,
            "compiled": 0.5,
            "cut off": 0.5,
            "rejected and mended": 2,
            "rejected and not mended": 0,
            "wrong characters, mean": 1.0,
            "wrong characters, median": 1.0,
            "distance by structure, mean": statistics.mean(
                sample.nearest.structure.distance for sample in found.samples
            ),
            "distance by structure, median": statistics.median(structure),
            "distance by names, mean": statistics.mean(names),
            "distance by names, median": statistics.median(names),
            "same structure": 0.5,
            "same names": 0.25,
        }
    )


def test_what_cannot_be_measured_is_a_dash() -> None:
    found = report_on(["f(", "g("], make_corpus(TRAINING), judge=CLOSED, repair_calls=0)
    assert figures(found)["rejected and not mended"] == 2
    assert figures(found)["wrong characters, mean"] is None
    assert "| wrong characters, mean | – |" in compare({"network": found}).markdown()


def test_reports_stand_side_by_side() -> None:
    corpus = make_corpus(TRAINING)
    reports = {
        name: report_on(texts, corpus, judge=CLOSED)
        for name, texts in (("network", SAMPLES), ("real", TRAINING))
    }
    lines = compare(reports).markdown().splitlines()
    assert lines[0] == "|  | network | real |"
    assert "| judge | brackets | brackets |" in lines
    assert "| compiled | 0.500 | 1.000 |" in lines
    assert "| programs | 4 | 2 |" in lines
    assert compare(reports).text().splitlines()[0].split() == ["network", "real"]


def test_json_has_every_sample() -> None:
    found = json.loads(json.dumps(as_json(report_on(SAMPLES, make_corpus(TRAINING), judge=CLOSED))))
    assert found["judge"] == "brackets"
    assert [sample["text"] for sample in found["samples"]] == SAMPLES
    assert [sample["compiles"] for sample in found["samples"]] == [True, False, False, True]
    copied = {"index": 0, "program": TRAINING[0], "distance": 0.0}
    assert (
        found["samples"][0]["nearest_by_structure"]
        == found["samples"][0]["nearest_by_names"]
        == copied
    )
    assert found["samples"][1]["wrong_characters"] == 1


def test_one_hears_of_every_sample() -> None:
    heard: list[int] = []
    report_on(SAMPLES, make_corpus(TRAINING), judge=CLOSED, repair_calls=0, on_sample=heard.append)
    assert heard == [1, 2, 3, 4]


def test_a_sample_is_shown_with_what_it_may_be_copied_from() -> None:
    shown = beside(report_on(SAMPLES[1:2], make_corpus(TRAINING), judge=CLOSED).samples[0])
    assert shown.startswith(
        "--- sample, rejected: a bracket is open; 1 wrong characters ---\nint main() { return z;\n"
    )
    assert f"training program 0 ---\n{TRAINING[0]}" in shown


def test_no_samples_is_wrong_input() -> None:
    with pytest.raises(InputError, match="no programs to report on"):
        report_on([], make_corpus(TRAINING), judge=CLOSED)
