"""One table in all its forms: what people read, and what programs read back."""

import csv
import io
import json

import pytest

from dl.errors import InputError
from dl.tables import Table, times

TABLE = Table(
    ("method", "train_examples", "accuracy", "shape"),
    (("linear", 10_000, 0.9, (8, 8)), ("a|b, c", 5, None, None)),
    formats={"train_examples": ",", "accuracy": ".2%"},
    headings={"train_examples": "training examples"},
    title="two methods",
)


def test_text_is_aligned_under_the_headings() -> None:
    assert TABLE.text().splitlines() == [
        "two methods",
        "method  training examples  accuracy  shape",
        "linear             10,000   90.00 %    8×8",
        "a|b, c                  5         –      –",
    ]


def test_markdown_escapes_bars_and_has_the_title_as_a_paragraph() -> None:
    assert TABLE.markdown().splitlines() == [
        "two methods",
        "",
        "| method | training examples | accuracy | shape |",
        "| :-- | --: | --: | --: |",
        "| linear | 10,000 | 90.00 % | 8×8 |",
        r"| a\|b, c | 5 | – | – |",
    ]


def test_csv_and_json_hold_the_values_and_not_their_texts() -> None:
    assert list(csv.reader(io.StringIO(TABLE.csv()))) == [
        ["method", "train_examples", "accuracy", "shape"],
        ["linear", "10000", "0.9", "8×8"],
        ["a|b, c", "5", "", ""],
    ]
    assert json.loads(TABLE.json()) == [
        {"method": "linear", "train_examples": 10_000, "accuracy": 0.9, "shape": [8, 8]},
        {"method": "a|b, c", "train_examples": 5, "accuracy": None, "shape": None},
    ]


def test_without_rows_only_the_headings_are_left() -> None:
    table = Table(("a", "b"), ())
    assert table.text() == "a  b"
    assert table.markdown() == "| a | b |\n| :-- | --: |"
    assert table.csv() == "a,b"
    assert json.loads(table.json()) == []


def test_a_function_may_format_a_column_and_words_are_left_as_they_are() -> None:
    table = Table(("n", "side"), ((1, (5, 5)), ("all", "any")), formats={"n": ",", "side": str})
    assert table.text().splitlines() == ["n      side", "1    (5, 5)", "all     any"]
    assert Table(("n",), ((None,),), missing="").markdown().endswith("|  |")


def test_a_row_must_fit_the_columns() -> None:
    with pytest.raises(InputError, match=r"2 columns \(a, b\) has no place for the row \(1,\)"):
        Table(("a", "b"), ((1,),))


def test_shapes_are_products_of_their_sides() -> None:
    assert times((28, 28, 1)) == "28×28×1"
    assert times(()) == ""
