"""All figures against scikit-learn's, on probabilities with ties and on missing classes."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.exceptions import UndefinedMetricWarning

from dl import assess


@st.composite
def answered(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [N, K] with few different values, and classes of which some may be missing."""
    classes, examples = draw(st.integers(2, 5)), draw(st.integers(1, 40))
    seed, grain = draw(st.integers(0, 2**20)), draw(st.sampled_from([2, 5, 1000]))
    random = np.random.default_rng(seed)
    weights = random.integers(0, grain, (examples, classes)) + 1.0
    rows = weights / weights.sum(axis=1, keepdims=True)
    return rows, random.choice(draw(st.lists(st.integers(0, classes - 1), min_size=1)), examples)


@pytest.fixture(autouse=True)
def _undefined_is_expected() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        yield


@given(answered())
def test_scores_and_averages(case: tuple[np.ndarray, np.ndarray]) -> None:
    rows, targets = case
    report, answers = assess.classification_report(rows, targets), rows.argmax(axis=1)
    labels = list(range(rows.shape[1]))
    np.testing.assert_array_equal(
        report.confusion, metrics.confusion_matrix(targets, answers, labels=labels)
    )
    own = (report.scores.precision, report.scores.recall, report.scores.f1)
    theirs: Any = metrics.precision_recall_fscore_support(
        targets, answers, labels=labels, zero_division=np.nan
    )
    for one, other in zip((*own, report.scores.support), theirs, strict=True):
        np.testing.assert_allclose(one, other)
    for how in ("macro", "weighted", "micro"):
        averages = metrics.precision_recall_fscore_support(
            targets, answers, labels=labels, average=how, zero_division=np.nan
        )[:3]
        np.testing.assert_allclose(report.scores.average(how), averages)  # type: ignore[arg-type]
    assert report.accuracy == pytest.approx(metrics.accuracy_score(targets, answers))


@given(answered())
def test_losses(case: tuple[np.ndarray, np.ndarray]) -> None:
    rows, targets = case
    labels = list(range(rows.shape[1]))
    report = assess.classification_report(rows, targets)
    assert report.log_loss == pytest.approx(metrics.log_loss(targets, rows, labels=labels))
    assert report.brier == pytest.approx(
        metrics.brier_score_loss(targets, rows, labels=labels, scale_by_half=False)
    )


@given(answered())
def test_areas(case: tuple[np.ndarray, np.ndarray]) -> None:
    rows, targets = case
    report = assess.classification_report(rows, targets)
    for k in range(rows.shape[1]):
        kinds = targets == k
        if 0 < kinds.sum() < len(kinds):
            assert report.roc_auc[k] == pytest.approx(metrics.roc_auc_score(kinds, rows[:, k]))
        else:
            assert np.isnan(report.roc_auc[k])
        if kinds.any():
            reference = metrics.average_precision_score(kinds, rows[:, k])
            assert report.average_precision[k] == pytest.approx(reference)
        else:
            assert np.isnan(report.average_precision[k])


def test_averaged_auc_is_that_of_one_class_against_the_others() -> None:
    random = np.random.default_rng(0)
    rows, targets = random.dirichlet(np.ones(4), 200), random.integers(0, 4, 200)
    figures = assess.classification_report(rows, targets).figures()
    for how in ("macro", "weighted"):
        reference = metrics.roc_auc_score(targets, rows, multi_class="ovr", average=how)
        assert figures[f"{how} AUC"] == pytest.approx(reference)


@given(st.integers(0, 2**20), st.integers(1, 6))
def test_top_k_without_ties(seed: int, k: int) -> None:
    random = np.random.default_rng(seed)
    rows, targets = random.dirichlet(np.ones(6), 30), random.integers(0, 6, 30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = metrics.top_k_accuracy_score(targets, rows, k=k, labels=list(range(6)))
    assert assess.top_k_accuracy(rows, targets, k) == pytest.approx(reference)


@given(answered(), st.integers(1, 12))
def test_reliability(case: tuple[np.ndarray, np.ndarray], bins: int) -> None:
    rows, targets = case
    report = assess.classification_report(rows, targets, bins=bins).calibration
    accuracy, confidence = calibration_curve(
        rows.argmax(axis=1) == targets, rows.max(axis=1), n_bins=bins
    )
    filled = report.counts > 0
    np.testing.assert_allclose(report.accuracy[filled], accuracy)
    np.testing.assert_allclose(report.confidence[filled], confidence)
    shares = report.counts[filled] / len(targets)
    assert report.error == pytest.approx(float(np.sum(shares * np.abs(accuracy - confidence))))


@given(st.integers(0, 2**20), st.integers(1, 4), st.integers(1, 30))
def test_yes_or_no_outputs(seed: int, outputs: int, examples: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 5, (examples, outputs)) / 4
    targets = random.integers(0, 2, (examples, outputs))
    report, answers = assess.binary_report(rows, targets), rows > 0.5
    np.testing.assert_array_equal(
        report.confusion,
        [
            metrics.confusion_matrix(targets[:, g], answers[:, g], labels=[0, 1])
            for g in range(outputs)
        ],
    )
    for g in range(outputs):
        theirs: Any = metrics.precision_recall_fscore_support(
            targets[:, g], answers[:, g], labels=[1], zero_division=np.nan
        )
        np.testing.assert_allclose(report.scores.precision[g], theirs[0][0])
        np.testing.assert_allclose(report.scores.recall[g], theirs[1][0])
        np.testing.assert_allclose(report.scores.f1[g], theirs[2][0])
    assert report.brier == pytest.approx(float(np.mean((rows - targets) ** 2)))
    exact = metrics.accuracy_score(
        targets[:, 0] if outputs == 1 else targets, answers[:, 0] if outputs == 1 else answers
    )
    assert report.exact == pytest.approx(exact)


@given(st.integers(0, 2**20), st.integers(1, 3), st.integers(2, 30))
def test_numbers(seed: int, outputs: int, examples: int) -> None:
    random = np.random.default_rng(seed)
    targets, guesses = random.normal(size=(2, examples, outputs))
    report = assess.regression_report(guesses, targets)
    for own, reference in (
        (report.mse, metrics.mean_squared_error),
        (report.mae, metrics.mean_absolute_error),
        (report.r2, metrics.r2_score),
    ):
        np.testing.assert_allclose(own, reference(targets, guesses, multioutput="raw_values"))
    assert report.largest[0] == pytest.approx(metrics.max_error(targets[:, 0], guesses[:, 0]))
    assert report.figures()["rmse"] == pytest.approx(
        metrics.mean_squared_error(targets, guesses) ** 0.5
    )
