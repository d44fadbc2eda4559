"""Reports on predictions agree with the metrics of the objectives; nets need not be trained."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dl
from dl import assess
from dl.data.parts import dataset_of_sequences
from dl.data.sources.arrays import ArraySource
from dl.data.sources.ragged import ragged_source
from dl.errors import InputError
from dl.runs import reporting
from dl.train.state import first_state

WORDS = ("good", "bad", "film", "plot")


def begun(model: dl.types.Model, objective: Any, data: dl.Dataset) -> dl.Trained:
    recipe = dl.Recipe(model, objective(model), dl.optimizers.sgd(0.1))
    options = dl.TrainOptions(batch_size=8)
    state = first_state(recipe, data.spec, options)
    return dl.Trained(recipe, data.spec, options, state, [], open_data=lambda: data)


@pytest.fixture(scope="module")
def points() -> dl.Trained:
    """Three classes of points, the test part in two batches of which one is padded."""
    random = np.random.default_rng(0)
    x = random.normal(size=(70, 2))
    y = np.array(["low", "mid", "top"])[np.digitize(x[:, 0], (-0.5, 0.5))]
    return begun(
        dl.models.softmax_regression(3),
        dl.objectives.classification,
        dl.make_dataset(x, y, test=0.2),
    )


def test_classes(points: dl.Trained) -> None:
    report, values = points.report(), points.evaluate()
    assert isinstance(report, dl.assess.ClassificationReport)
    assert report.accuracy == pytest.approx(values["accuracy"])
    assert report.log_loss == pytest.approx(values["loss"], rel=1e-5)
    test = points.open_data().test
    by_hand = dl.classification_report(
        points.probabilities(test.inputs), test.targets, class_names=("low", "mid", "top")
    )
    np.testing.assert_array_equal(report.confusion, by_hand.confusion)
    assert report.title == "arrays, test: 14 examples"
    assert points.report("train").examples == 56


def test_other_data_are_reported_on(points: dl.Trained) -> None:
    data = dl.make_dataset(np.ones((4, 2)), ["low", "mid", "top", "top"], test=0.25, name="ones")
    report = points.report("train", data=data)
    assert report.title == "ones, train: 3 examples"


def test_what_is_no_data_set_is_refused(points: dl.Trained) -> None:
    wrong: Any = 3
    for ask in (points.report, points.evaluate):
        with pytest.raises(InputError, match="data is 3: give a Dataset"):
            ask(data=wrong)


def test_yes_or_no() -> None:
    trained = begun(dl.models.mlp(1), dl.objectives.binary, dl.load_data("xor"))
    report, values = trained.report(), trained.evaluate()
    assert isinstance(report, assess.BinaryReport)
    assert (report.accuracy, report.log_loss) == pytest.approx(
        (values["accuracy"], values["loss"]), rel=1e-5
    )


def test_numbers() -> None:
    random = np.random.default_rng(0)
    data = dl.make_dataset(random.normal(size=(40, 3)), random.normal(size=(40, 2)))
    trained = begun(dl.models.softmax_regression(2), dl.objectives.regression, data)
    report = trained.report()
    assert isinstance(report, assess.RegressionReport)
    assert report.mse.sum() == pytest.approx(trained.evaluate()["mse"], rel=1e-5)


@pytest.mark.slow
def test_next_symbols_of_a_stream(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("the cat sat on the mat. " * 60)
    data = dl.load_data(f"text:{tmp_path}/text.txt", validation=0.1)
    model = dl.models.language_model("rnn", data.spec.classes, hidden_size=4)
    trained = begun(model, dl.objectives.next_symbol, data)
    report, values = trained.report("train"), trained.evaluate("train")
    assert isinstance(report, assess.SymbolReport)
    assert len(report.targets) > 2 * 256, "the state is carried over several segments"
    figures = report.figures()
    for name in ("loss", "bits", "perplexity", "accuracy"):
        assert figures[name] == pytest.approx(values[name], rel=1e-5)


def test_frames_of_sequences_of_several_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    notes = [random.integers(0, 2, (length, 3)).astype(np.float32) for length in (2, 3, 5, 5)]
    part = ragged_source(notes, notes)
    data = dataset_of_sequences(
        "notes", part, None, part, class_names=("c", "e", "g"), task="frames"
    )
    model = dl.models.step_model("rnn", 3, hidden_size=3)
    trained = begun(model, dl.objectives.frames, data)
    report = trained.report()
    assert isinstance(report, assess.BinaryReport)
    assert report.examples == 15, "padding is no example"
    assert report.scores.support.sum() == sum(each.sum() for each in notes)
    monkeypatch.setattr(reporting, "MOST_OUTPUTS", 44)
    with pytest.raises(dl.InputError, match="15 × 3 outputs, and a report holds at most 44"):
        trained.report()


@pytest.mark.slow
def test_mistakes_on_texts_are_named_by_their_beginning(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(WORDS, random.integers(1, 9))) for _ in range(40)]
    (tmp_path / "said.tsv").write_text(
        "".join(f"{text}\t{'yes' if 'good' in text else 'no'}\n" for text in texts)
    )
    data = dl.load_data(f"tsv:{tmp_path}/said.tsv", reading=dl.Reading(unit="word"))
    model = dl.models.sequence_model(
        "rnn", 2, hidden_size=3, vocabulary_size=len(data.spec.text), embedding_size=2
    )
    report = begun(model, dl.objectives.classification, data).report("train")
    assert isinstance(report, assess.ClassificationReport)
    assert report.mistakes
    assert all(any(text.startswith(one.name) for text in texts) for one in report.mistakes)


@pytest.mark.parametrize("streamed", [False, True])
def test_mistakes_on_pictures_are_named_by_their_file(tmp_path: Path, streamed: bool) -> None:
    for number in range(12):
        folder = tmp_path / ("dark" if number % 2 else "light")
        folder.mkdir(exist_ok=True)
        Image.new("L", (4, 4), 20 * number).save(folder / f"{number}.png")
    data = dl.load_data(f"folder:{tmp_path}", image_size=(4, 4), random_crops=streamed)
    assert data.train.in_memory != streamed
    model = dl.models.softmax_regression(2)
    report = begun(model, dl.objectives.classification, data).report("train")
    assert isinstance(report, assess.ClassificationReport)
    assert report.mistakes
    for one in report.mistakes:
        assert Path(one.name).is_file()
        assert Path(one.name).parent.name == report.class_names[one.target]


def test_names_follow_the_examples_that_are_held_out() -> None:
    source = ArraySource(np.zeros((3, 1)), np.zeros(3, int), ("a", "b", "c"))
    assert source.take(np.array([2, 0])).names == ("c", "a")


def test_what_has_no_report_is_one_sentence(
    points: dl.Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = dl.models.autoencoder((2,), code_size=1)
    network = dl.Network(model, {}, spec=points.spec)
    with pytest.raises(dl.InputError, match="gives its inputs again, which has no report"):
        reporting.report_on(network, points.open_data(), "test", batch_size=4)
    with pytest.raises(dl.InputError, match="no validation part"):
        points.report("validation")
    monkeypatch.setattr(reporting, "MOST_OUTPUTS", 40)
    with pytest.raises(dl.InputError, match="14 × 3 outputs, and a report holds at most 40"):
        points.report()


def test_every_task_has_a_report() -> None:
    # Transcriptions are measured by their label error, and players by their games.
    assert reporting._KINDS.keys() == dl.data.tasks.TASKS.keys() - {"transcription", "play"}
