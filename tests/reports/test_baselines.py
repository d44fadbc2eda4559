"""scikit-learn's classifiers beside runs: the same splits, one table, and clear words where they do
not fit.
"""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

import dl
from dl.cli import main
from dl.data.dataset import limit
from dl.data.sources.ragged import ragged_source
from dl.data.text.reading import Reading
from dl.data.text.vocabulary import UNKNOWN
from dl.errors import InputError
from dl.reports.baselines import Row, _counts, fit_baselines, run_row, table
from dl.runs.experiment import load_experiment
from dl.runs.run import start_run
from dl.train.interrupt import StopRequest

pytestmark = pytest.mark.slow

ROWS = [
    Row("linear SVM", 10_000, None, 0.9, 1.23),
    Row("lenet_mnist", 54_000, 0.991, 0.9939, 744.0),
]
RUN = "--dataset digits --epochs 1 --hidden-size 16 --devices 1 --quiet"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of a classifier and one of an auto-encoder."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("mlp_mnist", "autoencoder_mnist"):
        assert main("experiments", f"run {name} {RUN} --run-dir {folder / name}".split()) == 0
    return folder


def test_baselines_learn_the_digits_and_score_the_parts_that_nets_are_scored_on() -> None:
    data = limit(dl.load_data("digits", validation=0.2), train=300)
    seen: list[Row] = []
    rows = fit_baselines(data, on_row=seen.append)
    assert rows == seen
    assert [row.method for row in rows] == ["linear SVM", "RBF SVM", "random forest"]
    for row in rows:
        assert row.train_examples == 300
        assert 0.85 < row.test_accuracy < 1.0
        assert row.validation_accuracy is not None
        assert 0.85 < row.validation_accuracy < 1.0
        # A fraction of 360 and of 287 examples.
        assert (360 * row.test_accuracy) == pytest.approx(round(360 * row.test_accuracy))
        assert (287 * row.validation_accuracy) == pytest.approx(
            round(287 * row.validation_accuracy)
        )
        assert row.seconds > 0


def test_words_are_counted_and_padding_is_not() -> None:
    # Word 0 is a word like the others, and also what rows are padded with.
    sentences = ragged_source(
        [np.array([0, 2]), np.array([1]), np.array([0, 0, 1, 0])], np.array([0, 1, 1])
    )
    assert _counts(sentences, 4).toarray().tolist() == [[0, 1, 0, 0], [1, 0, 1, 0], [3, 1, 0, 0]]


def test_naive_bayes_is_what_its_formula_says(tmp_path: Path) -> None:
    said = ["good good film\tyes", "bad film\tno", "good\tyes", "bad bad\tno", "film\tno"]
    for part, lines in (
        ("train", said),
        ("test", ["good film\tyes", "bad\tno", "bad good good\tno"]),
    ):
        (tmp_path / f"{part}.tsv").write_text("".join(f"{line}\n" for line in lines))
    data = dl.load_data(f"tsv:{tmp_path}", reading=Reading(unit="word"))
    words = ["good", "film", "bad", UNKNOWN]
    counts = {"yes": [3, 1, 0, 0], "no": [0, 2, 3, 0]}
    prior = {"yes": 2 / 5, "no": 3 / 5}

    def score(label: str, text: str) -> float:
        total = sum(counts[label]) + len(words)
        shares = [(counts[label][words.index(word)] + 1) / total for word in text.split()]
        return math.log(prior[label]) + sum(map(math.log, shares))

    right = [
        max(counts, key=lambda label, text=text: score(label, text)) == expected
        for text, expected in (("good film", "yes"), ("bad", "no"), ("bad good good", "no"))
    ]
    rows = {row.method: row.test_accuracy for row in fit_baselines(data)}
    assert list(rows) == ["naive Bayes", "linear SVM"]
    assert right == [True, True, False]
    assert rows["naive Bayes"] == pytest.approx(2 / 3)


def test_a_run_on_texts_stands_beside_naive_bayes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "said.tsv").write_text(
        "".join(f"{'good' if n % 2 else 'bad'} film {n}\t{n % 2}\n" for n in range(60))
    )
    dataset = f"--dataset tsv:{tmp_path / 'said.tsv'}"
    words = f"run lstm_sentiment {dataset} --hidden-size 2 --batch-size 8 --epochs 1 --devices 1"
    words += " --quiet"
    assert main("experiments", f"{words} --run-dir {tmp_path / 'run'}".split()) == 0
    validation = json.loads((tmp_path / "run" / "config.json").read_text())["options"]["validation"]
    capsys.readouterr()
    words = f"baselines {tmp_path / 'run'} {dataset} --validation {validation}"
    words += " --train-examples 0 --format json"
    assert main("experiments", words.split()) == 0
    bayes, svm, net = json.loads(capsys.readouterr().out)
    assert (bayes["method"], svm["method"], net["method"]) == (
        "naive Bayes",
        "linear SVM",
        "lstm_sentiment",
    )
    assert bayes["test_accuracy"] == 1.0


def test_a_run_that_left_long_texts_out_was_tested_on_others(tmp_path: Path) -> None:
    rows = [f"{'very ' * (n % 3)}{'good' if n % 2 else 'bad'}\t{n % 2}\n" for n in range(60)]
    (tmp_path / "said.tsv").write_text("".join(rows))
    experiment = load_experiment("experiments.lstm_sentiment")
    options = experiment.options(
        dataset=f"tsv:{tmp_path}/said.tsv",
        longest=2,
        longer="leave-out",
        hidden_size=2,
        batch_size=8,
        epochs=1,
    )
    start_run(experiment, options, run_dir=tmp_path / "run", stop=StopRequest(), show=False)
    with pytest.raises(
        InputError, match=r"was tested without \d long documents: train with --longer cut"
    ):
        run_row(tmp_path / "run", options)


def test_text_is_aligned_and_markdown_is_a_table() -> None:
    text = table(ROWS).text().splitlines()
    assert len({len(line) for line in text}) == 1
    assert "99.10 %  99.39 %    744.0" in text[2]
    markdown = table(ROWS).markdown().splitlines()
    assert markdown[1] == "| :-- | --: | --: | --: | --: |"
    assert markdown[2] == "| linear SVM | 10,000 | – | 90.00 % | 1.2 |"
    assert json.loads(table(ROWS).json())[1]["test_accuracy"] == 0.9939


def test_the_verb_puts_runs_and_baselines_into_one_table(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"baselines {runs / 'mlp_mnist'} --dataset digits --validation 0.1"
    words += " --train-examples 200 --format json"
    assert main("experiments", words.split()) == 0
    out, err = capsys.readouterr()
    *baselines, net = json.loads(out)
    assert [row["train_examples"] for row in baselines] == [200] * 3
    assert "random forest: test accuracy 0." in err
    result = json.loads((runs / "mlp_mnist" / "result.json").read_text())
    assert net["method"] == "mlp_mnist"
    assert net["train_examples"] == 1293
    assert net["test_accuracy"] == result["metrics"]["test"]["accuracy"]
    assert net["validation_accuracy"] == result["metrics"]["validation"]["accuracy"]
    assert net["seconds"] == result["wall_seconds"]


WRONG = [
    pytest.param(
        "{runs}/mlp_mnist --dataset digits", r"--validation 0.1, not 0.0", id="other-split"
    ),
    pytest.param(
        "{runs}/mlp_mnist --dataset mnist --validation 0.1",
        r"--dataset digits, not mnist",
        id="other-data",
    ),
    pytest.param(
        "{runs}/autoencoder_mnist --dataset digits --validation 0.1",
        "no classifier",
        id="auto-encoder",
    ),
    pytest.param("{runs}/nothing --dataset digits", "no run folder", id="no-run"),
    pytest.param("--dataset moons", "yes-or-no", id="binary"),
    pytest.param(
        "--dataset digits --train-examples 1",
        "all training examples of digits, 1, are of one",
        id="one-class",
    ),
    pytest.param(
        "{runs}/mlp_mnist --dataset digits --validation 0.1 --colour grey",
        "--colour auto, not grey",
        id="other-colour",
    ),
    pytest.param("--dataset digits --train-examples -1", "train_examples is -1", id="negative"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_what_cannot_be_compared_is_refused_in_one_line(
    words: str, message: str, runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", f"baselines {words.format(runs=runs)}".split()) == 2
    err = capsys.readouterr().err
    assert re.search(message, err)
    assert err.count("\n") == 1


def test_an_unfinished_run_is_refused(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text((runs / "mlp_mnist" / "config.json").read_text())
    assert (
        main("experiments", f"baselines {tmp_path} --dataset digits --validation 0.1".split()) == 2
    )
    assert f"is not finished: go on with `resume {tmp_path}`" in capsys.readouterr().err


def test_an_auto_encoder_that_is_loaded_reconstructs_and_does_not_classify(runs: Path) -> None:
    loaded, pictures = dl.load(runs / "autoencoder_mnist"), dl.load_data("digits").test.inputs[:3]
    assert loaded.outputs(pictures).shape == (3, 28, 28, 1)
    for use in (loaded.predict, loaded.probabilities):
        with pytest.raises(InputError, match=r"no classes: outputs\(\)"):
            use(pictures)
