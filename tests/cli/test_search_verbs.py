"""The verbs search, rates and batches: what they print, and what they refuse in one line."""

import json
from pathlib import Path

import pytest

import dl
from dl.cli import main

RATE = "--vary learning_rate=log:0.01..10"
SMALL = "--epochs 1 --batch-size 50 --devices 1"


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "NAME requires an argument"),
        ("logistic_moon " + RATE, "did you mean logistic_moons?"),
        ("logistic_moons", "--vary"),
        ("logistic_moons --vary learning_rate", "give OPTION=LOW..HIGH"),
        ("logistic_moons --vary =1..2", "there is no option"),
        (f"logistic_moons {RATE} {RATE}", "--vary names learning_rate twice"),
        ("logistic_moons --vary rate=0..1", "there is no option rate"),
        ("logistic_moons --vary members=1,2", "members cannot be searched"),
        ("logistic_moons --vary dataset=moons,xor", "dataset cannot be searched"),
        ("logistic_moons --vary learning_rate=1..1", "not from 1 to 1"),
        ("logistic_moons --vary learning_rate=2..1", "not from 2 to 1"),
        ("logistic_moons --vary learning_rate=log:0..1", "begins above 0"),
        ("logistic_moons --vary learning-rate=0..1", "learning_rate is 0.0; it must be above 0"),
        ("logistic_moons --vary momentum=0.1,0.2", "momentum has no effect here"),
        (f"logistic_moons {RATE} --trials 0", "trials is 0; it must be at least 1"),
        (f"logistic_moons {RATE} --stages 0", "stages is 0"),
        (f"logistic_moons {RATE} --side-by-side 0", "side_by_side is 0"),
        (f"logistic_moons {RATE} --method halving --trials 27 --epochs 9", "at least 27 epochs"),
        (
            "logistic_moons --vary batch_size=1,2,3 --method grid --trials 2",
            "grid of 3 combinations",
        ),
        ("logistic_moons --vary batch_size=50,5000", "larger than the 900 training examples"),
        ("logistic_moons --vary batch_size=50..5000 --trials 1", "larger than the 900"),
        (f"logistic_moons {RATE} --method gird", "--method"),
        (f"logistic_moons {RATE} --metric acc", "there is no metric acc"),
        (f"logistic_moons {RATE} --validation 0", "give --validation, such as 0.1"),
        (f"logistic_moons {RATE} --members 2", "leave --members out"),
        (f"logistic_moons {RATE} --stop-below 0.1", "ends a training between two of them"),
        (f"logistic_moons {RATE} --journal a.log", "--journal is for --method optuna"),
        (f"ngram_shakespeare {RATE}", "counts, and trains no net"),
    ],
)
def test_wrong_searches_are_one_line_and_leave_nothing(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main("experiments", ["search", *words.split()])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert says in err
    assert list(Path().iterdir()) == []


def test_a_folder_that_holds_something_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("full").mkdir()
    Path("full/notes.txt").write_text("mine")
    assert main("experiments", f"search logistic_moons {RATE} --search-dir full".split()) == 2
    assert "is not empty; name a new folder" in capsys.readouterr().err
    assert main("experiments", ["resume", "full"]) == 2
    assert "full holds no run" in capsys.readouterr().err
    below = f"search logistic_moons {RATE} --search-dir full/notes.txt/mine"
    assert main("experiments", below.split()) == 2
    assert "cannot be made: " in capsys.readouterr().err


@pytest.mark.slow
def test_a_file_of_ones_own_is_searched_and_resumed_when_it_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("mine.py").write_text(
        '"""Mine."""\n'
        "from dataclasses import dataclass\n"
        "from dl import Recipe, TrainOptions, models, objectives\n"
        "@dataclass(frozen=True)\n"
        "class Options(TrainOptions):\n"
        '    """Mine."""\n'
        '    dataset: str = "moons"\n'
        "def build(options, data_spec):\n"
        "    model = models.logistic_regression(1)\n"
        "    return Recipe(model, objectives.binary(model))\n"
    )
    words = f"search ./mine.py {RATE} {SMALL} --trials 2 --search-dir found --format json --quiet"
    Path("found").mkdir()  # an empty folder is as good as none
    assert main("experiments", words.split()) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out)
    assert [row["rank"] for row in rows] == [1, 2]
    assert rows[0]["accuracy"] >= rows[1]["accuracy"]
    assert f"best: learning_rate={rows[0]['learning_rate']:.4g}, accuracy" in err
    assert dl.load("found/best", experiment="mine.py").options.epochs == 1
    assert main("experiments", ["resume", "found", "--experiment", "mine.py", "--quiet"]) == 0


def test_rates_prints_losses_and_a_proposal(capsys: pytest.CaptureFixture[str]) -> None:
    words = "rates logistic_moons --steps 30 --format json"
    assert main("experiments", words.split()) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out)
    assert [*rows[0]] == ["step", "learning_rate", "loss", "smoothed"]
    assert rows[0]["learning_rate"] == 1e-5
    assert err.splitlines()[-1].startswith("the loss falls fastest at ")
    assert "; try --learning-rate " in err
    assert list(Path().iterdir()) == []


def test_batches_prints_sizes_and_the_largest(capsys: pytest.CaptureFixture[str]) -> None:
    words = "batches logistic_moons --batch-size 900"
    assert main("experiments", f"{words} --format csv".split()) == 0
    out, err = capsys.readouterr()
    assert out.startswith("batch_size,MiB,fits\n900,")
    assert err == "--batch-size 900: the largest that the data allow\n"
    fitting = float(out.split(",")[-2]) / 1024 - 1e-6  # GiB, a little less than 900 need
    assert main("experiments", f"{words} --memory {fitting}".split()) == 0
    assert ": the largest that fits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("rates logistic_moon", "did you mean logistic_moons?"),
        ("rates", "NAME requires an argument"),
        ("rates ngram_shakespeare", "counts, and trains no net"),
        ("rates logistic_moons --steps 5", "steps is 5; it must be at least 20"),
        ("rates logistic_moons --low 2 --high 1", "high is 1.0; it must be above 2.0"),
        ("batches logistic_moons --memory -1", "memory is -1.0"),
        ("batches logistic_moons --memory 1e-12", "and the memory is 0.000 MiB: make"),
        ("batches logistic_moons --batch-size 5000", "batch"),
    ],
)
def test_wrong_input_of_rates_and_batches(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", words.split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err


@pytest.mark.parametrize("verb", ["search", "rates", "batches"])
def test_help_names_the_verb_s_options_and_the_experiment_s(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", [verb, "lenet_digits", "--help"]) == 0
    out = capsys.readouterr().out
    assert f"python -m experiments {verb} lenet_digits" in out
    assert "--dropout" in out
    assert {"search": "--vary", "rates": "--steps", "batches": "--memory"}[verb] in out
