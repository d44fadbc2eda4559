"""`sample RUN`: text on standard output, the same for a seed, and one line where it cannot be."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import dl
from dl.cli import main
from dl.runs.generate import generate

TEXT = "the quick brown fox jumps over the lazy dog\n" * 8
SIZES = (
    "--hidden-size 4 --batch-size 4 --segment 7 --epochs 1 --warm-up 1 --validation 0 --devices 1 "
    "--steps-per-call 4"
)


@pytest.fixture(scope="module")
def language_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run on a tiny text."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "text.txt").write_text(TEXT)
    words = (
        f"run rnn_shakespeare --dataset text:{folder / 'text.txt'} {SIZES} --run-dir "
        f"{folder / 'run'} --quiet"
    )
    assert main("experiments", words.split()) == 0
    return folder / "run"


def sample(run: Path, *words: str) -> int:
    return main("experiments", ["sample", str(run), *words])


def test_text_goes_to_standard_output_and_is_the_same_for_a_seed(
    language_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = []
    for seed in ("0", "0", "1"):
        assert sample(language_run, "--prime", "the fox ", "--length", "40", "--seed", seed) == 0
        written.append(capsys.readouterr())
    assert not any(said.err for said in written)
    first, again, other = (said.out for said in written)
    assert first == again != other
    assert first.startswith("the fox ")
    assert len(first) == len("the fox ") + 40 + 1
    assert first[-1] == "\n"
    assert (
        first == "the fox " + "".join(generate(dl.load(language_run), "the fox ", length=40)) + "\n"
    )


def test_temperature_and_top_k_reach_the_draws(
    language_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = []
    for words in (["--temperature", "0"], ["--top-k", "1", "--seed", "5"], ["--temperature", "2"]):
        assert sample(language_run, "--prime", "q", "--length", "30", *words) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]


def test_each_symbol_is_written_when_it_is_drawn(
    language_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        def __init__(self) -> None:
            self.events: list[str] = []

        def write(self, text: str) -> None:
            self.events.append(text)

        def flush(self) -> None:
            self.events.append("flushed")

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert sample(language_run, "--prime", "q", "--length", "3") == 0
    pieces, flushes = terminal.events[1:-1:2], terminal.events[2:-1:2]
    assert (terminal.events[0], terminal.events[-1]) == ("q", "\n")
    assert (len(pieces), flushes) == (3, ["flushed"] * 3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--prime", "Ω"], "'Ω' (char 1 of the text) is not in the vocabulary"),
        ([], "give --prime TEXT, one character at least"),
        (["--prime", "q", "--length", "-1"], "length is -1; it must be at least 0"),
        (
            ["--prime", "q", "--temperature", "nan"],
            "temperature is nan; it must be at least 0, and finite",
        ),
        (["--prime", "q", "--top-k", "-1"], "top_k is -1"),
        (["--prime", "q", "--seed", "-1"], "seed is -1"),
        (["--prime", "q", "--checkpoint", "best"], "was not validated"),
    ],
)
def test_refused_in_one_line(
    language_run: Path, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sample(language_run, *words) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err


def test_a_run_that_is_no_language_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main("experiments", f"run mlp_xor --epochs 1 --run-dir {tmp_path / 'run'} --quiet".split())
        == 0
    )
    capsys.readouterr()
    assert sample(tmp_path / "run", "--prime", "a") == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert (
        "was trained on xor (task: binary) and writes no text: give the run of a language model"
        in err
    )
    assert sample(tmp_path / "nowhere") == 2
    assert "no run folder" in capsys.readouterr().err


def test_control_characters_are_written_out(
    language_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import dl.runs.generate

    drawn = ["a\tb\n", "\x1b[2J", "\x9b", "\u202e", "ü"]
    monkeypatch.setattr(dl.runs.generate, "generate", lambda *args, **how: iter(drawn))
    assert sample(language_run, "--prime", "q") == 0
    assert capsys.readouterr().out == "qa\tb\n\\x1b[2J\\x9b\\u202eü\n"


@pytest.mark.parametrize("words", ["sample {}", "programs {}", "horizon {}", "horizon {} --text a"])
def test_a_run_of_another_kind_is_refused_before_jax_is_imported(
    words: str, tmp_path: Path
) -> None:
    stored = {
        "experiment": "mlp_xor",
        "data": {
            "name": "xor",
            "task": "binary",
            "input_shape": [2],
            "ragged": False,
            "vocabulary": None,
        },
    }
    (tmp_path / "config.json").write_text(json.dumps(stored))
    code = (
        "import sys; from dl.cli import main\n"
        f"code = main('experiments', {words.format(tmp_path).split()!r})\n"
        "print(code, 'jax' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "2 False\n", done.stderr
    assert done.stderr.startswith("error: mlp_xor ")
    assert done.stderr.count("\n") == 1
