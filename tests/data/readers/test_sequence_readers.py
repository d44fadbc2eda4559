"""Documents and labelled texts of one's own: sequences of several lengths."""

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from text_cases import NAMES, json_lines, load, streams, texts, write

from dl.data.sources.ragged import RaggedSource
from dl.errors import InputError
from dl.reports.programs import read_documents


def test_lines_are_documents_one_after_the_other_or_one_by_one(tmp_path: Path) -> None:
    path = write(tmp_path / "names.txt", "\n".join(NAMES) + "\n \n\n")
    joined = load("lines", path)
    train, _, test = streams(joined)
    assert len(train.split()) == 18
    assert sorted((train + test).split()) == NAMES
    assert train.startswith("\n")
    assert train.endswith("\n")
    assert train.split() != sorted(train.split()), "in a random order"
    apart = load("lines", path, stream=False, validation=0.2)
    assert [len(part) for part in texts(apart)] == [14, 4, 2]
    assert sorted(chain(*texts(apart))) == NAMES
    assert texts(apart)[2] == sorted(test.split()), "the test part is fixed"


def test_documents_start_and_end_with_end_unless_they_are_cut(tmp_path: Path) -> None:
    write(tmp_path / "train.txt", "ab\nbab\na")
    write(tmp_path / "test.txt", "b")
    data = load("lines", tmp_path, stream=False, longest=2)
    a, b, end = (data.spec.text.symbols.index(symbol) for symbol in ("a", "b", "<end>"))
    rows = zip(data.train.inputs, data.train.targets, data.train.lengths, strict=True)
    found = sorted(
        (inputs[:length].tolist(), targets[:length].tolist()) for inputs, targets, length in rows
    )
    assert found == [([end, a], [a, end]), ([end, a, b], [a, b, end]), ([end, b], [b, a])]
    assert (data.spec.ragged, data.spec.carried, data.train.step_targets) == (True, False, True)
    joined = load("lines", tmp_path, longest=2).train.tokens.tolist()
    assert sorted("".join("ab\n"[(a, b, end).index(one)] for one in joined).split()) == [
        "a",
        "ab",
        "ba",
    ]


@pytest.mark.parametrize("kind", ["jsonl", "tsv"])
def test_labels_make_a_classification(tmp_path: Path, kind: str) -> None:
    labelled = [(name, ["odd", "even"][number % 2]) for number, name in enumerate(NAMES)]
    rows = [
        json.dumps({"text": text, "label": label}) if kind == "jsonl" else f"{text}\t{label}"
        for text, label in labelled
    ]
    data = load(kind, write(tmp_path / "a", "\n".join(rows)), validation=0.25)
    assert (data.spec.task, data.spec.class_names, data.spec.classes) == (
        "classification",
        ("even", "odd"),
        2,
    )
    assert isinstance(data.train, RaggedSource)
    assert sorted(chain(*texts(data))) == NAMES
    for part in (data.train, data.validation, data.test):
        for inputs, target in zip(part.inputs, part.targets, strict=True):
            assert dict(labelled)[data.spec.text.decode(inputs)] == data.spec.class_names[target]


def test_labels_may_be_whole_numbers_and_quoted_texts_may_have_tabs(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", '"a\tb"\t0\n' * 6 + "c\t1\n" * 6)
    data = load("tsv", path)
    assert data.spec.class_names == ("0", "1")
    assert set(chain(*texts(data))) == {"a\tb", "c"}
    numbers = [{"text": "a", "label": number % 2} for number in range(12)]
    assert load("jsonl", write(tmp_path / "a.jsonl", json_lines(*numbers))).spec.class_names == (
        "0",
        "1",
    )
    none = [{"text": "abc", "label": None}] * 12
    assert load("jsonl", write(tmp_path / "b.jsonl", json_lines(*none))).spec.task == "language"


@pytest.mark.parametrize("stream", [True, False])
def test_unused_labels_are_ignored(tmp_path: Path, stream: bool) -> None:
    path = write(
        tmp_path / "a.tsv", "\n".join(f"{name}\t{number % 2}" for number, name in enumerate(NAMES))
    )
    data = load("tsv", path, stream=stream, use_labels=False)
    assert data.spec.task == "language"
    found = [
        name for part in (data.train, data.test) for name in read_documents(part, data.spec.text)
    ]
    assert sorted(found) == NAMES


def test_a_document_that_is_cut_is_read_back_as_far_as_it_was_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "abcdef\n" * 12)
    for stream in (False, True):
        data = load("lines", path, stream=stream, longest=3)
        assert set(read_documents(data.train, data.spec.text)) == {"abc"}


def test_documents_are_cut_after_the_longest(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "one two three\t0\n" * 9 + "four\t1\n" * 3)
    data = load("tsv", path, unit="word", longest=2)
    assert data.spec.input_shape == (2,)
    assert set(texts(data)[0]) == {"one two", "four"}


@pytest.mark.parametrize("stream", [True, False])
def test_documents_longer_than_the_longest_are_left_out_of_every_part(
    tmp_path: Path, capsys: Any, stream: bool
) -> None:
    for part, lines in (
        ("train", "ab\nababa\na\nbaba"),
        ("validation", "b\nbbbbb"),
        ("test", "aaaaaa\nab"),
    ):
        write(tmp_path / f"{part}.txt", lines)
    data = load("lines", tmp_path, stream=stream, longest=2, longer="leave-out", segment=1)
    parts = data.train, data.validation, data.test
    found = [sorted(read_documents(part, data.spec.text)) for part in parts if part is not None]
    assert found == [["a", "ab"], ["b"], ["ab"]]
    said = capsys.readouterr().err
    assert said.endswith("left out: 4 of 8 documents, of more than 2 symbols\n")
    assert data.spec.text.symbols[:-2] == ("a", "b")


@pytest.mark.parametrize(
    ("unit", "left"), [("char", ["süß"]), ("byte", []), ("word", ["süß", "so so"])]
)
def test_the_length_of_a_document_is_counted_in_symbols(
    tmp_path: Path, unit: str, left: list[str]
) -> None:
    path = write(tmp_path / "a.tsv", "süß\t0\nso so\t1\na\t0\nb\t1\n" * 12)
    data = load("tsv", path, unit=unit, longest=3, longer="leave-out")
    assert set(texts(data)[0]) == {"a", "b", *left}


def test_splits_are_fixed_for_ever(tmp_path: Path) -> None:
    # Runs of different versions are compared on the same test documents: these may never change.
    path = write(tmp_path / "names.txt", "\n".join(NAMES))
    train, validation, test = texts(load("lines", path, stream=False, validation=0.2))
    assert (validation, test) == (["name08", "name10", "name15", "name17"], ["name12", "name14"])
    assert len(train) == 14


def test_parts_agree_on_their_labels(tmp_path: Path) -> None:
    write(
        tmp_path / "train.jsonl",
        json_lines(*({"text": "a", "label": number % 2} for number in range(4))),
    )
    write(tmp_path / "test.jsonl", json_lines({"text": "a", "label": 2}))
    with pytest.raises(InputError, match="labels that its training part does not have: 2"):
        load("jsonl", tmp_path)
    write(tmp_path / "test.jsonl", json_lines({"text": "a"}))
    with pytest.raises(InputError, match="a part without labels"):
        load("jsonl", tmp_path)
    write(tmp_path / "train-2.jsonl", json_lines({"text": "a"}))
    with pytest.raises(InputError, match=r"some files of .* have labels and some have none"):
        load("jsonl", tmp_path)
