"""Repairs of single mistakes and cut programs, by GCC and by judges of our own."""

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
    """A judge of our own, and the list of texts that it was asked about."""
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
def test_a_repair_costs_at_most_the_characters_of_the_mistake(
    gcc: Judge, right: str, wrong: str
) -> None:
    text = PROGRAM.replace(right, wrong)
    assert text != PROGRAM
    mended = repair(text, judge=gcc)
    assert mended is not None
    assert 1 <= mended.wrong_characters <= edit_distance(PROGRAM, text)
    assert gcc.verdicts([mended.text])[0].accepted
    assert mended.wrong_characters == edit_distance(text, mended.text)


def test_an_accepted_text_has_nothing_wrong(gcc: Judge) -> None:
    assert repair(PROGRAM, judge=gcc) == (PROGRAM, 0)


def test_every_edit_of_a_repair_is_needed_and_no_code_becomes_a_comment(gcc: Judge) -> None:
    text = PROGRAM.replace("i++)", "i+)").replace("best;\n}", "best }")
    mended = repair(text, judge=gcc, calls=80)
    assert mended is not None
    assert commented(mended.text) <= commented(text)
    for edit in edit_script(text, mended.text):
        undone = (
            mended.text[: edit.to_start]
            + text[edit.start : edit.stop]
            + mended.text[edit.to_stop :]
        )
        assert not gcc.verdicts([undone])[0].accepted


@pytest.mark.parametrize("length", [50, 120, 155])
def test_a_program_that_was_cut_needs_its_closing_brackets(gcc: Judge, length: int) -> None:
    mended = repair(PROGRAM[:length], judge=gcc)
    assert mended is not None
    assert mended.wrong_characters >= len(open_brackets(PROGRAM[:length])) >= 1


def test_the_search_makes_no_more_calls_than_allowed_and_may_fail() -> None:
    judge, asked = counted(lambda text: False)
    assert repair(PROGRAM, judge=judge, calls=75) is None
    assert len(asked) == len(set(asked)) == 76
    assert repair(PROGRAM, judge=judge, calls=0) is None


def test_the_search_is_deterministic() -> None:
    def accepts(text: str) -> bool:
        return text.count("{") + 1 == text.count("}")

    (first, asked), (second, _) = counted(accepts), counted(accepts)
    mended = repair(PROGRAM, judge=first)
    assert mended == repair(PROGRAM, judge=second)
    assert mended is not None
    assert accepts(mended.text)
    assert asked[0] == PROGRAM


@pytest.mark.parametrize(
    "verdict",
    [Verdict(False), Verdict(False, "expected", 10**6, 1), Verdict(False, "'x' undeclared", 0, 1)],
)
@pytest.mark.parametrize("text", ["", "x", "@", "for (", '"', "}{", "int"])
def test_edits_are_distinct_and_change_the_text(text: str, verdict: Verdict) -> None:
    edited = edits(text, verdict)
    assert len(edited) == len(set(edited))
    assert text not in edited


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
    closing = endings(text)
    assert ending is None or ending in closing
    assert all(open_brackets(text + end) == "" for end in closing if not commented(text))
    assert [len(end) for end in closing] == sorted(len(end) for end in closing)


def test_real_programs_that_lost_one_character(gcc: Judge, shared_data: Path) -> None:
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
        mended = repair(text[:lost] + text[lost + 1 :], judge=gcc)
        assert mended is not None
        assert mended.wrong_characters <= 2
