"""Wrong text and sequences: one clear line, exit 2, nothing written."""

import gzip
from pathlib import Path

import pytest
from test_wrong_input import refused

SONGS = '{"train": [[[60], [61]]], "test": [[[60]]]}'
FILES = {
    "text.txt": b"the quick brown fox jumps\n" * 200,
    "short.txt": b"the quick",
    "empty.txt": b"\n \n",
    "latin.txt": "café ".encode("latin-1") * 100,
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "zeros.txt": bytes(100),
    "cut.txt.gz": gzip.compress(b"the quick brown fox" * 100, mtime=0)[:-9],
    "labels.tsv": b"good film\t1\nbad\t0\n" * 40,
    "unlabelled.tsv": b"good film\t1\nbad\n",
    "half.jsonl": b'{"text": "a", "label": 1}\n{"text": "b"}\n',
    "high.json": SONGS.replace("61", "109").encode(),
    "songs.json": SONGS.encode(),
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "no-data"))
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "test.txt").write_bytes(FILES["text.txt"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("lstm_shakespeare --dataset text:empty.txt", "empty.txt is empty"),
        ("lstm_names --dataset lines:empty.txt", "empty.txt is empty"),
        (
            "lstm_shakespeare --dataset text:short.txt",
            "8 symbols to train on, fewer than two segments of 64",
        ),
        (
            "lstm_shakespeare --dataset text:text.txt --segment 5000",
            "fewer than two segments of 5000: give --segment",
        ),
        (
            "lstm_shakespeare --dataset text:text.txt --segment 0",
            "segment is 0; it must be at least 1",
        ),
        (
            "lstm_shakespeare --dataset text:text.txt --batch-size 500",
            "batch size 500 is larger than the 72",
        ),
        (
            "lstm_shakespeare --dataset text:text.txt --train-examples 99",
            "cannot keep 99 of 72 training examples",
        ),
        ("lstm_shakespeare --dataset text:text.txt --vocabulary-size -1", "vocabulary_size is -1"),
        ("lstm_shakespeare --dataset text:text.txt --longest -1", "longest is -1"),
        ("lstm_shakespeare --dataset text:text.txt --longest 9", "one text: give --longest 0"),
        (
            "lstm_names --dataset lines:text.txt --longer leave-out --longest 1",
            "no document has at most 1 symbols",
        ),
        ("lstm_shakespeare --dataset text:text.txt --unit line", '"char", "byte", "word"'),
        ("lstm_shakespeare --dataset text:text.txt --image-size 8", "image_size is for pictures"),
        ("lstm_shakespeare --dataset text:text.txt --random-crops", "random_crops is for pictures"),
        ("lstm_shakespeare --dataset text:latin.txt", "latin.txt is no UTF-8 text: byte 3 is 0xe9"),
        (
            "lstm_shakespeare --dataset text:picture.png",
            "picture.png is no UTF-8 text: byte 0 is 0x89",
        ),
        ("lstm_shakespeare --dataset text:zeros.txt", "zeros.txt is no text"),
        ("lstm_shakespeare --dataset text:cut.txt.gz", "cut.txt.gz"),
        ("lstm_shakespeare --dataset text:nowhere.txt", "nowhere.txt"),
        ("lstm_shakespeare --dataset text:folder", "folder has no file called train"),
        ("lstm_shakespeare --dataset texts:text.txt", "unknown kind of data set 'texts'"),
        (
            "lstm_sentiment --dataset tsv:unlabelled.tsv",
            "unlabelled.tsv, line 2, has 1 column",
        ),
        ("lstm_programs --dataset jsonl:half.jsonl", "half.jsonl has 1 labels for 2 documents"),
        (
            "lstm_programs --dataset text:text.txt",
            "is one text, and documents are read here: give lines:PATH",
        ),
        (
            "lstm_names --dataset text:short.txt",
            "is one text, and documents are read here: give lines:PATH",
        ),
        (
            "ngram_shakespeare --dataset text:text.txt --longest-gram 9999",
            "longest_gram is 9999; it must be at most 4680",
        ),
        ("lstm_programs --dataset jsonl:text.txt", "text.txt, line 1, is no JSON"),
        ("lstm_programs", "this experiment has no public data set of its own: give --dataset"),
        ("lstm_chorales", "this experiment has no public data set of its own: give --dataset"),
        (
            "lstm_chorales --dataset chorales:high.json",
            "the chord [109]; a piano's notes are 21 to 108",
        ),
        ("lstm_chorales --dataset chorales:text.txt", "text.txt is no JSON"),
        (
            "lstm_chorales --dataset chorales:songs.json",
            "batch size 16 is larger than the 1 training examples",
        ),
        ("lstm_adding --dataset adding:1", "adding:1 is no length: give 2 to 10324 steps"),
        ("lstm_adding --dataset adding:x", "adding:x is no length: give 2 to 10324 steps"),
    ],
)
def test_refused_in_one_line(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert says in refused(f"run {words}", capsys)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            "lstm_shakespeare --dataset digits",
            "digits is no text: give text:, lines:, jsonl:, tsv: or csv:PATH",
        ),
        (
            "lstm_names --dataset adding:5",
            "adding:5 is no text: give text:, lines:, jsonl:, tsv: or csv:PATH",
        ),
        ("lstm_mnist_pixels --dataset adding:6", "this net reads pictures, and adding:6 has none"),
        ("lstm_mnist_pixels --dataset tsv:labels.tsv", "this net reads pictures, and tsv:"),
        ("lstm_sentiment --dataset digits", "digits is no text"),
        ("lstm_sentiment --dataset text:text.txt", "is one text, and documents are read here"),
        ("lstm_sentiment --dataset lines:text.txt", "has texts without labels"),
        ("lstm_adding --dataset tsv:labels.tsv", "sequences are"),
        ("lenet_digits --dataset text:text.txt", "LeNet takes pictures"),
        (
            "lenet_digits --dataset tsv:labels.tsv",
            "LeNet takes inputs of one shape, these are sequences of several",
        ),
        (
            "autoencoder_mnist --dataset tsv:labels.tsv",
            "takes inputs of one shape, these are sequences of several",
        ),
    ],
)
def test_experiments_refuse_data_of_another_kind(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refused(f"run {words} --batch-size 4", capsys)


@pytest.mark.parametrize(
    "words", ["ngram_shakespeare --dataset digits", "ngram_programs --dataset adding:5"]
)
def test_counting_refuses_what_is_no_text(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is no text: give text:, lines:, jsonl:, tsv: or csv:PATH" in refused(
        f"run {words}", capsys
    )
