"""Pairs of texts: their files and parts, languages, vocabularies, and files that are refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from text_cases import write

import dl
from dl.data.dataset import Dataset
from dl.data.readers.pairs import load_pairs
from dl.data.text.reading import Reading
from dl.data.text.vocabulary import END, UNKNOWN
from dl.errors import InputError

WORDS = Reading(unit="word")
GERMAN = ["Ein Hund.", "Eine Katze!", "Der Hund läuft."]
ENGLISH = ["A dog.", "A cat!", "The dog runs."]
PAIRS = sorted(zip(GERMAN, ENGLISH, strict=True))


def load(path: Path, *, validation: float = 0.0, **options: Any) -> Dataset:
    return load_pairs(path, validation=validation, reading=replace(WORDS, **options))


def pairs(data: Dataset, name: str) -> list[tuple[str, str]]:
    """The sentences that the symbols of a part say, sorted."""
    part: Any = data.part(name)
    read = [data.spec.source_text.sentence(row) for row in part.inputs]
    return sorted(zip(read, [data.spec.text.sentence(row) for row in part.targets], strict=True))


def write_two(folder: Path, part: str, count: int = 3, ending: str = "") -> None:
    write(folder / f"{part}.de{ending}", "\n".join(GERMAN[:count]) + "\n")
    write(folder / f"{part}.en{ending}", "\n".join(ENGLISH[:count]) + "\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All pairs to train on, two to validate on, one to test on."""
    write_two(tmp_path, "train", ending=".gz")
    write_two(tmp_path, "val", 2)
    write_two(tmp_path, "test_2016_flickr", 1)
    write(tmp_path / "README", "of languages")
    return tmp_path


def test_a_folder_has_two_files_for_each_part(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = load(folder)
    assert [pairs(data, part) for part in data.sizes] == [PAIRS, sorted(PAIRS)[1:], PAIRS[1:2]]
    assert (data.spec.task, data.spec.ragged, data.spec.train_size) == ("sequence", True, 3)
    assert data.spec.longest_target == 5
    assert capsys.readouterr().err == (
        f"pairs:{folder}: from de to en\npairs:{folder}: train is train.de.gz and train.en.gz "
        "(3 pairs), validation is val.de and val.en (2 pairs), test is test_2016_flickr.de and "
        "test_2016_flickr.en (1 pairs); passed over: README\n"
    )


def test_both_directions_are_read_from_the_same_files(folder: Path) -> None:
    there, back = load(folder, source="de"), load(folder, source="en")
    assert pairs(back, "train") == sorted((b, a) for a, b in PAIRS)
    assert pairs(load(folder, target="en"), "train") == pairs(there, "train") == PAIRS
    assert there.fingerprint != back.fingerprint
    assert there.spec.source_text == back.spec.text


def test_both_sides_end_and_the_model_is_taught_the_symbol_before(folder: Path) -> None:
    data = load(folder)
    part: Any = data.train
    assert all(
        row[length - 1] == data.spec.source_text.end
        for row, length in zip(part.inputs, part.lengths, strict=True)
    )
    assert part.end == data.spec.text.end
    assert {part.target_lengths[0], part.target_lengths[-1]} == {4, 5}


def test_references_stay_as_they_were_written_or_in_lower_case(folder: Path) -> None:
    assert load(folder, vocabulary_size=1).test.texts == (("Ein Hund.", "A dog."),)
    lower = load(folder, lower=True)
    assert lower.test.texts == (("ein hund.", "a dog."),)
    assert pairs(lower, "test") == [("ein hund.", "a dog.")]
    assert (
        lower.spec.source_text.encode("HUND").tolist()
        == lower.spec.source_text.encode("hund").tolist()
    )


def test_vocabularies_are_apart_or_joint_and_of_a_size(folder: Path) -> None:
    apart, joint = load(folder), load(folder, joint=True)
    assert "Hund" in apart.spec.source_text.symbols
    assert "Hund" not in apart.spec.text.symbols
    assert joint.spec.source_text == joint.spec.text
    assert {"Hund", "dog"} < set(joint.spec.text.symbols)
    assert load(folder, vocabulary_size=2).spec.text.symbols == (".", "A", UNKNOWN, END)


@pytest.mark.parametrize("unit", ["char", "byte", "subword"])
def test_symbols_may_be_smaller_than_words(folder: Path, unit: Any) -> None:
    data = load(folder, unit=unit, vocabulary_size=40 if unit == "subword" else 0, joint=True)
    assert pairs(data, "train") == PAIRS
    assert data.spec.text.unit == unit


def test_a_table_is_split_into_train_and_test_by_a_fixed_permutation(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "".join(f"ein {n}\tone {n}\n" for n in range(20)))
    data = load(path, validation=0.2)
    assert data.sizes == {"train": 14, "validation": 4, "test": 2}
    assert pairs(data, "test") == pairs(load(path), "test")
    assert {source.replace("ein", "one") == target for source, target in pairs(data, "train")} == {
        True
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("de 1", "en 1")),
        ({"source": "2", "target": "1"}, ("en 1", "de 1")),
        ({"source": "2"}, ("en 1", "de 1")),
        ({"target": "3"}, ("de 1", "fr 1")),
    ],
)
def test_columns_of_a_table_are_chosen_by_number(
    tmp_path: Path, options: dict[str, str], expected: tuple[str, str]
) -> None:
    write(tmp_path / "train.tsv", "".join(f"de {n}\ten {n}\tfr {n}\n" for n in range(3)))
    write(tmp_path / "test.tsv", "de 1\ten 1\tfr 1\n")
    assert load(tmp_path, **options).test.texts == (expected,)


@pytest.mark.parametrize(("again", "told"), [(9, False), (10, True)])
def test_pairs_that_are_held_out_and_trained_on_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], again: int, told: bool
) -> None:
    rows = [f"Hund {number}\tdog {number}\n" for number in range(60)]
    write(tmp_path / "train.tsv", "".join([*rows[:40], "Hund 50\tcat 50\n"]))
    write(tmp_path / "test.tsv", "".join(rows[40 - again :]))
    assert load(tmp_path).sizes == {"train": 41, "test": 20 + again}
    said = f"the training part has {again} of the {20 + again} pairs of the test part too, word"
    assert (said in capsys.readouterr().err) == told


def test_columns_of_a_table_are_chosen_by_name(tmp_path: Path) -> None:
    text = "English\tGerman\n" + "".join(f"one {n}\tein {n}\n" for n in range(10))
    data = load(write(tmp_path / "a.tsv", text), source="german")
    assert data.spec.train_size == 9
    assert all(source.startswith("ein") for source, _ in pairs(data, "train"))


@pytest.mark.parametrize("name", ["x", "x.de"])
def test_two_files_beside_each_other_are_pairs(tmp_path: Path, name: str) -> None:
    for language in ("de", "en"):
        write(tmp_path / f"x.{language}", "".join(f"{language} {n}\n" for n in range(10)))
    assert load(tmp_path / name).sizes == {"train": 9, "test": 1}
    assert load(tmp_path).sizes == {"train": 9, "test": 1}


def test_papers_beside_two_files_are_no_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "".join(f"{number}\n" for number in range(10))
    for name in ("talks.de", "talks.en", "README.md", "LICENSE.txt", "talks.de.bak"):
        write(tmp_path / name, lines)
    assert load(tmp_path).sizes == {"train": 9, "test": 1}
    assert "train is talks.de and talks.en (10 pairs); passed over" in capsys.readouterr().err


def test_other_languages_and_blank_lines_of_both_are_passed_over(folder: Path) -> None:
    write(folder / "train.fr", "Un chien.\nUn chat!\nLe chien court.")
    write(folder / "test_2016_flickr.de", "\nEin Hund.\n")
    write(folder / "test_2016_flickr.en", "\nA dog.\n")
    assert load(folder, source="de", target="en").sizes == {"train": 3, "validation": 2, "test": 1}
    with pytest.raises(InputError, match="has the languages de, en and fr: give --source and"):
        load(folder)


def test_long_pairs_are_not_trained_on_and_those_held_out_are_cut(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "test_2016_flickr.de", "Der Hund läuft.")
    data = load(folder, longest=3)
    assert pairs(data, "train") == sorted(PAIRS)[1:]
    assert pairs(data, "test") == [("Der Hund läuft", "A dog.")]
    assert (
        "not trained on 1 of 3 pairs, with more than 3 symbols on a side" in capsys.readouterr().err
    )
    with pytest.raises(InputError, match="no pair has at most 2 symbols a side"):
        load(folder, longest=2)


def test_unknown_words_are_replaced_or_refused(folder: Path) -> None:
    write(folder / "val.de", "Ein Fuchs.\nEine Katze!")
    data: Any = load(folder)
    assert ("Ein �.", "A dog.") in pairs(data, "validation")
    with pytest.raises(InputError, match=r"'Fuchs' \(word 2 of the text\) is not in the vocab"):
        load(folder, unknown="refuse")


def test_a_given_pair_of_vocabularies_is_taken(folder: Path) -> None:
    own = load(folder).spec
    other = load(folder, vocabulary=own.vocabulary, source_vocabulary=own.source_vocabulary)
    assert (other.spec.text, other.spec.source_text) == (own.text, own.source_text)


def test_the_name_is_that_of_load_data(folder: Path) -> None:
    data = dl.load_data(f"pairs:{folder}", reading=replace(WORDS, source="en"))
    assert data.spec.name == f"pairs:{folder}"
    shown = data.show("test")
    assert (shown.sample.examples, shown.sample.labels) == (("A dog.",), ("Ein Hund.",))
    assert np.issubdtype(data.spec.input_dtype, np.integer)


def test_subwords_are_for_pairs_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "some text\n" * 100)
    with pytest.raises(InputError, match="subwords are for pairs of texts"):
        dl.load_data(f"text:{path}", reading=Reading(unit="subword"))


REFUSED = {
    "unequal": (
        {"train.de": "a\nb\n", "train.en": "a\n"},
        "train.de has 2 lines and .*train.en has 1",
    ),
    "empty side": (
        {"train.de": "a\n\nc\n", "train.en": "a\nb\nc\n"},
        "train.de, line 2, is empty, and",
    ),
    "no UTF-8": ({"train.de": b"\xff\xe4\n", "train.en": "a\n"}, "train.de is no UTF-8 text"),
    "alone": ({"train.de": "a\n"}, "train.de has no file of another language beside it"),
    "a CSV": ({"a.csv": "a,b\n"}, "a.csv has no file of another .* or a table with a tab between"),
    "a paper alone": ({"README.md": "a\n"}, "has no files: give two, such as train.de and"),
    "alone in a part": (
        {"train.de": "a\n", "train.en": "a\n", "test.de": "a\n"},
        "test.de has no test.en beside it",
    ),
    "nothing": ({}, "has no files: give two, such as train.de and train.en"),
    "one column": ({"train.tsv": "a\nb\n"}, "train.tsv, line 1, has one column"),
    "empty cell": ({"train.tsv": "a\tb\nc\t\n"}, "train.tsv, line 2, has an empty target"),
    "no training part": ({"test.de": "a", "test.en": "a"}, "has no file called train"),
    "few": ({"x.de": "a\nb", "x.en": "a\nb"}, r"2 pair\(s\) are too few to hold some out"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_named(tmp_path: Path, what: str) -> None:
    files, refusal = REFUSED[what]
    for name, text in files.items():
        write(tmp_path / name, text)
    with pytest.raises(InputError, match=refusal) as refused:
        load(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"source": "fr"}, "source is 'fr', and .* has the languages de and en: known: de, en"),
        ({"target": "eng"}, "target is 'eng', and .* did you mean en?"),
        ({"source": "de", "target": "de"}, "source and target are both de: give two languages"),
    ],
)
def test_languages_that_are_not_there_are_named(
    folder: Path, options: dict[str, str], refusal: str
) -> None:
    with pytest.raises(InputError, match=refusal):
        load(folder, **options)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"source": "de"}, r"has no column 'de' \(a and b\): give --source and --target as names"),
        ({"source": "3"}, "has no column '3'"),
        ({"source": "2", "target": "2"}, "source and target are both column 2"),
    ],
)
def test_columns_that_are_not_there_are_named(
    tmp_path: Path, options: dict[str, str], refusal: str
) -> None:
    with pytest.raises(InputError, match=refusal):
        load(write(tmp_path / "a.tsv", "a\tb\nc\td\n"), **options)


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no .*nothing: give a table, a folder, or x"):
        load(tmp_path / "nothing")
