"""Curves in SVG: in the right places, small, and readable without colours."""

import re
import xml.etree.ElementTree as ElementTree

import hypothesis.strategies as st
import pytest
from hypothesis import given

from dl.train.curve_chart import curve_chart, curves_html, ticks
from dl.train.record import Record


def losses(*values: float, split: str = "train") -> list[Record]:
    return [Record(n, float(n), split, {"loss": value}) for n, value in enumerate(values, 1)]


def paths(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [each.attrib["d"] for each in root.iter("path")]


def test_points_lie_between_the_numbers_of_both_axes() -> None:
    """The chart's field reaches from x 52 to 310 and from y 24 to 156; epochs are 0 to 4."""
    svg = curve_chart(losses(2.0, 1.0, 0.5, 0.0), epochs=4)
    train, validation = paths(svg)
    assert validation == ""
    numbers = [float(number) for number in re.findall(r"[\d.]+", train)]
    assert numbers[::2] == pytest.approx([116.5, 181.0, 245.5, 310.0], abs=0.06)
    assert numbers[1::2] == pytest.approx([24.0, 90.0, 123.0, 156.0], abs=0.06)
    texts = [each.text for each in ElementTree.fromstring(svg).iter("text")]
    assert texts == ["loss", "0", "1", "2", "0", "4", "epoch"]


def test_a_value_that_is_not_finite_leaves_a_gap() -> None:
    train, _ = paths(curve_chart(losses(2.0, float("nan"), 1.0, 0.0), epochs=4))
    assert re.sub(r"[\d. ]+", "", train) == "MML"


def test_nothing_but_infinite_values_is_an_empty_chart() -> None:
    assert paths(curve_chart(losses(float("inf")), epochs=4)) == ["", ""]


def test_parts_differ_in_dashes_too() -> None:
    records = losses(2.0, 1.0) + losses(2.5, 1.5, split="validation")
    drawn = [
        each.attrib for each in ElementTree.fromstring(curve_chart(records, epochs=2)).iter("path")
    ]
    assert len({each.get("stroke-dasharray") for each in drawn}) == 2
    assert len({each["stroke"] for each in drawn}) == 2
    assert "currentColor" in curve_chart(records, epochs=2), "the text of dark pages is light"


def test_very_many_records_stay_small_and_keep_the_last() -> None:
    svg = curve_chart(losses(*range(20_000, 0, -1)), epochs=20_000)
    assert len(svg) < 10_000
    assert paths(svg)[0].endswith(" L310.0 156.0")


def test_names_are_escaped_and_three_metrics_shown() -> None:
    values = {"<script>": 0.5, "a": 1.0, "b": 2.0, "loss": 3.0}
    svg = curves_html([Record(1, 1.0, "train", values)], epochs=1)
    assert "<script>" not in svg
    root = ElementTree.fromstring(f"<div>{svg}</div>")
    bold = [each.text for each in root.iter("text") if "font-weight" in each.attrib]
    assert bold == ["loss", "<script>", "a"]


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_ticks_hold_the_values_between_them(one: float, other: float) -> None:
    low, high = sorted([one, other])
    marks = ticks(low, high)
    slack = 1e-5 * max(abs(low), abs(high), 1e-300)
    assert marks[0] <= low + slack
    assert marks[-1] >= high - slack
    assert marks == sorted(set(marks))
    assert 2 <= len(marks) <= 6
