"""Judges of C programs: GCC and pycparser, each where it is installed, and hostile texts."""

import gzip
import json
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

import dl.c_programs.gcc
from dl.c_programs.compiler import compiles, find_judge, verdicts
from dl.c_programs.gcc import gcc_judge
from dl.c_programs.parser import parser_judge
from dl.c_programs.verdict import Judge
from dl.errors import InputError


@pytest.fixture
def gcc() -> Judge:
    judge = gcc_judge()
    if judge is None:
        pytest.skip("no gcc here")
    return judge


@pytest.fixture(params=[gcc_judge, parser_judge], ids=["gcc", "pycparser"])
def judge(request: pytest.FixtureRequest) -> Judge:
    judge = request.param()
    if judge is None:
        pytest.skip(f"no {request.node.callspec.id} here")
    return judge


RIGHT = [
    "int main() { return 0; }",
    "main() { int a; printf(a); // called undeclared\n }",
    "int f(a, b) int a, b; { return a; }",
    "#include <stdio.h>\n#define N 3\nint a[N]; FILE *file;",
    "struct s { int x; } t; void f() { t.x = 1; }",
    "int main() {\n\tchar *s = \"}\"; /* } */ return '}';\n}",
]
WRONG = [
    ("", 0),
    (" /* nothing */ // at all", 0),
    ("int x;\n\t\tint y z;", 15),
    ("int x = @;", 8),
    ("int main() { return 0; ", 23),
]


def test_each_judge_accepts_right_programs(judge: Judge) -> None:
    assert [
        text
        for text, verdict in zip(RIGHT, judge.verdicts(RIGHT), strict=True)
        if not verdict.accepted
    ] == []


def test_each_judge_says_where_the_first_error_is(judge: Judge) -> None:
    judged = judge.verdicts([text for text, _ in WRONG])
    assert [(verdict.accepted, verdict.offset) for verdict in judged] == [
        (False, offset) for _, offset in WRONG
    ]
    assert all(verdict.message and verdict.errors for verdict in judged)


def test_only_the_compiler_rejects_undeclared_names(gcc: Judge) -> None:
    text = "int main() { x = 1; y = 2; }"
    verdict = gcc.verdicts([text])[0]
    assert verdict == (False, "'x' undeclared (first use in this function)", text.index("x"), 2)
    parser = parser_judge()
    assert parser is None or parser.verdicts([text])[0].accepted


@pytest.mark.parametrize(
    "text", ["/* é日 */ int x = @;", "int x; /* 日本語 */\tint y = @;", 'char *s = "ü"; @']
)
def test_offsets_count_characters_not_bytes(gcc: Judge, text: str) -> None:
    assert gcc.verdicts([text])[0].offset == text.index("@")


def test_many_texts_keep_their_order(gcc: Judge) -> None:
    texts = [f"int x{number};" if number % 3 else f"int {number};" for number in range(24)]
    assert [verdict.accepted for verdict in verdicts(texts, judge=gcc)] == [
        bool(n % 3) for n in range(24)
    ]


@pytest.mark.parametrize(
    "text", ['#include "/dev/zero"\nint x;', "int \ud800;", "int main() { " + "(" * 5000]
)
def test_harmful_texts_are_rejected(gcc: Judge, text: str) -> None:
    assert not compiles(text, judge=gcc)


def test_no_file_is_written_and_no_file_of_the_user_is_included(
    gcc: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.h").write_text("int y;")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUNPRO_DEPENDENCIES", str(tmp_path / "written"))
    judged = gcc.verdicts(['#include "own.h"\nint x;', "int main() { return 0; }"])
    assert [verdict.accepted for verdict in judged] == [False, True]
    assert os.listdir(tmp_path) == ["own.h"]


def program(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_compiler_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dl.c_programs.gcc, "_SECONDS", 0.2)
    slow = program(tmp_path / "slow", "sleep 100 & wait")
    verdict = dl.c_programs.gcc._verdict(slow, str(tmp_path), "int x;")
    assert (verdict.accepted, verdict.offset) == (False, None)
    assert "gcc took longer" in verdict.message


def test_a_gcc_that_accepts_any_text_is_no_judge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "gcc", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert shutil.which("gcc") == str(tmp_path / "gcc")
    assert gcc_judge() is None


@pytest.mark.parametrize(
    "content",
    [b"\x7fELF\0 for another machine", b"#!/nowhere/sh\n", b"#!/bin/sh\nexec sleep 100\n"],
)
def test_a_gcc_that_does_not_start_or_end_is_no_judge(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dl.c_programs.gcc, "_SECONDS", 0.2)
    (tmp_path / "gcc").write_bytes(content)
    (tmp_path / "gcc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert shutil.which("gcc") == str(tmp_path / "gcc")
    assert gcc_judge() is None


def test_without_a_judge_the_error_names_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pycparser", None)
    with pytest.raises(
        InputError, match=r"install gcc, or the Python package pycparser: pip install pycparser"
    ):
        find_judge()


def test_a_program_is_a_string(gcc: Judge) -> None:
    with pytest.raises(InputError, match="a program is a string, not bytes"):
        verdicts([b"int x;"], judge=gcc)


def test_real_programs_mostly_compile(gcc: Judge, shared_data: Path) -> None:
    """86 % of all do."""
    with gzip.open(shared_data / "poj104" / "c_valid.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["code"] for line, _ in zip(lines, range(40), strict=False)]
    assert 30 <= sum(verdict.accepted for verdict in gcc.verdicts(texts)) < 40
