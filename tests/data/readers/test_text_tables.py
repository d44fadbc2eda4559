"""Tables as people have them: headers, orders of columns, quotes, labels in two forms."""

import csv
import io
import json
import tempfile
from itertools import chain
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from text_cases import json_lines, load, texts, write

from dl.errors import InputError

SENTENCES = [
    f"a sentence of {'many ' * (number % 3)}words, number {number}" for number in range(24)
]
LABELS = ["ham", "spam"] * 12
PAIRS = sorted(zip(SENTENCES, LABELS, strict=True))


def table(rows: list[tuple], separator: str = "\t", **dialect: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, lineterminator="\n", **dialect).writerows(rows)
    return buffer.getvalue()


def pairs_of(kind: str, path: Path, **options: Any) -> list[tuple[str, str]]:
    """The texts and labels of all parts; the examples are as they were written if these are."""
    data = load(kind, path, **options)
    return sorted(
        (data.spec.text.decode(row[:length]), data.spec.class_names[label])
        for part in (data.train, data.test)
        for row, length, label in zip(part.inputs, part.lengths, part.targets, strict=True)
    )


BOTH = list(zip(SENTENCES, LABELS, strict=True))
NUMBERED = [(place, text, label) for place, (text, label) in enumerate(BOTH)]
RIGHT = {
    "plain": ("tsv", table(BOTH)),
    "header": ("tsv", table([("text", "label"), *BOTH])),
    "header of other names": ("tsv", table([("Review", "Sentiment"), *BOTH])),
    "header of one known name": ("tsv", table([("sentence", "is_spam"), *BOTH])),
    "label first": ("tsv", table([(label, text) for text, label in BOTH])),
    "label first, header": ("csv", table([("v1", "v2"), *((b, a) for a, b in BOTH)], ",")),
    "quotes": ("tsv", table(BOTH, quoting=csv.QUOTE_ALL)),
    "a third column": ("csv", table([("id", "text", "label"), *NUMBERED], ",")),
    "an index without a name": ("csv", table([("", "text", "label"), *NUMBERED], ",")),
    "semicolons": ("csv", table([("text", "label"), *BOTH], ";")),
    "tabs in csv": ("csv", table(BOTH, "\t")),
    "empty columns": (
        "csv", table([("v1", "v2", "", ""), *((b, a, "", "") for a, b in BOTH)], ",")
    ),
    "blanks behind commas": ("csv", "label, text\n" + "".join(f'{b}, "{a}"\n' for a, b in BOTH)),
    "tabs at the end": ("tsv", table([(a, b, "") for a, b in BOTH])),
    "lone returns": ("csv", table([("text", "label"), *BOTH], ",").replace("\n", "\r")),
    "a byte-order mark": ("csv", "\ufeff" + table([("text", "label"), *BOTH], ",")),
    "blanks around labels": ("tsv", table([(a, f" {b} ") for a, b in BOTH])),
    "sentence": ("jsonl", json_lines(*({"sentence": a, "label": b} for a, b in BOTH))),
    "content": ("jsonl", json_lines(*({"content": a, "label": b} for a, b in BOTH))),
    "blanks": ("jsonl", json_lines(*({"text": a, "label": f"{b} "} for a, b in BOTH))),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_tables_are_read_right(tmp_path: Path, case: str) -> None:
    kind, stored = RIGHT[case]
    assert pairs_of(kind, write(tmp_path / "a", stored)) == PAIRS


@pytest.mark.parametrize(
    ("kind", "columns", "rows"),
    [
        ("tsv", "text,label,_", [(a, b, "x") for a, b in BOTH]),
        ("csv", "_,label,text", [(n, b, a) for n, a, b in NUMBERED]),
        ("csv", "a text,kind", [("kind", "id", "A text"), *((b, n, a) for n, a, b in NUMBERED)]),
        ("csv", "_,text,label", [("id", "q", "label"), *NUMBERED]),
        ("csv", "text,label", [("label", "text"), *((b, a) for a, b in BOTH)]),
        ("csv", "label,text", [("label", "text"), *((b, a) for a, b in BOTH)]),
        ("csv", "label,text", [("v1", "v2"), *((b, a) for a, b in BOTH)]),
    ],
)  # fmt: skip
def test_columns_are_named_or_counted(
    tmp_path: Path, kind: str, columns: str, rows: list[tuple]
) -> None:
    path = write(tmp_path / "a", table(rows, "\t" if kind == "tsv" else ","))
    assert pairs_of(kind, path, columns=columns) == PAIRS


@pytest.mark.parametrize("kind", ["csv", "tsv"])
@pytest.mark.parametrize(
    "text", ['He said "no", twice', "two\nlines, really", "a\ttab", '"quoted"', "it's", "a, b"]
)  # fmt: skip
def test_what_a_program_wrote_is_read_back(tmp_path: Path, kind: str, text: str) -> None:
    rows = [(text, "ham"), *BOTH]
    path = write(tmp_path / "a", table(rows, "\t" if kind == "tsv" else ","))
    assert pairs_of(kind, path) == sorted(rows)


def test_quotes_of_sentences_stay(tmp_path: Path) -> None:
    rows = [('"Yes" she said', "ham"), ('"All of it."', "spam"), ('" alone', "ham"), *BOTH]
    path = write(tmp_path / "a", "\n".join("\t".join(row) for row in rows))
    assert pairs_of("tsv", path) == sorted(rows)


def test_columns_that_are_passed_over_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.csv", table([("id", "text", "label"), *NUMBERED], ","))
    load("csv", path)
    assert (
        capsys.readouterr().err == f"{path}: texts from text, labels from label; passed over: id\n"
    )


def test_all_files_have_the_columns_of_the_first_training_file(tmp_path: Path) -> None:
    rows = [(b, a) for a, b in BOTH]
    write(tmp_path / "train.csv", table([("label", "text"), *rows[:12]], ","))
    write(tmp_path / "test.csv", table([("label", "text"), *rows[12:]], ","))
    assert pairs_of("csv", tmp_path) == PAIRS
    write(tmp_path / "test.csv", table([("text", "label"), *BOTH[12:]], ","))
    assert pairs_of("csv", tmp_path) == PAIRS
    write(tmp_path / "test.csv", table(rows[12:], ","))
    assert pairs_of("csv", tmp_path) == PAIRS
    write(tmp_path / "test.csv", table(NUMBERED, ","))
    with pytest.raises(InputError, match="3 columns, and the training part has 2"):
        load("csv", tmp_path)


@pytest.mark.parametrize(
    ("kind", "stored", "says"),
    [
        ("tsv", table(NUMBERED), r"has 3 columns \(0, .*\): give --columns .* text,label,_$"),
        ("tsv", table([("my tweet", "hate"), *BOTH]), r"line 1, may be a header \(my tweet and"),
        ("tsv", table([("a", "b"), *((a, n % 3) for n, (a, _) in enumerate(BOTH))]), "a header"),
        ("tsv", table([(n, a) for n, a, _ in NUMBERED]), "24 different cells .* --columns"),
        ("csv", table(BOTH, ",").replace('"', ""), r"has 3 columns"),
        ("csv", 'text,label\n"a,1\n' * 3, "ends inside of quotes|quote inside of a cell"),
        ("csv", 'text,label\nthe "a" b,1\n"b" c,2\n', "line 3, has a quote inside of a cell"),
        ("csv", "text,label\n", "has a header alone: give texts"),
        ("csv", ",,\n", "has empty cells alone: give texts"),
        ("csv", "text,label\na,x\n,y\n", "line 3, has no text"),
        ("csv", "text,label\na,x\nb,\n", "line 3, has no label"),
        ("csv", "text,label\na,x\nb\n", "line 3, has 1 column, and the first line has 2"),
        ("csv", "one\ntwo\n", "line 1, has one column: .* or lines:PATH for texts alone"),
        ("jsonl", '{"text": "a", "label": 0.5}', "line 1, has the label 0.5: give a string"),
        ("jsonl", json_lines({"text": "a", "label": True}, {"text": "b", "label": 1}),
         "line 1, has the label true, and .* line 2, 1: give labels of one type"),
        ("jsonl", json_lines({"text": "a", "label": " "}), "a label of blanks alone"),
        ("jsonl", json_lines({"body": "a", "id": 1}), "it has body: give --text-key KEY"),
    ],
)  # fmt: skip
def test_unclear_tables_are_refused_in_one_line(
    tmp_path: Path, kind: str, stored: str, says: str
) -> None:
    with pytest.raises(InputError, match=says) as refused:
        load(kind, write(tmp_path / "a.txt", stored))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_options_that_say_how_another_kind_is_read_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "ab\n" * 12)
    for option, says in (
        ({"columns": "text,label"}, "columns is for tsv:PATH and csv:PATH, not for lines"),
        ({"text_key": "a"}, "text_key is for jsonl:PATH, not for lines"),
        ({"label_key": "a"}, "label_key is for jsonl:PATH"),
        ({"longest_line": 1}, "line 1, has 2 characters, more than 1: .*--longest-line 2"),
    ):
        with pytest.raises(InputError, match=says):
            load("lines", path, **option)
    with pytest.raises(InputError, match=r"columns is a,b, and .* has 2 columns .*text,label"):
        load("csv", write(tmp_path / "a.csv", table(BOTH, ",")), columns="a,b")
    with pytest.raises(InputError, match="line 1, has a cell of more than 9 characters"):
        load("csv", tmp_path / "a.csv", longest_line=9)


def test_keys_of_json_are_chosen(tmp_path: Path) -> None:
    rows = [{"text": "none", "body": a, "kind": b} for a, b in BOTH]
    path = write(tmp_path / "a", json_lines(*rows))
    assert pairs_of("jsonl", path, text_key="body", label_key="kind") == PAIRS
    with pytest.raises(InputError, match="no label under `sort`"):
        load("jsonl", path, label_key="sort")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([1.0, 0, 1, 0.0], ("0", "1")),
        ([True, False, True, False], ("False", "True")),
        (["pos", "neg ", " pos", "neg"], ("neg", "pos")),
        (["é", "e\u0301", "x", "x"], ("x", "é")),
        (["1", "1.0", "2", "2.0"], ("1", "2")),
        (["1.0", "2.0", "1.0", "2.0"], ("1.0", "2.0")),
        (["1", 1, "2", 2], ("1", "2")),
        (["Pos", "pos", "Pos", "pos"], ("Pos", "pos")),
    ],
)
def test_a_class_has_one_name(tmp_path: Path, given: list[Any], names: tuple[str, ...]) -> None:
    rows = [{"text": f"text {place}", "label": label} for place, label in enumerate(given * 6)]
    assert load("jsonl", write(tmp_path / "a", json_lines(*rows))).spec.class_names == names


def test_classes_that_were_joined_or_differ_in_capitals_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = ["pos", "pos ", "Neg", "neg"] * 6
    rows = [{"text": f"text {place}", "label": label} for place, label in enumerate(labels)]
    load("jsonl", write(tmp_path / "a", json_lines(*rows)))
    assert [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()] == [
        f"{tmp_path / 'a'}: {said}"[len(f"{tmp_path / 'a'}: ") :]
        for said in (
            "labels in two spellings are one class: pos",
            "classes that differ only in capitals are apart: Neg and neg",
        )
    ]


def test_unknown_labels_are_named_briefly(tmp_path: Path) -> None:
    write(tmp_path / "train.tsv", table(BOTH))
    write(tmp_path / "test.tsv", table([(a, f"class {place}\x1b[2J") for place, a, _ in NUMBERED]))
    with pytest.raises(InputError, match=r"class 0\\x1b\[2J, .* and 21 more$") as refused:
        load("tsv", tmp_path)
    assert "\x1b" not in str(refused.value)


def test_a_rare_class_is_trained_on(tmp_path: Path) -> None:
    for rare in range(24):
        labels = ["rare" if place == rare else LABELS[place] for place in range(24)]
        path = write(tmp_path / "a", table(list(zip(SENTENCES, labels, strict=True))))
        data = load("tsv", path, validation=0.3)
        assert sorted({*data.train.targets.tolist()}) == [0, 1, 2]
        assert sum(map(len, texts(data))) == len(SENTENCES)


def test_joined_files_with_marks_and_returns_are_lines(tmp_path: Path) -> None:
    stored = b"".join(f"{text}\r".encode("utf-8-sig") for text in SENTENCES)
    data = load("lines", write(tmp_path / "a.txt", stored), stream=False)
    assert sorted(chain(*texts(data))) == sorted(SENTENCES)


def test_json_of_a_line_is_long_enough_for_a_megabyte(tmp_path: Path) -> None:
    rows = [json.dumps({"text": "ab " * 400_000, "label": 1})]
    rows += [json.dumps({"text": f"text {place}", "label": place % 2}) for place in range(20)]
    data = load("jsonl", write(tmp_path / "a", "\n".join(rows)))
    assert data.spec.input_shape == (2_000,)


PIECES = [
    *'a\t,;"\n\r1\ufeff\0\x1b\\[\u2028',
    *("b ", "text", "label", "sentence", '""', "1.0", "true", "e\u0301", "{}"),
    '{"text": "a", "label": 1}\n',
    '{"text": "b", "label": "x"}\n',
    *('"a\tb"\t1\n', "one text\tham\n", "two texts\tspam\n", "x,y\n", '"q, r",z\n'),
    "".join(f"text {place}\t{place % 2}\n" for place in range(12)),
    "".join(f'"text, {place}",{place % 2}\n' for place in range(12)),
]


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["lines", "jsonl", "tsv", "csv"]),
    stored=st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    columns=st.sampled_from(["", "", "text,label", "label,text", "text", ",", "a,b", "text,text"]),
)
def test_any_text_is_read_or_refused_in_one_line(kind: str, stored: str, columns: str) -> None:
    asked = {"columns": columns} if kind in ("tsv", "csv") else {}
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "a", stored)
        said = "a"
        try:
            load(kind, path, validation=0.2, **asked)
        except InputError as refused:
            said = str(refused)
    assert "\n" not in said
    assert len(said) < 400
