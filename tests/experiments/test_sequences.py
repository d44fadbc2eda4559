"""Every experiment on text, sequences and ratings builds, takes two steps, and resumes."""

import json
import math
import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax
import pytest
from small_data import COUNTED, SMALL_OPTIONS, write_small_data

import dl
from dl.cli import main
from dl.cli.catalog import Catalog
from dl.data.example import example_inputs
from dl.errors import InputError
from dl.runs.open_data import open_data
from dl.runs.run import start_run
from dl.runs.stored import read_result
from dl.train.fits import check_recipe_fits
from dl.train.interrupt import StopRequest
from dl.train.state import init_state

CATALOG = Catalog("experiments")
TRAINED = [name for name in SMALL_OPTIONS if name not in COUNTED]
ALIKE = [
    "rnn_shakespeare",
    "gru_shakespeare",
    "lstm_programs",
    "rnn_adding",
    "gru_adding",
    "lstm_adding",
    "lstm_chorales",
    "lstm_mnist_pixels",
    "lstm_mnist_rows",
    "lstm_names",
    "lstm_sentiment",
    "attention_captions",
    "attention_translation",
    "lstm_translation",
    "lstm_spoken_digits",
    "ctc_spoken_digits",
    "ctc_timit",
    "biases_ratings",
    "ncf_ratings",
]
"""Those whose runs are another's here with another cell or other data: seldom run."""


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_small_data(tmp_path_factory.mktemp("data"))


def options_of(name: str, small_data: dict[str, str], **changes: Any) -> Any:
    kind, options = SMALL_OPTIONS[name]
    return CATALOG.load(name).options(dataset=small_data.get(kind, kind), **options, **changes)


def run(name: str, small_data: dict[str, str], folder: Path, **changes: Any) -> dict[str, Any]:
    options = options_of(name, small_data, **changes)
    result = start_run(
        CATALOG.load(name), options, run_dir=folder, stop=StopRequest(), show=False
    ).result
    assert result is not None
    return result


def test_all_experiments_on_sequences_are_here() -> None:
    kinds = re.compile("(attention|ctc|gru|hmm|ibm1|lstm|ngram|rnn)_.*|.*_(spoken_digits|ratings)")
    assert set(filter(kinds.fullmatch, CATALOG.names())) == set(SMALL_OPTIONS)


@pytest.mark.parametrize("name", TRAINED)
def test_nets_fit_their_data(name: str, small_data: dict[str, str]) -> None:
    options = options_of(name, small_data)
    spec = open_data(options).spec
    check_recipe_fits(CATALOG.load(name).recipe(options, spec), spec)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in ALIKE)) for name in TRAINED]
)
def test_two_steps(name: str, small_data: dict[str, str], tmp_path: Path) -> None:
    result = run(name, small_data, tmp_path / "run", devices=1)
    assert result["steps"] >= 2
    loaded = dl.load(tmp_path / "run")
    test = result["metrics"]["test"]["loss"]
    if loaded.spec.task == "language":
        # A net of a few units that has hardly begun is between certainty and all symbols being
        # equally likely.
        assert 0.3 * math.log(loaded.spec.classes) < test < 1.3 * math.log(loaded.spec.classes)
    options = options_of(name, small_data)
    start = init_state(
        loaded.model, optax.sgd(0.0), example_inputs(loaded.spec), seed=options.seed
    ).params
    for path, change in jax.tree_util.tree_leaves_with_path(
        jax.tree.map(jnp.subtract, loaded.params, start)
    ):
        assert bool(jnp.isfinite(change).all()), path
    assert any(
        bool((change != 0).any())
        for change in jax.tree.leaves(jax.tree.map(jnp.subtract, loaded.params, start))
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in COUNTED if name.endswith("_spoken_digits")])
def test_strings_of_tones_are_decoded_without_ctc(
    name: str, small_data: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("hmmlearn")
    figures = run(name, small_data, tmp_path / "run")["metrics"]
    test = figures["test"]
    kinds = ("substitutions", "insertions", "deletions")
    assert test["label_error"] == pytest.approx(sum(test[kind] for kind in kinds))
    # No words at all would have 1.0, and nothing but pauses is right in 66 % of the frames.
    assert test["label_error"] < (0.3 if name == "hmm_spoken_digits" else 0.5)
    assert figures.get("frames", {"accuracy": 1.0})["accuracy"] > 0.75


def test_models_of_words_need_strings_to_choose_their_penalty_by(
    small_data: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"no validation part: give --validation, such as 0\.1"):
        run("hmm_spoken_digits", small_data, tmp_path / "run", validation=0.0)


@pytest.mark.parametrize("name", [name for name in COUNTED if name.startswith("ngram_")])
def test_counting_is_done_once_and_resume_shows_its_result(
    name: str, small_data: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(name, small_data, tmp_path / "run")
    test = result["metrics"]["test"]
    # The text is made of four lines: after a few letters the next is nearly certain.
    assert 0 < test["loss"] < 1.0
    assert test["bits"] == pytest.approx(test["loss"] / 0.693147, rel=1e-5)
    assert main("experiments", ["resume", str(tmp_path / "run")]) == 0
    assert f"loss {test['loss']:.4f}" in capsys.readouterr().err
    assert main("experiments", ["evaluate", str(tmp_path / "run")]) == 2
    assert "counts and has no net" in capsys.readouterr().err


def test_words_are_translated_by_those_they_were_counted_with(
    small_data: dict[str, str], tmp_path: Path
) -> None:
    """In the small data every word has one translation, and most come in the same order."""
    result = run("ibm1_translation", small_data, tmp_path / "run")
    assert result["metrics"]["test"]["bleu"] > 50
    assert "tok:13a" in result["signatures"]["bleu"]
    assert read_result(tmp_path / "run" / "result.json") == result


@pytest.mark.slow
def test_products_in_half_precision_change_the_loss_a_little(
    small_data: dict[str, str], tmp_path: Path
) -> None:
    losses = {}
    for precision in ("float32", "bfloat16"):
        sizes = "--hidden-size 4 --segment 8 --batch-size 4 --epochs 1 --devices 1"
        words = f"run lstm_shakespeare --dataset {small_data['text']} {sizes} --quiet"
        folder = tmp_path / precision
        assert (
            main(
                "experiments", [*words.split(), "--precision", precision, "--run-dir", str(folder)]
            )
            == 0
        )
        losses[precision] = json.loads((folder / "result.json").read_text())["metrics"]["test"][
            "loss"
        ]
    assert 0 < abs(losses["bfloat16"] - losses["float32"]) < 0.01


def test_programs_are_counted_and_learned_on_the_same_ones(small_data: dict[str, str]) -> None:
    counted, learned = (CATALOG.load(name).options for name in ("ngram_programs", "lstm_programs"))
    names = ("unit", "vocabulary_size", "unknown", "longest", "longer", "use_labels")
    assert [getattr(counted(), name) for name in names] == [
        getattr(learned(), name) for name in names
    ]
    joined, apart = (
        dl.load_data(
            small_data["jsonl"],
            validation=0.0,
            reading=options(dataset=small_data["jsonl"]).reading,
        )
        for options in (counted, learned)
    )
    # Counts predict all symbols of a stream but the first, a net those after each document's
    # beginning.
    assert len(joined.test.tokens) - 1 == apart.test.lengths.sum()


@pytest.mark.slow
def test_two_steps_are_too_few_for_a_time_scale(tmp_path: Path) -> None:
    sizes = "--train-examples 200 --epochs 1 --hidden-size 2"
    words = f"run lstm_adding --dataset adding:2 {sizes} --quiet --run-dir"
    assert main("experiments", [*words.split(), str(tmp_path / "run")]) == 0


@pytest.mark.parametrize("name", ["lstm_programs", "lstm_chorales"])
def test_experiments_without_public_data_ask_for_them_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["run", name, "--run-dir", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "--dataset" in line
    assert not (tmp_path / "run").exists()


def test_counting_is_not_resumed_on_other_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = tmp_path / "text.txt", tmp_path / "run"
    file.write_text("a rose is a rose " * 20)
    words = f"run ngram_shakespeare --dataset text:{file} --longest-gram 2 --run-dir {folder}"
    assert main("experiments", words.split()) == 0
    (folder / "result.json").unlink()
    file.write_text("a nose is a nose " * 20)
    assert main("experiments", ["resume", str(folder)]) == 1
    assert "has changed since the run began" in capsys.readouterr().err
    assert not (folder / "result.json").exists()


def test_show_takes_a_data_set_where_an_experiment_has_none(
    small_data: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["show", "lstm_programs", "--dataset", small_data["jsonl"]]) == 0
    assert "recurrent" in capsys.readouterr().out
    for words in (["show", "resnet18", "--dataset", "digits"], ["show", "lstm_programs"]):
        assert main("experiments", words) == 2
        assert "--dataset" in capsys.readouterr().err


def test_sentiment_needs_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.dumps({"sentence": f"text {i}", "mood": i % 2}) for i in range(20)]
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(lines))
    words = ["run", "lstm_sentiment", "--dataset", f"jsonl:{file}", "--batch-size", "4"]
    assert main("experiments", [*words, "--run-dir", str(tmp_path / "run")]) == 2
    assert "has texts without labels" in capsys.readouterr().err
