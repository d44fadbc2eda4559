"""The nearest accepted text: single mistakes, cut programs, what no search may do; with GCC and
with judges made up.
"""

import gzip
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dl.c_programs.distances import edit_distance, edit_script
from dl.c_programs.edits import edits
from dl.c_programs.endings import endings
from dl.c_programs.gcc import gcc_judge
from dl.c_programs.repairs import repair
from dl.c_programs.tokens import commented, open_brackets
from dl.c_programs.verdict import Judge, Verdict

PROGRAM = """int largest(int a[], int n)
{
    int i, best = a[0];
    for (i = 1; i < n; i++) {
        if (a[i] > best)
            best = a[i];
    }
    return best;
}
"""


@pytest.fixture
def gcc() -> Judge:
    judge = gcc_judge()
    if judge is None:
        pytest.skip("no gcc here")
    return judge


def counted(accepts: Callable[[str], bool]) -> tuple[Judge, list[str]]:
    """A judge of the user's own, and the texts that it was asked for."""
    asked: list[str] = []

    def verdicts(texts: Sequence[str]) -> list[Verdict]:
        asked.extend(texts)
        return [
            Verdict(True) if accepts(text) else Verdict(False, "wrong", len(text) // 2, 1)
            for text in texts
        ]

    return Judge("own", verdicts), asked


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("return best;", "return bes;"),
        ("int largest(", "it largest("),
        ("if (a[i] > best)", "if (a[i > best)"),
        ("i++) {", "i++) }"),
        ("    }\n", "    }}\n"),
        ("int i, best", "int i best"),
        ("best = a[i];", "best == = a[i];"),
        ("return best;\n}", "return best;\n"),
    ],
)
def test_one_mistake_costs_no_more_than_its_characters(gcc: Judge, right: str, wrong: str) -> None:
    text = PROGRAM.replace(right, wrong)
    assert text != PROGRAM
    found = repair(text, judge=gcc)
    assert found is not None
    assert 1 <= found.wrong_characters <= edit_distance(PROGRAM, text)
    assert gcc.verdicts([found.text])[0].accepted
    assert found.wrong_characters == edit_distance(text, found.text)


def test_an_accepted_text_has_nothing_wrong(gcc: Judge) -> None:
    assert repair(PROGRAM, judge=gcc) == (PROGRAM, 0)


def test_no_edit_can_be_undone_and_nothing_is_commented_out(gcc: Judge) -> None:
    text = PROGRAM.replace("i++)", "i+)").replace("best;\n}", "best }")
    found = repair(text, judge=gcc, calls=80)
    assert found is not None
    assert commented(found.text) <= commented(text)
    for edit in edit_script(text, found.text):
        undone = (
            found.text[: edit.to_start] + text[edit.start : edit.stop] + found.text[edit.to_stop :]
        )
        assert not gcc.verdicts([undone])[0].accepted


@pytest.mark.parametrize("length", [50, 120, 155])
def test_a_program_that_was_cut_needs_its_closing_brackets(gcc: Judge, length: int) -> None:
    found = repair(PROGRAM[:length], judge=gcc)
    assert found is not None
    assert found.wrong_characters >= len(open_brackets(PROGRAM[:length])) >= 1


def test_the_search_keeps_to_its_calls_and_may_find_nothing() -> None:
    judge, asked = counted(lambda text: False)
    assert repair(PROGRAM, judge=judge, calls=75) is None
    assert len(asked) == len(set(asked)) == 76
    assert repair(PROGRAM, judge=judge, calls=0) is None


def test_the_same_text_is_found_every_time_and_each_asked_for_once() -> None:
    def accepts(text: str) -> bool:
        return text.count("{") + 1 == text.count("}")

    (first, asked), (second, _) = counted(accepts), counted(accepts)
    found = repair(PROGRAM, judge=first)
    assert found == repair(PROGRAM, judge=second)
    assert found is not None
    assert accepts(found.text)
    assert asked[0] == PROGRAM


@pytest.mark.parametrize(
    "verdict",
    [Verdict(False), Verdict(False, "expected", 10**6, 1), Verdict(False, "'x' undeclared", 0, 1)],
)
@pytest.mark.parametrize("text", ["", "x", "@", "for (", '"', "}{", "int"])
def test_edits_of_any_text_for_any_verdict_differ_from_it(text: str, verdict: Verdict) -> None:
    found = edits(text, verdict)
    assert len(found) == len(set(found))
    assert text not in found


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("int main() {", "}"),
        ("int main() { if (x) { y = a[3", "];}}"),
        ('f() { puts("a', '");}'),
        ("f() { /* a", "*/}"),
        ("f() { // don't", None),
        ("char c = 'a", "';"),
        ("int x", ";"),
    ],
)
def test_endings_close_what_is_open(text: str, ending: str | None) -> None:
    found = endings(text)
    assert ending is None or ending in found
    assert all(open_brackets(text + end) == "" for end in found if not commented(text))
    assert [len(end) for end in found] == sorted(len(end) for end in found)


def test_real_programs_with_a_character_lost(gcc: Judge, shared_data: Path) -> None:
    with gzip.open(shared_data / "poj104" / "c_valid.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["code"] for line, _ in zip(lines, range(30), strict=False)]
    short = [text for text in texts if len(text) < 700]
    chosen = [
        text for text, verdict in zip(short, gcc.verdicts(short), strict=True) if verdict.accepted
    ][:3]
    for seed, text in enumerate(chosen):
        lost = random.Random(seed).choice(
            [place for place, character in enumerate(text) if character in ";)}"]
        )
        found = repair(text[:lost] + text[lost + 1 :], judge=gcc)
        assert found is not None
        assert found.wrong_characters <= 2
