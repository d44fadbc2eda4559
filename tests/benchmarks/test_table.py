"""Medians, ratios, geometric means and the table, from invented values."""

import doctest
import time

import numpy as np
import pytest

from benchmarks import measure, table
from benchmarks.catalog import Benchmark


def benchmark(name: str, unit: str = "ms", family: str | None = None) -> Benchmark:
    return Benchmark(name, "about", unit, {}, family, lambda: None)


@pytest.mark.parametrize("module", [measure, table])
def test_doctests(module) -> None:
    assert doctest.testmod(module).failed == 0


def test_rows_have_medians_and_ratios() -> None:
    rounds = {"dl": [10.0, 30.0, 20.0], "torch": [40.0, 40.0, 41.0], "keras": []}
    rows = table.make_rows(benchmark("one"), rounds, {"dl": "as it comes"})
    assert rows[0] == {
        "benchmark": "one",
        "system": "dl",
        "value": 20.0,
        "unit": "ms",
        "ratio": 1.0,
        "rounds": [10.0, 30.0, 20.0],
        "note": "as it comes",
    }
    assert [(row["system"], row["value"], row["ratio"]) for row in rows[1:]] == [
        ("torch", 40.0, 2.0)
    ]


@pytest.mark.parametrize(("unit", "ratio"), [("examples/s", 4.0), ("s", 0.25), ("MiB", 0.25)])
def test_a_ratio_above_one_means_that_we_are_better(unit: str, ratio: float) -> None:
    rows = table.make_rows(benchmark("one", unit), {"dl": [8.0], "torch": [2.0]}, {})
    assert rows[1]["ratio"] == ratio


def test_without_our_own_value_there_is_no_ratio() -> None:
    rows = table.make_rows(benchmark("one"), {"dl": [], "torch": [2.0]}, {})
    assert rows[0]["ratio"] is None
    assert "| – |" in table.markdown(rows)


def test_a_family_has_the_geometric_mean_of_those_measured_throughout() -> None:
    family = [benchmark("a", family="f"), benchmark("b", family="f"), benchmark("c")]
    rows = table.make_rows(family[0], {"dl": [2.0, 2.0], "torch": [4.0, 4.0], "keras": [1.0]}, {})
    rows += table.make_rows(family[1], {"dl": [8.0, 8.0], "torch": [64.0, 64.0]}, {})
    rows += table.make_rows(family[2], {"dl": [5.0]}, {})
    means = table.family_rows(family, rows)
    assert [row["system"] for row in means] == ["dl", "torch"]
    assert means[0]["value"] == pytest.approx(4.0)
    assert means[1]["ratio"] == pytest.approx(4.0)
    assert means[1]["rounds"] == pytest.approx([16.0, 16.0])


def test_markdown_has_a_line_a_row() -> None:
    rows = table.make_rows(benchmark("one", "examples/s"), {"dl": [5000.0], "torch": [4000.0]}, {})
    assert table.markdown(rows).splitlines()[2:] == [
        "| one | dl | 5,000 | examples/s | 1.00× |",
        "| one | torch | 4,000 | examples/s | 1.25× |",
    ]


def test_work_is_warmed_up_and_repeated() -> None:
    calls: list[int] = []

    def work() -> None:
        calls.append(1)
        time.sleep(0.15)

    found = measure.measure(
        measure.Workload(work, amount=3.0, note="said"), "examples/s", quick=True
    )
    assert len(calls) == 3
    assert 0 < found.value <= 20
    assert found.note == "said"


def test_peak_memory_is_seen_after_it_was_given_back() -> None:
    def hold_for_a_moment() -> None:
        np.ones(64 * 2**20, np.uint8).sum()

    assert 48 < measure.memory_above_now(hold_for_a_moment) < 256
