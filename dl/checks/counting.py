"""Checks of an experiment that counts in the place of training a net."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from dl.checks.finding import Finding, OnFinding, Report, report_of, timed
from dl.checks.looks import shares
from dl.data.dataset import Dataset
from dl.runs.experiment import as_measured


def check_counting(
    count: Callable, options: Any, data: Dataset, *, on_finding: OnFinding = lambda finding: None
) -> Report:
    """Check an experiment that counts in the place of training a net.

    `count(options, data)` must give finite figures, and the same ones a second time; the loss of
    the test part, if it has one, should be below that of equally probable symbols, ln K.
    """
    return report_of(_findings(count, options, data), on_finding)


def _findings(count: Callable, options: Any, data: Dataset) -> Iterator[Finding]:
    yield timed("data", lambda: Finding("data", "information", shares(data)))
    start = time.perf_counter()
    first, second = count(options, data), count(options, data)
    yield replace(_counts(first, second), seconds=time.perf_counter() - start)
    figures = as_measured(first[0]).figures
    if "loss" in figures["test"]:
        yield _counted_loss(figures, data.spec.classes)


def _counts(first: Any, second: Any) -> Finding:
    figures = as_measured(first[0]).figures
    values = [value for part in figures.values() for value in part.values()]
    if not np.isfinite(values).all():
        return Finding("counts", "failed", "figures that are not finite", "", "look at the counts")
    if first != second:
        remedy = "let count be pure, with all that is random drawn from options.seed"
        return Finding("counts", "failed", "other figures the second time", "the same", remedy)
    found = f"{first[1]:,} numbers, the same figures twice"
    return Finding("counts", "passed", found, "the same", value=float(first[1]))


def _counted_loss(figures: dict[str, dict[str, float]], classes: int) -> Finding:
    loss, equal = figures["test"]["loss"], float(np.log(classes))
    found, expected = f"test {loss:.4g}", f"below ln {classes} = {equal:.4g}"
    if loss < equal:
        return Finding("loss", "passed", found, expected, value=loss)
    remedy = "the counts predict worse than equal probabilities: give more text or shorter n-grams"
    return Finding("loss", "warning", found, expected, remedy, loss)
