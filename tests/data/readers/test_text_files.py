"""Own text: its kinds, its parts, and files that are refused."""

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from text_cases import NAMES, json_lines, load, streams, write

from dl.data.dataset import limit
from dl.data.sources.tokens import TokenSource
from dl.data.text.reading import Reading
from dl.data.text.vocabulary import UNKNOWN
from dl.errors import InputError


def test_a_stream_is_cut_into_train_validation_and_test_from_its_beginning_to_its_end(
    tmp_path: Path,
) -> None:
    text = "".join(chr(ord("a") + number % 26) for number in range(100))
    data = load("text", write(tmp_path / "a.txt", text), validation=0.1)
    assert streams(data) == [text[:81], text[81:90], text[90:]]
    assert (data.spec.task, data.spec.input_shape, data.spec.carried) == ("language", (2,), True)
    assert data.spec.train_size == len(data.train) == 39
    assert data.spec.classes == len(data.spec.text) == 27
    assert not load("text", tmp_path / "a.txt", order="windows").spec.carried


@pytest.mark.parametrize("form", ["plain", "gz", "crlf", "bom"])
def test_a_file_is_the_same_however_it_is_stored(tmp_path: Path, form: str) -> None:
    text = "Ein Bär,\nzwei Bären. " * 5
    stored = {"crlf": text.replace("\n", "\r\n"), "bom": "\ufeff" + text}.get(form, text)
    path = write(tmp_path / ("a.txt.gz" if form == "gz" else "a.txt"), stored)
    assert "".join(filter(None, streams(load("text", path)))) == text


@pytest.mark.parametrize(
    ("validation_name", "test_name"),
    [("validation", "test"), ("dev", "my_test"), ("Valid", "TEST")],
)
def test_a_folder_holds_a_file_or_a_folder_for_each_part(
    tmp_path: Path, validation_name: str, test_name: str
) -> None:
    write(tmp_path / "train" / "1.txt", "first ")
    write(tmp_path / "train" / "deep" / "2.txt.gz", "second ")
    write(tmp_path / "train" / ".hidden", b"\xff")
    write(tmp_path / f"{validation_name}.txt.gz", "second")
    write(tmp_path / f"{test_name}.txt", "west")
    write(tmp_path / "README.md", b"\xff\xff")
    assert streams(load("text", tmp_path)) == ["first second ", "second", "�est"]
    held_out = "�� "  # n and d are not trained on.
    assert streams(load("text", tmp_path, validation=0.25)) == ["first seco", held_out, "�est"]


@pytest.mark.parametrize("kind", ["text", "lines"])
def test_an_unused_validation_part_is_reported(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for part in ("train", "validation", "test"):
        write(tmp_path / f"{part}.txt", "abab\n" * 20)
    load(kind, tmp_path)
    said = f"{kind}:{tmp_path} has a validation part, which is only used with --validation 0\n"
    parts = capsys.readouterr().err
    assert len(parts.splitlines()) == 1
    assert said not in parts
    load(kind, tmp_path, validation=0.25)
    assert capsys.readouterr().err == parts + said


def test_a_copy_beside_the_training_file_is_read_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("my_train.txt", "train.txt", "test.txt", "parts/train.txt"):
        write(tmp_path / name, "abab\n" * 20)
    assert streams(load("text", tmp_path))[0] == "abab\n" * 20
    assert capsys.readouterr().err == (
        f"text:{tmp_path}: train is my_train.txt (100 characters), test is test.txt "
        "(100 characters); passed over: train.txt (the same text) and parts\n"
    )


def test_validation_stands_in_for_a_missing_test_part(tmp_path: Path) -> None:
    write(tmp_path / "corpus.train.txt", "abcabc")
    write(tmp_path / "corpus.val.txt", "bca")
    assert streams(load("text", tmp_path)) == ["abcabc", None, "bca"]


def test_symbols_that_only_other_parts_have_are_replaced_or_refused(tmp_path: Path) -> None:
    write(tmp_path / "train.txt", "abcabc")
    write(tmp_path / "test.txt", "axb")
    assert streams(load("text", tmp_path))[2] == "a�b"
    with pytest.raises(InputError, match=r"text:.*'x' \(char 2 of the text\)"):
        load("text", tmp_path, unknown="refuse")
    assert streams(load("text", tmp_path, unit="byte"))[2] == "axb"


@pytest.mark.parametrize(("unit", "learned"), [("char", {" ", "a", "b"}), ("word", {"a", "b"})])
def test_the_vocabulary_of_a_stream_is_that_of_its_training_part(
    tmp_path: Path, unit: str, learned: set[str]
) -> None:
    path = write(tmp_path / "a.txt", "a b " * 60 + "z " * 3 + "a b " * 10)
    spec = load("text", path, unit=unit, validation=0.1).spec
    assert set(spec.text.symbols) == {*learned, UNKNOWN}
    with pytest.raises(InputError, match="'z'"):
        load("text", path, unit=unit, validation=0.1, unknown="refuse")
    assert "z" in load("text", path, unit=unit).spec.text.symbols


def test_a_given_vocabulary_takes_the_place_of_the_text_s(tmp_path: Path) -> None:
    own = load("text", write(tmp_path / "own.txt", "abc" * 10)).spec.vocabulary
    data = load("text", write(tmp_path / "other.txt", "cxb" * 10), vocabulary=own)
    assert data.spec.vocabulary == own
    assert streams(data)[0] == "c�b" * 9


def test_json_lines_hold_text_or_code(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl.gz",
        json_lines(*({"code": f"int {name};\n", "problem": 3} for name in NAMES)),
    )
    data = load("jsonl", path)
    assert isinstance(data.train, TokenSource)
    train, _, test = streams(data)
    assert sorted(line for line in (train + test).split("\n") if line) == [
        f"int {name};" for name in NAMES
    ]


def test_fingerprints_change_with_the_text_and_with_its_symbols(tmp_path: Path) -> None:
    def fingerprint(text: str, kind: str = "text", **options: Any) -> str:
        return load(kind, write(tmp_path / "a", text), **options).fingerprint

    assert fingerprint("abcd" * 9) == fingerprint("abcd" * 9)
    # The last has the same numbers, for other symbols.
    different = [
        fingerprint(text) for text in ("abcd" * 9, "abdc" * 9, "abcd" * 9 + "a", "wxyz" * 9)
    ]
    lines = [fingerprint(text, "lines", stream=False) for text in ("ab\ncd\n" * 9, "ab\ndc\n" * 9)]
    assert len({*different, *lines}) == 6
    assert fingerprint("abcd" * 9, validation=0.2) != different[0]


def test_a_stream_is_limited_to_its_beginning(tmp_path: Path) -> None:
    data = load("text", write(tmp_path / "a.txt", "abcd" * 25))
    few = limit(data, train=5)
    assert len(few.train) == few.spec.train_size == 5
    assert few.train.tokens.tolist() == data.train.tokens[:12].tolist()


@pytest.mark.parametrize(
    ("kind", "stored", "says"),
    [
        ("text", "", "a.txt is empty"),
        ("text", " \n\r\n\t\n", "a.txt is empty"),
        ("lines", "\n\n \n", "a.txt is empty"),
        ("text", "abc", "3 symbols to train on, fewer than two segments of 2: give --segment 1"),
        ("text", "abcde", r"test part: a text of 0 symbol\(s\) has none to predict"),
        ("text", b"caf\xe9 au lait", "no UTF-8 text: byte 3 is 0xe9"),
        ("text", b"\x89PNG\r\n\x1a\n\0\0\0", "no UTF-8 text: byte 0 is 0x89"),
        ("text", b"\x7fELF\x02\x01\x01\0\0", "no text: character 7 is a zero"),
        ("lines", "a\nb\nc", r"3 document\(s\) are too few to hold some out as test"),
        ("jsonl", '{"text": "a"}\nnext', "line 2, is no JSON"),
        ("jsonl", "[" * 100_000, "line 1, is no JSON"),
        ("jsonl", '{"text": ' + "9" * 5000 + "}", "line 1, is no JSON"),
        (
            "jsonl",
            '\n["text"]',
            "line 2, has no text under `text`, `code`, `sentence` or `content`",
        ),
        (
            "jsonl",
            '{"story": "a"}',
            "line 1, has no text under `text`, `code`, `sentence` or `content`",
        ),
        (
            "jsonl",
            '{"text": 3}',
            "line 1, has no text under `text`, `code`, `sentence` or `content`",
        ),
        (
            "jsonl",
            '{"text": " "}',
            "line 1, has no text under `text`, `code`, `sentence` or `content`",
        ),
        ("jsonl", r'{"text": "a \ud83d b"}', "line 1, has half of a surrogate pair"),
        ("jsonl", '{"text": "a", "label": [1]}', r"line 1, has the label \[1\]"),
        ("jsonl", '{"text": "a", "label": 1}\n{"text": "b"}', "1 labels for 2 documents"),
        ("jsonl", '{"text": "a", "label": 1}\n{"text": "b"}', "and line 2 has none: give all"),
        (
            "jsonl",
            '[{"text": "a"}, {"text": "b"}]',
            r"one list of JSON: .*`jq -c '\.\[\]'` does",
        ),
        ("jsonl", '[\n{"text": "a"},\n{"text": "b"}]', "is one list of JSON"),
        ("jsonl", '{\n "text": "a"\n}', r"is one object of JSON: .* `jq -c \.` does"),
        ("jsonl", '{"text": "a", "label": "NaN"}', "line 1, has the label 'NaN', which stands for"),
        ("tsv", "a\tx\nb\tnan\nc\tx", "line 2, has the label 'nan', which stands for none"),
        ("jsonl", '{"text": "a", "label": 1}\n' * 12, r"1 label\(s\): a classification needs two"),
        ("tsv", "a\t1\n\nb", "line 3, has 1 column, and the first line has 2: set a tab between"),
        ("tsv", "a\t1\n\t0", "line 2, has no text: give it one"),
        ("tsv", "a\t1\nb\t ", "line 2, has no label: give it one"),
    ],
)
def test_unfit_texts_are_refused_in_one_line(
    tmp_path: Path, kind: str, stored: Any, says: str
) -> None:
    with pytest.raises(InputError, match=says) as refused:
        load(kind, write(tmp_path / "a.txt", stored))
    assert "a.txt" in str(refused.value) or "document" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("damage", ["cut", "flipped", "garbled", "plain"])
def test_a_damaged_gz_is_refused_in_one_line(tmp_path: Path, damage: str) -> None:
    whole = gzip.compress(bytes(range(32, 127)) * 20, mtime=0)
    flipped, garbled = whole[:-8] + bytes(8), whole[:10] + b"\xff" * 20
    path = tmp_path / "a.txt.gz"
    path.write_bytes(
        {"cut": whole[:-20], "flipped": flipped, "garbled": garbled, "plain": b"a text"}[damage]
    )
    with pytest.raises(InputError, match=r"cannot read .*a\.txt\.gz"):
        load("text", path)


def test_folders_without_their_parts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no .*nowhere"):
        load("text", tmp_path / "nowhere")
    write(tmp_path / "trained.txt", "ab")
    with pytest.raises(InputError, match="no file called train"):
        load("text", tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(InputError, match="no file called train"):
        load("text", tmp_path)


def test_real_programs_names_and_sentences(shared_data: Path) -> None:
    if not all((shared_data / name).is_dir() for name in ("poj104", "names", "sst2")):
        pytest.skip(f"no poj104, names or sst2 in {shared_data}")
    names = load("lines", shared_data / "names" / "names.txt", stream=False)
    assert (len(names.train), len(names.test)) == (28_830, 3_203)
    sentences = load("tsv", shared_data / "sst2", unit="word")
    assert [len(part) for part in (sentences.train, sentences.validation, sentences.test)] == [
        6920,
        872,
        1821,
    ]
    assert np.bincount(sentences.test.targets).tolist() == [912, 909]
    programs = load("jsonl", shared_data / "poj104" / "c_valid.jsonl.gz")
    assert (programs.train.tokens == programs.spec.text.end).sum() == 5_252 - 525 + 1
    assert {"{", "}", ";", "\n"} < set(programs.spec.text.symbols)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"unit": "chars"}, "unit is 'chars': did you mean char?"),
        ({"order": "segment"}, "order is 'segment': did you mean segments?"),
        ({"longer": "leave_out"}, "longer is 'leave_out': did you mean leave-out?"),
        ({"unknown": "drop"}, "unknown is 'drop': known: refuse, replace"),
        ({"longest": -1}, "longest is -1; it must be at least 0"),
        ({"segment": 0}, "segment is 0; it must be at least 1"),
    ],
)
def test_unknown_readings_are_refused(option: Any, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)):
        Reading(**option)
