"""A language model's run on another text: its symbols are numbered as the run's own."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

import dl
from dl.cli import main
from dl.errors import InputError
from dl.runs.evaluate import evaluate_part, evaluate_run

pytestmark = pytest.mark.slow

OWN = "a cab, a bad dab" * 30
OTHER = "dad babz b cab, " * 30  # as long, so that less is compiled


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a step on a text, the other text and some labelled ones beside it."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "own.txt").write_text(OWN)
    (folder / "names.txt").write_text("a\nb\n" * 9)
    (folder / "other.txt").write_text(OTHER)
    (folder / "labels.tsv").write_text("a\t0\nb\t1\n" * 6)
    words = (
        f"run lstm_shakespeare --dataset text:{folder}/own.txt --run-dir {folder}/run --epochs 1 "
        "--hidden-size 4"
    )
    small = (
        "--segment 5 --batch-size 60 --validation 0 --devices 1 --steps-per-call 1 --dropout 0 "
        "--learning-rate 0.1"
    )
    assert main("experiments", [*words.split(), *small.split(), "--quiet"]) == 0
    return folder / "run"


def nats(run: Path, text: str) -> float:
    """Mean −log p of each character of a text but the first, by the whole text at once."""
    loaded = dl.load(run)
    numbers = np.array(
        [loaded.spec.text.symbols.index(one if one in OWN else "<unknown>") for one in text]
    )
    logits = loaded.model.apply(
        loaded.params, loaded.model_state, numbers[None, :-1].astype(np.int32)
    )[0]
    log_p = jax.nn.log_softmax(logits)[0]
    return -float(np.mean(np.asarray(log_p)[np.arange(len(text) - 1), numbers[1:]]))


def test_texts_are_read_with_the_vocabulary_of_the_run(run: Path) -> None:
    own = json.loads((run / "result.json").read_text())["metrics"]["test"]
    other, step = evaluate_run(run, dataset=f"text:{run.parent}/other.txt")
    for metrics, text in ((own, OWN), (other, OTHER)):
        expected = nats(run, text[-len(text) // 10 :])
        assert metrics["loss"] == pytest.approx(expected, rel=1e-4)
        assert metrics["bits"] == pytest.approx(expected / np.log(2), rel=1e-4)
        assert metrics["perplexity"] == pytest.approx(np.exp(expected), rel=1e-4)
    assert step == 1


def test_a_stream_has_symbols(run: Path) -> None:
    found = evaluate_part(run, dataset=f"text:{run.parent}/other.txt")
    assert (found.examples, found.unit) == (len(OTHER) // 10 - 1, "symbols")


def test_the_vocabulary_is_stored_with_the_run(run: Path) -> None:
    stored = json.loads((run / "config.json").read_text())["data"]["vocabulary"]
    symbols = [*sorted(set(OWN)), "<unknown>"]
    assert stored == {
        "unit": "char",
        "symbols": symbols,
        "word_rule": "letters",
        "lower": False,
        "model": "",
    }


@pytest.mark.parametrize(
    ("dataset", "says"),
    [
        ("digits", r"digits has inputs 28×28×1 \(uint8\), the model was trained on 5 \(int32\)"),
        (
            "tsv:{}/labels.tsv",
            r"this vocabulary has no end of documents, it is of one stream \(text:PATH\)",
        ),
        ("adding:5", r"adding:5 has inputs 5×2 \(float32\), the model was trained on 5 \(int32\)"),
        ("lines:{}/names.txt", r"it is of one stream \(text:PATH\) or of texts with labels"),
    ],
)
def test_other_data_do_not_fit_a_language_model(run: Path, dataset: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        evaluate_run(run, dataset=dataset.format(run.parent))
    assert "\n" not in str(refused.value)


def test_a_text_shorter_than_a_segment_is_evaluated(run: Path) -> None:
    folder = run.parent / "short"
    folder.mkdir()
    for part, text in (("train", "dab"), ("test", "cab")):
        (folder / f"{part}.txt").write_text(text)
    metrics, _ = evaluate_run(run, dataset=f"text:{folder}")
    assert metrics["loss"] == pytest.approx(nats(run, "cab"), rel=1e-4)
