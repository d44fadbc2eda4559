"""H3: a generated program with four things wrong, and how many of them a compiler can see."""

import pytest

from dl.c_programs.distances import edit_script
from dl.c_programs.gcc import gcc_judge
from dl.c_programs.nearest import find_nearest, make_corpus
from dl.c_programs.repairs import repair
from dl.c_programs.tokens import tokenize

MEANT = """void two_largest(int *a, int n, int *first, int *second)
{
    int i, max1 = a[0], max2 = a[1];
    for (i = 0; i < n; i++) {
        if (a[i] > max1) {
            max2 = max1;
            max1 = a[i];
        }
    }
    *first = max1;
    *second = max2;
}
"""
WRITTEN = (
    MEANT.replace("void two", "int two")
    .replace("i < n", "i == x")
    .replace("*second = max2", "*second = max")
)


def test_H3_four_tokens_differ_from_the_program_that_was_meant() -> None:
    written, meant = ([token.text for token in tokenize(text)] for text in (WRITTEN, MEANT))
    pairs = [(written[edit.start], meant[edit.to_start]) for edit in edit_script(written, meant)]
    assert pairs == [("int", "void"), ("==", "<"), ("x", "n"), ("max", "max2")]


def test_H3_a_compiler_sees_only_the_two_wrong_names() -> None:
    judge = gcc_judge()
    if judge is None:
        pytest.skip("no gcc here")
    mended = repair(WRITTEN, judge=judge, calls=48)
    assert mended is not None
    assert mended.wrong_characters == 2
    assert mended.text.count("==") == 1
    assert mended.text.startswith("int two_largest")


def test_H3_the_original_is_the_nearest_by_structure_and_by_names() -> None:
    others = [
        "int main() { int n; scanf(n); return 0; }",
        "int f(int *a, int n) { return a[n] > 0; }",
    ]
    near = find_nearest(WRITTEN, make_corpus([*others, MEANT]))
    assert near.structure.index == near.names.index == 2
    assert near.structure.distance == pytest.approx(2 / len(tokenize(MEANT)))
    assert 0 < near.names.distance < 0.4
