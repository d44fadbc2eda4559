"""`horizon RUN`: figures of the run's own parameters on its own test part, and what it refuses."""

import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest

import dl
from dl.cli import main
from dl.inspect.recurrence.gates import gate_activations
from dl.inspect.recurrence.gradients import gradient_norms
from dl.inspect.recurrence.spectra import spectral_radius
from dl.runs.folder import open_folder
from dl.runs.open_data import open_data
from dl.train.first import start_training

TEXT = "the cat sat on the mat and the dog on the log. " * 12
RUNS = {
    "lstm_shakespeare": "--dataset text:{0}/text.txt --segment 8 --num-layers 2 "
    "--hidden-size 4 --batch-size 2",
    "lstm_sentiment": "--dataset tsv:{0}/said.tsv --hidden-size 3 --batch-size 4",
    "lstm_names": "--dataset lines:{0}/names.txt --hidden-size 4 --batch-size 4",
    "mlp_xor": "",
}


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two layers on a stream, one both ways on sentences, and one of no recurrent net."""
    folder = tmp_path_factory.mktemp("horizon")
    (folder / "text.txt").write_text(TEXT)
    (folder / "names.txt").write_text("ada\nbob\ncat\ndan\n" * 9)
    (folder / "said.tsv").write_text(
        "".join(f"{'very ' * (7 if n % 3 else 6)}good\t{n % 2}\n" for n in range(60))
    )
    for name, words in RUNS.items():
        asked = f"run {name} {words.format(folder)} --epochs 1 --devices 1 --quiet"
        assert main("experiments", f"{asked} --run-dir {folder / name}".split()) == 0
    return folder


def horizons(capsys: pytest.CaptureFixture[str], words: str) -> list[dict]:
    assert main("experiments", f"horizon {words} --format json".split()) == 0
    return json.loads(capsys.readouterr().out)


def test_a_stream_is_shown_at_initialisation_and_trained(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = horizons(capsys, f"{folder / 'lstm_shakespeare'} --sequences 3 --steps 9")
    loaded, config = (
        dl.load(folder / "lstm_shakespeare"),
        open_folder(folder / "lstm_shakespeare")[1],
    )
    tokens = open_data(config.options).test.tokens
    starts = np.linspace(0, len(tokens) - 9, 3).astype(int)
    xs = jax.nn.one_hot(
        np.stack([tokens[start : start + 9] for start in starts]).T, len(loaded.spec.text)
    )
    fresh = start_training(config.build(), config.data, config.options).state.params
    assert [layer["layer"] for layer in layers] == ["recurrent/layer_0", "recurrent/layer_1"]
    assert {(layer["kind"], layer["sequences"], layer["steps"]) for layer in layers} == {
        ("lstm", 3, 9)
    }
    for when, params in (("initial", fresh), ("trained", loaded.params)):
        layer = params["recurrent"]["layer_0"]
        expected = gradient_norms("lstm", layer, xs).state
        np.testing.assert_allclose(layers[0][when]["gradients"], expected, rtol=1e-5)
        assert layers[0][when]["radius"] == pytest.approx(spectral_radius("lstm", layer), rel=1e-5)
    assert layers[0]["initial"]["gradients"] != layers[0]["trained"]["gradients"]


def test_sequences_of_many_lengths_are_the_longest_ones(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = horizons(capsys, f"{folder / 'lstm_sentiment'} --sequences 1")
    assert [layer["layer"] for layer in layers] == ["recurrent/forward_0", "recurrent/backward_0"]
    assert {
        (layer["sequences"], layer["steps"], len(layer["trained"]["gradients"])) for layer in layers
    } == {(1, 8, 8)}
    for layer in layers:
        assert set(layer["trained"]["gates"]) == {"input", "forget", "output"}


def test_a_backward_layer_begins_at_the_last_real_step(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = {
        layer["layer"]: layer
        for layer in horizons(capsys, f"{folder / 'lstm_sentiment'} --sequences 6")
    }
    loaded, config = dl.load(folder / "lstm_sentiment"), open_folder(folder / "lstm_sentiment")[1]
    taken = open_data(config.options).test.gather(np.arange(6))
    assert set(taken["lengths"]) == {7, 8}
    vectors = loaded.params["embedding"]["embedding"][taken["inputs"][:, :7]].swapaxes(0, 1)
    for name, xs in (("forward_0", vectors), ("backward_0", vectors[::-1])):
        expected = gradient_norms("lstm", loaded.params["recurrent"][name], xs).state
        np.testing.assert_allclose(
            layers[f"recurrent/{name}"]["trained"]["gradients"], expected, rtol=1e-4
        )


def test_gates_are_shown_at_each_symbol_of_a_text(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = horizons(capsys, f"{folder / 'lstm_shakespeare'} --text cat")
    loaded = dl.load(folder / "lstm_shakespeare")
    xs = jax.nn.one_hot(loaded.spec.text.encode("cat"), len(loaded.spec.text))[:, None]
    expected = gate_activations("lstm", loaded.params["recurrent"]["layer_0"], xs)
    assert [layer["symbols"] for layer in layers] == [["c", "a", "t"]] * 2
    assert set(layers[0]["activations"]) == {
        "input",
        "forget",
        "candidate",
        "output",
        "cell",
        "hidden",
    }
    for name, values in layers[0]["activations"].items():
        np.testing.assert_allclose(values, expected[name][:, 0], rtol=1e-5)
    assert main("experiments", ["horizon", str(folder / "lstm_shakespeare"), "--text", "cat"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == [
        "symbol",
        "input",
        "forget",
        "|candidate|",
        "output",
        "|cell|",
        "|hidden|",
    ]
    forget = float(np.mean(expected["forget"][0]))
    assert lines[2].split()[0::2][:2] == ["'c'", f"{forget:.3f}"]


def test_a_backward_layer_s_gates_stand_at_the_symbols_that_they_saw(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(
            "experiments",
            ["horizon", str(folder / "lstm_sentiment"), "--text", "very good", "--format", "json"],
        )
        == 0
    )
    layers = json.loads(capsys.readouterr().out)
    loaded = dl.load(folder / "lstm_sentiment")
    vectors = loaded.params["embedding"]["embedding"][loaded.spec.text.encode("very good")][:, None]
    backward = gate_activations("lstm", loaded.params["recurrent"]["backward_0"], vectors[::-1])
    assert [layer["symbols"] for layer in layers] == [["very", "good"]] * 2
    np.testing.assert_allclose(
        layers[1]["activations"]["forget"], backward["forget"][::-1, 0], rtol=1e-5
    )


def test_documents_begin_with_their_end_as_in_training(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (layer,) = horizons(capsys, f"{folder / 'lstm_names'} --text cab")
    loaded = dl.load(folder / "lstm_names")
    read = np.array([loaded.spec.text.end, *loaded.spec.text.encode("cab")])
    carry = loaded.model.apply(loaded.params, loaded.model_state, read[None])[2]
    assert layer["symbols"] == ["<end>", "c", "a", "b"]
    np.testing.assert_allclose(layer["activations"]["hidden"][-1], carry[0][1][0], rtol=1e-5)


def test_a_run_that_began_from_another_is_compared_with_that_beginning(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, then = folder / "lstm_names", tmp_path / "then"
    words = f"run lstm_names {RUNS['lstm_names'].format(folder)} --epochs 1 --devices 1 --quiet"
    words += " --seed 1"
    assert main("experiments", f"{words} --run-dir {then} --init-from {first}".split()) == 0
    capsys.readouterr()
    (before,), (after,) = (horizons(capsys, f"{run} --sequences 2") for run in (first, then))
    assert after["initial"] == before["trained"]
    assert after["trained"] != after["initial"]


def test_a_table_of_gates_has_as_many_cells_in_every_row(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = str(folder / "lstm_shakespeare")
    assert main("experiments", ["horizon", run, "--text", "cat", "--format", "markdown"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(rows) == 2 * (2 + 3)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {1 + 1 + 6}


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_tables_have_each_gate_and_distances(
    folder: Path, format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"horizon {folder / 'lstm_shakespeare'} --sequences 2 --steps 20 --format {format}"
    assert main("experiments", words.split()) == 0
    out = capsys.readouterr().out
    assert out.count("recurrent/layer_") == 2
    assert all(word in out for word in ("forget", "candidate", "gradient at initialisation", "16"))


@pytest.mark.parametrize(
    ("run", "words", "said"),
    [
        ("mlp_xor", "", "mlp_xor has no recurrent layers, its inputs are vectors of 2"),
        ("lstm_shakespeare", "--steps 1", "give at least 1 sequence and 2 steps, not 32 and 1"),
        (
            "lstm_shakespeare",
            "--sequences 0",
            "give at least 1 sequence and 2 steps, not 0 and 200",
        ),
        ("nothing", "", "no run folder"),
        ("lstm_shakespeare", "--text cät", "'ä' (char 2 of the text) is not in the vocabulary"),
        ("mlp_xor", "--text cat", "mlp_xor was trained on xor, which is no text"),
    ],
)
def test_runs_without_recurrent_layers_and_wrong_words_are_refused_in_one_line(
    folder: Path, run: str, words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["horizon", str(folder / run), *words.split()]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
