"""Every experiment on text and sequences builds, takes two steps on small data of its form, and goes on from them."""

from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from small_data import SMALL_OPTIONS, write_small_data

from dl.cli import main
from dl.cli.catalog import Catalog
from dl.runs.run import start_run
from dl.runs.setup import open_data
from dl.train.compiled import check_parts_fit, example_inputs
from dl.train.interrupt import StopRequest
from dl.train.state import init_state
from dl.train.step import make_eval_step, make_train_step

CATALOG = Catalog("experiments")
COUNTED = [name for name in SMALL_OPTIONS if name.startswith("ngram_")]
TRAINED = [name for name in SMALL_OPTIONS if name not in COUNTED]
ONE_OF_A_KIND = ("lstm_shakespeare", "lstm_names", "lstm_sentiment", "lstm_chorales", "rnn_adding", "lstm_mnist_rows")
"""A stream, documents, labels, a target a step, numbers, pictures: the others differ from these in a cell or a size."""


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return write_small_data(tmp_path_factory.mktemp("data"))


def options_of(name: str, small_data: dict[str, str], **changes: Any) -> Any:
    kind, options = SMALL_OPTIONS[name]
    return CATALOG.load(name).options(dataset=small_data.get(kind, kind), **options, **changes)


def run(name: str, small_data: dict[str, str], folder: Path, **changes: Any) -> dict[str, Any]:
    options = options_of(name, small_data, **changes)
    result = start_run(CATALOG.load(name), options, run_dir=folder, stop=StopRequest(), show=False).result
    assert result is not None
    return result


def test_all_experiments_on_sequences_are_here() -> None:
    kinds = ("rnn_", "gru_", "lstm_", "ngram_")
    assert {name for name in CATALOG.names() if name.startswith(kinds)} == set(SMALL_OPTIONS)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name not in ONE_OF_A_KIND)) for name in TRAINED]
)
def test_two_steps(name: str, small_data: dict[str, str], tmp_path: Path) -> None:
    result = run(name, small_data, tmp_path / "run", devices=1)
    assert result["steps"] >= 2
    assert 0 <= result["metrics"]["test"]["loss"] < 200
    assert result["parameters"] > 0


@pytest.mark.parametrize("name", [name for name in TRAINED if name not in ONE_OF_A_KIND])
def test_a_step_takes_its_data_and_gives_a_state_for_the_next(name: str, small_data: dict[str, str]) -> None:
    options = options_of(name, small_data)
    spec = open_data(options).spec
    parts = CATALOG.load(name).build(options, spec)
    check_parts_fit(parts, spec)
    rows = options.batch_size
    inputs = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct((rows, *leaf.shape[1:]), leaf.dtype), example_inputs(spec))
    steps = spec.input_shape[:1] if spec.has_step_targets else ()
    target = jnp.float32 if spec.task == "regression" else jnp.int32
    width = (spec.classes,) if spec.task == "regression" else ()
    batch = {
        "inputs": inputs,
        "targets": jax.ShapeDtypeStruct((rows, *steps, *width), target),
        "mask": jax.ShapeDtypeStruct((rows, *steps), jnp.float32),
    }
    init = partial(init_state, parts.model, parts.optimizer, inputs, seed=0, carried_rows=rows * spec.carried)
    state = jax.eval_shape(init)
    after, trained = jax.eval_shape(make_train_step(parts.objective, parts.optimizer), state, batch)
    assert jax.tree.map(lambda leaf: leaf.shape, after) == jax.tree.map(lambda leaf: leaf.shape, state)
    assert trained == jax.eval_shape(make_eval_step(parts.objective), state, batch)


@pytest.mark.parametrize("name", COUNTED)
def test_counts_are_measured_once_and_resume_gives_them_back(
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


@pytest.mark.parametrize("name", ["lstm_programs", "lstm_names", "lstm_chorales"])
def test_what_has_no_public_data_asks_for_them_in_one_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["run", name, "--run-dir", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "--dataset" in line
    assert not (tmp_path / "run").exists()


def test_counts_go_on_with_the_data_that_they_began_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
