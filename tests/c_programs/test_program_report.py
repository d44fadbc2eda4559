"""The report on programs, by a simple judge of our own so that every figure is known."""

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
    """The verdicts of a judge that accepts any text whose brackets are closed."""
    return [
        Verdict(False, "a bracket is open", len(text), 1) if open_brackets(text) else Verdict(True)
        for text in texts
    ]


CLOSED = Judge("brackets", closed)
SAMPLES = [TRAINING[0], "int main() { return z; ", "int g() { if (x", "void f(int q) { q++; }"]


def test_every_figure() -> None:
    result = report_on(SAMPLES, make_corpus(TRAINING), judge=CLOSED)
    assert result.judge == "brackets"
    structure = [sample.nearest.structure.distance for sample in result.samples]
    names = [sample.nearest.names.distance for sample in result.samples]
    assert structure == pytest.approx([0, 1 / 9, 4 / 9, 0])
    assert names == pytest.approx([0, 1, 1 / 2, 2 / 3])
    assert figures(result) == pytest.approx(
        {
            "programs": 4,
            "compiled": 0.5,
            "cut off": 0.5,
            "rejected and mended": 2,
            "rejected and not mended": 0,
            "wrong characters, mean": 1.0,
            "wrong characters, median": 1.0,
            "distance by structure, mean": statistics.mean(
                sample.nearest.structure.distance for sample in result.samples
            ),
            "distance by structure, median": statistics.median(structure),
            "distance by names, mean": statistics.mean(names),
            "distance by names, median": statistics.median(names),
            "same structure": 0.5,
            "same names": 0.25,
        }
    )


def test_the_mean_of_no_values_is_shown_as_a_dash() -> None:
    result = report_on(["f(", "g("], make_corpus(TRAINING), judge=CLOSED, repair_calls=0)
    assert figures(result)["rejected and not mended"] == 2
    assert figures(result)["wrong characters, mean"] is None
    assert "| wrong characters, mean | – |" in compare({"network": result}).markdown()


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
    result = json.loads(
        json.dumps(as_json(report_on(SAMPLES, make_corpus(TRAINING), judge=CLOSED)))
    )
    assert result["judge"] == "brackets"
    assert [sample["text"] for sample in result["samples"]] == SAMPLES
    assert [sample["compiles"] for sample in result["samples"]] == [True, False, False, True]
    copied = {"index": 0, "program": TRAINING[0], "distance": 0.0}
    assert (
        result["samples"][0]["nearest_by_structure"]
        == result["samples"][0]["nearest_by_names"]
        == copied
    )
    assert result["samples"][1]["wrong_characters"] == 1


def test_every_sample_is_reported_as_progress() -> None:
    counts: list[int] = []
    report_on(SAMPLES, make_corpus(TRAINING), judge=CLOSED, repair_calls=0, on_sample=counts.append)
    assert counts == [1, 2, 3, 4]


def test_a_sample_is_shown_with_its_nearest_programs() -> None:
    shown = beside(report_on(SAMPLES[1:2], make_corpus(TRAINING), judge=CLOSED).samples[0])
    assert shown.startswith(
        "--- sample, rejected: a bracket is open; 1 wrong characters ---\nint main() { return z;\n"
    )
    assert f"training program 0 ---\n{TRAINING[0]}" in shown


def test_a_report_without_samples_is_refused() -> None:
    with pytest.raises(InputError, match="no programs to report on"):
        report_on([], make_corpus(TRAINING), judge=CLOSED)
