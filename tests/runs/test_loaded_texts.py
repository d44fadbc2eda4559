"""Runs on text brought back: texts as they are, padding that changes nothing, and what has no
class.
"""

from pathlib import Path

import numpy as np
import pytest

import dl
from dl.cli import main
from dl.errors import InputError
from dl.runs.evaluate import evaluate_run
from dl.types import Ragged

pytestmark = pytest.mark.slow

SMALL = "--hidden-size 3 --batch-size 4 --epochs 1 --devices 1 --quiet"
WORDS = ("good", "bad", "film", "plot", "very", "not")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs on labelled sentences, on a stream of text, and on numbers to be added."""
    folder = tmp_path_factory.mktemp("texts")
    generator = np.random.default_rng(0)
    texts = [" ".join(generator.choice(WORDS, generator.integers(1, 9))) for _ in range(80)]
    (folder / "said.tsv").write_text(
        "".join(f"{text}\t{'yes' if 'good' in text else 'no'}\n" for text in texts)
    )
    (folder / "text.txt").write_text("the cat sat on the mat. " * 20)
    runs = {
        "lstm_sentiment": f"tsv:{folder}/said.tsv --embedding-size 3",
        "lstm_shakespeare": f"text:{folder}/text.txt --segment 8",
        "lstm_adding": "adding:6 --train-examples 16",
    }
    for name, dataset in runs.items():
        words = f"run {name} --dataset {dataset} {SMALL} --run-dir {folder / name}"
        assert main("experiments", words.split()) == 0
    return folder


def test_texts_are_classified_as_the_run_was_evaluated(folder: Path) -> None:
    loaded = dl.load(folder / "lstm_sentiment")
    test = dl.load_data(f"tsv:{folder}/said.tsv", reading=loaded.reading).test
    texts = [
        loaded.spec.text.decode(row[:length])
        for row, length in zip(test.inputs, test.lengths, strict=True)
    ]
    right = [
        prediction.label == loaded.spec.class_names[target]
        for prediction, target in zip(loaded.predict(texts), test.targets, strict=True)
    ]
    assert np.mean(right) == pytest.approx(evaluate_run(folder / "lstm_sentiment")[0]["accuracy"])


def test_padding_changes_nothing(folder: Path) -> None:
    loaded = dl.load(folder / "lstm_sentiment")
    texts = ["good film", "not a very good plot, and not good", "bad"]
    together = loaded.outputs(texts)
    alone = np.concatenate([loaded.outputs([text]) for text in texts])
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)
    symbols = loaded.spec.text.encode("good film")
    padded = np.concatenate([symbols, np.zeros(40, np.int32)])[None]
    exact = loaded.outputs(Ragged(symbols[None], np.array([2])))
    np.testing.assert_allclose(
        loaded.outputs(Ragged(padded, np.array([2]))), exact, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(loaded.probabilities(texts).sum(-1), 1.0, rtol=1e-5)


def test_a_language_model_says_how_likely_each_next_symbol_is(folder: Path) -> None:
    loaded = dl.load(folder / "lstm_shakespeare")
    symbols = loaded.spec.text.encode("the cat sat")[
        None
    ]  # longer than the segments that it was trained on
    probabilities = loaded.probabilities(symbols)
    assert probabilities.shape == (1, 11, len(loaded.spec.text))
    np.testing.assert_allclose(probabilities.sum(-1), 1.0, rtol=1e-5)
    as_stored = symbols.astype(np.uint8)  # the type in which a stream keeps its symbols
    np.testing.assert_array_equal(loaded.probabilities(as_stored), probabilities)


def test_what_is_no_class_and_no_probability_is_refused(folder: Path) -> None:
    adding, writer, reader = (
        dl.load(folder / name) for name in ("lstm_adding", "lstm_shakespeare", "lstm_sentiment")
    )
    pairs, symbols = np.zeros((2, 6, 2), np.float32), np.zeros((1, 5), np.int32)
    assert adding.outputs(pairs).shape == (2, 1)
    for use in (adding.probabilities, adding.predict):
        with pytest.raises(InputError, match=r"has numbers for answers: outputs\(\) gives them"):
            use(pairs)
    with pytest.raises(InputError, match=r"no classes to choose from: use probabilities\(\)"):
        writer.predict(symbols)
    with pytest.raises(InputError, match="does not tell classes of texts: give it arrays"):
        writer.probabilities(["the cat"])
    with pytest.raises(InputError, match=r"give a list of them, or Ragged\(values, lengths\)"):
        reader.predict(symbols)
    with pytest.raises(InputError, match="one length: give an array"):
        writer.outputs(Ragged(symbols, np.array([3])))
    for lengths in ([0], [6], [3, 3]):
        with pytest.raises(InputError, match="from 1 to its 5 steps"):
            reader.outputs(Ragged(symbols, np.array(lengths)))
    with pytest.raises(InputError, match="the model reads texts: give a list of them"):
        reader.predict([])
    for texts in ([" "], ["good", ""]):
        with pytest.raises(InputError, match="a text without any symbol has no class"):
            reader.predict(texts)


def test_predict_classifies_files_and_texts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "review.txt"
    file.write_text("a very good film\n")
    run = folder / "lstm_sentiment"
    long = "not " * 40 + "bad"
    assert (
        main("experiments", ["predict", str(run), str(file), "--text", "bad plot", "--text", long])
        == 0
    )
    lines = capsys.readouterr().out.splitlines()
    predictions = dl.load(run).predict(["a very good film", "bad plot", long])
    for line, prediction, name in zip(
        lines, predictions, (str(file), "bad plot", "not not"), strict=True
    ):
        assert line.startswith(name)
        assert line.endswith(f": {prediction.label} ({prediction.probability:.3f})")
        assert len(line) < 90 + len(name)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{0}/lstm_sentiment {0}/nothing.txt", "nothing.txt"),
        ("{0}/lstm_sentiment --photo --text good", "--photo is for pictures"),
        ("{0}/lstm_shakespeare --text good", "writes text and knows no classes: use `sample "),
        ("{0}/lstm_adding {0}/said.tsv", "takes inputs of shape (6, 2), not pictures"),
    ],
)
def test_what_cannot_be_classified_is_refused_in_one_line(
    words: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["predict", *words.format(folder).split()]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
