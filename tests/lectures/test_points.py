"""Every point of the lectures is checked by a test, and stands in docs/lectures.md."""

import ast
import contextlib
import importlib
import io
import re
from functools import cache
from pathlib import Path

import pytest

from dl import lessons
from dl.cli.app import _verbs
from dl.cli.catalog import Catalog

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "lectures.md"
SECTIONS = {"A": 7, "B": 4, "C": 8, "D": 11, "E": 15, "F": 4, "G": 5, "H": 8}
POINTS = [f"{letter}{n}" for letter, count in SECTIONS.items() for n in range(1, count + 1)]

OWED: set[str] = set()
"""Points without a test so far. Whoever adds one takes its point from here."""


@cache
def points_of(path: Path) -> dict[str, set[str]]:
    """The points that the names of a file's tests carry, each with those that assert something."""
    found: dict[str, set[str]] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and asserts(node):
            for point in re.findall(r"(?<=_)[A-Ha-h]\d+(?=_)", node.name):
                found.setdefault(point.upper(), set()).add(node.name)
    return found


def asserts(test: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Assert) for node in ast.walk(test)) or any(
        "testing.assert" in ast.unparse(node.func) or "pytest.raises" in ast.unparse(node.func)
        for node in ast.walk(test)
        if isinstance(node, ast.Call)
    )


@pytest.mark.parametrize("point", [point for point in POINTS if not point.startswith("H")])
def test_the_point_is_checked_by_a_test_that_carries_its_name(point: str) -> None:
    names = [name for file in HERE.glob("test_*.py") for name in points_of(file).get(point, ())]
    if point in OWED:
        assert not names, f"{point} has a test now: take it from OWED"
    else:
        assert names


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def rows() -> dict[str, list[str]]:
    """The cells of the page's tables of points: words, functions, experiments, tests."""
    page = PAGE.read_text(encoding="utf-8")
    tables = re.findall(r"^\| point \| what it says .*\n\|[-|]+\n((?:\|.*\n)+)", page, re.MULTILINE)
    found = [cells(line) for table in tables for line in table.splitlines()]
    return {row[0]: row[1:] for row in found}


def test_every_point_has_a_row_in_order() -> None:
    assert list(rows()) == POINTS
    assert all(len(row) == 4 and row[0].endswith(".") for row in rows().values())


def test_functions_that_the_page_names_can_be_imported() -> None:
    named = [name for row in rows().values() for name in re.findall(r"`(dl\.[\w.]+)`", row[1])]
    assert len(named) > 60
    for name in named:
        assert callable(resolved(name)), name


def resolved(name: str) -> object:
    """What a dotted name means to a reader: an attribute, or else a module."""
    found, path = importlib.import_module("dl"), "dl"
    for part in name.split(".")[1:]:
        path = f"{path}.{part}"
        found = getattr(found, part) if hasattr(found, part) else importlib.import_module(path)
    return found


def test_experiments_and_verbs_that_the_page_names_exist() -> None:
    known = {*Catalog("experiments").names(), *_verbs(Catalog("experiments"))}
    named = [name for row in rows().values() for name in re.findall(r"`(\w+)[^`]*`", row[2])]
    assert len(named) > 40
    assert set(named) <= known


def test_tests_that_the_page_links_exist_and_carry_the_point() -> None:
    for point, (*_, tests) in rows().items():
        links = re.findall(r"\]\(([^)]+)\)", tests)
        if point in OWED:
            assert tests == "owed", point
        elif not point.startswith("H"):
            assert links, point
        for link in links:
            path = (PAGE.parent / link).resolve()
            assert path.exists(), link
            assert path.parent != HERE or point in points_of(path), f"{point} in {link}"


def test_the_right_values_stand_beside_the_slides() -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = page.partition("## Where a slide is wrong")[2].partition("\n## ")[0]
    wrong = [cells(line) for line in table.splitlines() if re.match(r"\| [A-H]\d", line)]
    right = {row[1]: row[2] for row in wrong}

    def beside(word: str) -> str:
        return next(value for slide, value in right.items() if word in slide)

    assert beside("134,944") == f"{96 * (11 * 11 * 3 + 1):,}"
    assert f"{55 * 55 * 96 * (227 * 227 * 3 + 1):,}" in beside("105,705,600")
    dense = [(9216 + 1) * 4096, (4096 + 1) * 4096, (4096 + 1) * 1000]
    assert beside("154,618,822,656") == " and ".join(f"{count:,}" for count in dense)
    # conv1 sees 11, each later layer (side − 1) · step more: pool1, conv2, pool2, conv3 to conv5.
    sees = 11
    for side, step in ((3, 4), (5, 8), (3, 8)):
        sees += (side - 1) * step
    assert beside("52 pixels") == (f"conv3 sees {sees + 32}, conv4 {sees + 64}, conv5 {sees + 96}")
    assert beside("7/3") == "steps of 2 pixels"
    assert beside("1944") == "1943"
    assert beside("−λW") == "−αλW"
    assert beside("4×3 and 4×1") == "b1 4×1, b2 1×1"
    assert beside("224×224") == "227×227"
    assert (227 - 11) % 4 == 0 != (224 - 11) % 4
    assert {"99.38", "½", "209"} <= set(re.findall(r"99\.38|½|209", " ".join(right)))


def test_the_tables_of_the_page_are_those_of_the_library() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for table in (lessons.history(), lessons.comparison()):
        assert table.markdown().partition("\n\n")[2] in page


@pytest.mark.slow
def test_the_code_of_the_page_prints_what_stands_below_it() -> None:
    pairs = re.findall(
        r"```python\n(.*?)```\n\n```\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(pairs) == 3
    names: dict[str, object] = {}
    for code, expected in pairs:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, "lectures.md", "exec"), names)
        printed, wanted = (text.split() for text in (out.getvalue(), expected))
        assert [value(word) for word in printed] == [
            pytest.approx(number, rel=0.1) if isinstance(number := value(word), float) else number
            for word in wanted
        ]


def value(word: str) -> float | str:
    return float(word) if re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", word) else word
