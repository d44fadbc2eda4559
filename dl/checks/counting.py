"""Checks of an experiment that counts in the place of training a net."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dl.checks.finding import Finding, OnFinding, Report, timed
from dl.checks.looks import shares
from dl.data.dataset import Dataset


def check_counting(
    count: Callable, options: Any, data: Dataset, *, on_finding: OnFinding = lambda finding: None
) -> Report:
    """Check an experiment that counts in the place of training a net.

    `count(options, data)` must give finite figures, and the same ones a second time; the loss of
    the test part should be below that of equally probable symbols, ln K.
    """
    looks = timed("data", lambda: Finding("data", "information", shares(data)))
    start = time.perf_counter()
    first, second = count(options, data), count(options, data)
    counts = replace(_counts(first, second), seconds=time.perf_counter() - start)
    findings = (looks, counts, _counted_loss(first[0], data.spec.classes))
    for finding in findings:
        on_finding(finding)
    return Report(findings)


def _counts(first: Any, second: Any) -> Finding:
    values = [value for part in first[0].values() for value in part.values()]
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
    remedy = "the counts tell less than equal probabilities: give more text or shorter n-grams"
    return Finding("loss", "warning", found, expected, remedy, loss)
