"""Edit distances, compared with the textbook table filled in cell by cell."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dl.c_programs.distances import check_installed, edit_distance, edit_distances, edit_script
from dl.errors import InputError

WORDS = st.text(alphabet="abc", max_size=12)


def reference(first: str, second: str) -> int:
    row = list(range(len(second) + 1))
    for i, x in enumerate(first, 1):
        above, row = row, [i]
        for j, y in enumerate(second, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (x != y)))
    return row[-1]


@given(WORDS, WORDS)
def test_a_distance_is_that_of_the_table(first: str, second: str) -> None:
    assert edit_distance(first, second) == reference(first, second)


@given(st.lists(WORDS, min_size=1, max_size=12), st.text(alphabet="abcd", max_size=12))
def test_many_distances_at_once_are_those_of_the_pairs(many: list[str], text: str) -> None:
    assert edit_distances(many, text).tolist() == [reference(other, text) for other in many]


@given(WORDS, WORDS)
def test_a_script_is_shortest_and_turns_the_first_into_the_second(first: str, second: str) -> None:
    script, text = edit_script(first, second), first
    for edit in reversed(script):
        assert max(edit.stop - edit.start, edit.to_stop - edit.to_start) == 1
        text = text[: edit.start] + second[edit.to_start : edit.to_stop] + text[edit.stop :]
    assert text == second
    assert len(script) == reference(first, second)


def test_sequences_longer_than_a_machine_word() -> None:
    first, second = "abcde" * 60, "abxde" * 59 + "q"
    assert edit_distance(first, second) == reference(first, second)
    assert (
        edit_distances([second, first, "a"] * 20, first).tolist()
        == [reference(first, second), 0, 299] * 20
    )


def test_items_may_be_anything_hashable() -> None:
    first, second = ["int", "(", "x", ")"], ("void", "(", ")")
    assert edit_distance(first, second) == 2
    assert [first[edit.start] for edit in edit_script(first, second)] == ["int", "x"]
    assert edit_distances([first, b"", second], second).tolist() == [2, 3, 0]


def test_a_script_of_long_texts_needs_little_memory() -> None:
    # The whole table of these would take forty gigabytes.
    same = "int f(void);\n" * 4000
    (edit,) = edit_script(same + "x" + same, same + "y" + same)
    assert (edit.start, edit.stop, edit.to_start, edit.to_stop) == (len(same), len(same) + 1) * 2


def test_without_rapidfuzz_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance.Levenshtein", None)
    for measure in (check_installed, lambda: edit_distance("a", "b")):
        with pytest.raises(InputError, match=r"package rapidfuzz: pip install rapidfuzz$"):
            measure()
