"""Figures computed by hand, what the tables show, and what is refused."""

import csv
import io
import json
from typing import Any

import numpy as np
import pytest

from dl import InputError, assess
from dl.assess.report import write_report

ROWS = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.2, 0.5, 0.3]])
TARGETS = np.array([0, 1, 1, 0])
NAMES = ("cat", "dog\x1b[2J", "cow|")


@pytest.fixture(scope="module")
def report() -> assess.ClassificationReport:
    return assess.classification_report(ROWS, TARGETS, class_names=NAMES, name="pets")


def test_figures_by_hand(report: assess.ClassificationReport) -> None:
    assert report.confusion.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert report.accuracy == 0.5
    assert report.top_k(2) == 0.75  # the last example has its class in the third place
    assert report.log_loss == pytest.approx(-np.log(0.7 * 0.8 * 0.3 * 0.2) / 4)
    assert report.brier == pytest.approx((0.14 + 0.06 + 0.86 + 0.98) / 4)
    assert report.roc_auc[:2].tolist() == [0.75, 0.75]  # three of four pairs each
    assert report.figures()["calibration error"] == pytest.approx((0.3 + 0.2 + 0.6 + 0.5) / 4)


def test_a_class_without_examples_has_dashes_and_no_share_in_averages(
    report: assess.ClassificationReport,
) -> None:
    assert np.isnan([report.scores.recall[2], report.roc_auc[2]]).all()
    assert report.scores.average("macro") == (0.5, 0.5, 0.5)
    (cow,) = [line for line in str(report).splitlines() if line.startswith("cow|")]
    assert cow.split() == ["cow|", "–", "–", "–", "–", "–", "0", "0"]


def test_worst_mistakes_come_first(report: assess.ClassificationReport) -> None:
    assert report.mistakes == (
        assess.Mistake(2, target=1, answer=0, probability=0.6, target_probability=0.3),
        assess.Mistake(3, target=0, answer=1, probability=0.5, target_probability=0.2),
    )
    named = assess.worst_mistakes(ROWS, TARGETS, count=1, name="file {}.png".format)
    assert [one.name for one in named] == ["file 2.png"]


def test_text_and_markdown_are_safe_to_show(report: assess.ClassificationReport) -> None:
    text, page = str(report), write_report(report, "markdown")
    assert "\x1b" not in text + page
    assert "dog\\x1b[2J" in text
    assert text.startswith("pets: 4 examples\n\nfigure ")
    assert "confusion matrix" in text
    assert "| cow\\| | – |" in page


def test_json_holds_everything_without_nan(report: assess.ClassificationReport) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    told: dict[str, Any] = json.loads(write_report(report, "json"), parse_constant=refuse)
    assert told["confusion_matrix"] == report.confusion.tolist()
    assert told["classes"][2]["recall"] is None
    assert told["worst_mistakes"][0]["target"] == NAMES[1]
    assert told["macro_f1"] == 0.5
    assert [row["class"] for row in told["averages"]] == ["macro average", "weighted average"]


def test_csv_has_a_row_for_each_class(report: assess.ClassificationReport) -> None:
    rows = list(csv.DictReader(io.StringIO(write_report(report, "csv"))))
    assert [row["examples"] for row in rows] == ["2", "2", "0", "4", "4"]
    assert rows[2]["precision"] == ""


def test_of_many_classes_people_see_the_lowest() -> None:
    random = np.random.default_rng(0)
    targets = random.integers(0, 50, 300)
    report = assess.classification_report(random.dirichlet(np.ones(50), 300), targets)
    text = str(report)
    assert "20 of 50 classes, the lowest F1 first" in text
    assert "confusion matrix" not in text
    assert len(report.table().rows) == 52
    assert len(report.to_dict()["confusion_matrix"]) == 50


def test_a_perfect_classifier_has_no_mistakes_to_show() -> None:
    report = assess.classification_report(np.eye(2), [0, 1])
    assert report.figures() == {
        "accuracy": 1.0, "macro F1": 1.0, "weighted F1": 1.0, "macro AUC": 1.0,
        "weighted AUC": 1.0, "log loss": 0.0, "Brier score": 0.0, "calibration error": 0.0,
    }  # fmt: skip
    assert "mistakes" not in str(report)


def test_a_probability_of_zero_leaves_the_loss_finite() -> None:
    assert assess.log_loss([[0.0, 1.0]], [0]) == pytest.approx(708.4, abs=0.1)


def test_of_equal_probabilities_the_first_class_is_the_answer() -> None:
    half = [[0.5, 0.5]]
    assert [assess.class_ranks(half, [k])[0] for k in (0, 1)] == [0, 1]


def test_yes_or_no_report_names_its_outputs() -> None:
    report = assess.binary_report(
        [[0.9, 0.2], [0.4, 0.8]], [[1, 0], [1, 1]], output_names=("wet", "cold")
    )
    assert report.accuracy == 0.75
    assert report.exact == 0.5
    assert np.isnan(report.roc_auc[0]), "all are wet"
    assert report.log_loss == pytest.approx(-np.log([0.9, 0.4, 0.8, 0.8]).mean())
    lines = str(report).splitlines()
    assert any(line.split()[:4] == ["wet", "1.0000", "0.5000", "0.6667"] for line in lines)
    assert report.to_dict()["outputs"][0]["auc"] is None


def test_numbers_without_spread_have_no_r2() -> None:
    report = assess.regression_report([[1.0, 5.0], [2.0, 4.0]], [[1.0, 3.0], [2.0, 3.0]])
    assert report.r2[0] == 1.0
    assert np.isnan(report.r2[1])
    assert report.figures()["mse"] == 1.25
    assert report.worst.tolist() == [0, 1]
    assert "–" in str(report)


def test_symbols_by_hand() -> None:
    report = assess.symbol_report(
        [0, 1, 1, 2], [0, 1, 0, 0], ranks=[0, 0, 1, 2], nats=np.log([2.0, 2.0, 4.0, 8.0]),
        confidence=[0.5, 0.5, 0.5, 0.5], symbols=("a", " ", "\n"),
    )  # fmt: skip
    figures = report.figures()
    assert figures["bits"] == pytest.approx((1 + 1 + 2 + 3) / 4)
    assert figures["perplexity"] == pytest.approx(2**1.75)
    assert figures["mean reciprocal rank"] == pytest.approx((1 + 1 + 1 / 2 + 1 / 3) / 4)
    assert report.accuracy == 0.5
    assert report.symbol_nats.tolist() == pytest.approx(np.log([2.0, 8**0.5, 8.0]).tolist())
    assert "' '" in str(report)
    assert report.to_dict()["most_confused"][0]["target"] == " "


@pytest.mark.parametrize(
    ("probabilities", "targets", "says"),
    [
        ([[0.5, 0.6]], [0], r"example 0 sum to 1.1, not 1: give softmax\(logits\)"),
        ([[1.0, -2.0]], [0], r"probabilities\[0, 1\] is -2: give numbers from 0 to 1"),
        ([[float("nan"), 1.0]], [0], r"probabilities\[0, 0\] is nan"),
        ([[0.5, 0.5]], [2], "target 0 is 2; there are 2 classes: give whole numbers from 0 to 1"),
        ([[0.5, 0.5]], [-1], "target 0 is -1"),
        ([[0.5, 0.5]], [0.0], "targets are float64: give class numbers"),
        ([[0.5, 0.5]], [0, 1], r"targets are \[2\], for 1 examples"),
        ([[0.5, 0.5]], [[0, 1]], r"targets are \[1, 2\], for 1 examples: give their argmax"),
        (np.zeros((0, 2)), [], r"probabilities are \[0, 2\]: give at least one example"),
        ([0.5, 0.5], [0, 1], r"probabilities are \[2\]: give \[N, K\]"),
        ([["a", "b"]], [0], "give numbers"),
    ],
)
def test_wrong_predictions_are_one_sentence(probabilities: Any, targets: Any, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        assess.classification_report(probabilities, targets)
    assert "\n" not in str(caught.value)


def test_other_wrong_arguments() -> None:
    with pytest.raises(InputError, match="3 names are given, 2 are needed: one for each class"):
        assess.classification_report(np.eye(2), [0, 1], class_names=("a", "b", "c"))
    with pytest.raises(InputError, match=r"0 and 1: give no other"):
        assess.binary_report([0.5], [2])
    with pytest.raises(InputError, match=r"targets are \[3\], probabilities \[2, 1\]"):
        assess.binary_report([0.5, 0.5], [0, 1, 1])
    with pytest.raises(InputError, match=r"outputs are \[2\], targets \[3\]"):
        assess.regression_report([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="some outputs are nan"):
        assess.regression_report([float("nan")], [1.0])
    with pytest.raises(InputError, match="top-0 accuracy"):
        assess.top_k_accuracy(np.eye(2), [0, 1], 0)
    with pytest.raises(InputError, match="average 'mean' is not one of"):
        assess.class_scores(np.eye(2)).average("mean")  # type: ignore[arg-type]
