"""Texts that are far longer than the others."""

import pytest

from dl.data.readers.sequences import documents, labelled_documents
from dl.data.text.lengths import within_reason
from dl.data.text.reading import Documents, Reading

SHORT = ["abc", "ab"] * 20
LONG = "abcd" * 250_000


def lengths_of(texts: list[str], **options) -> Reading:
    return within_reason("a", Documents(texts), reading=Reading(**options))


def test_a_text_of_a_megabyte_among_short_ones_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    train, test = Documents([*SHORT, LONG]), Documents(["abc", LONG])
    data = documents("lines:x", train, None, test, reading=Reading(stream=False))
    assert data.train.inputs.shape == (41, 2_000)
    assert data.test.inputs.shape == (2, 2_000)
    assert capsys.readouterr().err == (
        "lines:x: cut 2 of 43 documents, far longer than the others, at 2,000 symbols: "
        "--longest N sets another limit\n"
    )
    labels = ["x", "y"]
    train, test = Documents([*SHORT, LONG, LONG], labels * 21), Documents(["abc", LONG], labels)
    data = labelled_documents("jsonl:x", train, None, test, reading=Reading())
    assert data.spec.input_shape == (2_000,)


@pytest.mark.parametrize(
    "texts",
    [
        [*SHORT, "a" * 2_000],
        ["a" * 30_000] * 10,
        ["a" * 3_000] * 10 + ["a" * 30_000],
        ["ab " * 900] * 10 + ["a " * 9_000],
        ["a"],
    ],
)
def test_ordinary_texts_stay_as_they_are(texts: list[str]) -> None:
    assert lengths_of(texts) == Reading()


def test_the_limit_counts_symbols_and_gives_way_to_a_given_one() -> None:
    assert lengths_of([*SHORT, "a " * 1_500], unit="char").longest == 2_000
    assert lengths_of([*SHORT, "a " * 1_500], unit="word").longest == 0
    assert lengths_of([*SHORT, "é" * 1_500], unit="byte").longest == 2_000
    assert lengths_of([*SHORT, LONG], longest=9_000).longest == 9_000
    assert lengths_of([*SHORT, LONG], longer="leave-out").longer == "cut"
