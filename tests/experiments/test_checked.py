"""Every experiment passes its checks on small data; the quick tests try one of each kind.

The slow ones are many: each compiles its net several times.
"""

from typing import Any

import pytest
from small_data import NEED_RUNS
from small_runs import small_options, write_all_small_data

import dl
from dl.checks import check_counting
from dl.cli.catalog import Catalog
from dl.runs.open_data import open_data

CATALOG = Catalog("experiments")
QUICK = ("perceptron_gates", "ngram_shakespeare", "rnn_adding")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_all_small_data(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK))
        for name in CATALOG.names()
        if name not in NEED_RUNS
    ],
)
def test_an_experiment_passes_its_checks(name: str, data: dict[str, str]) -> None:
    experiment = CATALOG.load(name)
    small: dict[str, Any] = small_options(name, experiment.options(), data)
    if experiment.count is not None:
        options = experiment.options(**small)
        report = check_counting(experiment.count, options, open_data(options))
    else:
        options = experiment.options(**{**small, "devices": 1})
        opened = open_data(options)
        report = dl.check(experiment.recipe(options, opened.spec), opened, options)
    assert report.passed, [finding.line() for finding in report.failed]
