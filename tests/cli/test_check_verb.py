"""`check NAME`: a table or JSON, a line for each failed check, and what it refuses."""

import json
from pathlib import Path

import pytest

from dl.cli import main

FAST = "--only initial-loss data --devices 1"
BROKEN = '''"""A net whose first loss is far too large."""
from dataclasses import dataclass
import jax
import jax.numpy as jnp
import dl

@dataclass(frozen=True)
class Options(dl.TrainOptions):
    """Options."""
    dataset: str = "moons"

def build(options, spec):
    model = dl.from_functions(
        lambda key, x: {"w": jnp.ones((2, 1))}, lambda params, x: 1000 * (x @ params["w"])
    )
    return dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
'''


@pytest.fixture(autouse=True)
def _somewhere_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(words: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[str, str]:
    assert main("experiments", ["check", *words.split()]) == code
    assert not list(Path().glob("runs"))
    out, err = capsys.readouterr()
    return out, err


def test_a_table_is_the_result_and_progress_goes_to_people(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, err = told(f"logistic_moons {FAST}", capsys)
    assert [line.split("  ")[0].strip() for line in out.splitlines()] == [
        "check",
        "data",
        "initial loss",
    ]
    assert err.splitlines()[0].startswith("data: information (")


def test_json_has_numbers_and_an_option_of_the_experiment_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, _ = told(f"mlp_xor --hidden-size 3 {FAST} --format json", capsys)
    found = {row["name"]: row for row in json.loads(out)}
    assert found["initial loss"]["result"] == "passed"
    assert found["initial loss"]["value"] > 0


def test_a_failed_check_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text(BROKEN)
    out, err = told(f"./mine.py {FAST}", capsys, 1)
    assert "failed" in out
    (line,) = [line for line in err.splitlines() if line.startswith("failed: ")]
    assert line.startswith("failed: initial loss: ")
    assert line.endswith("smaller weights in the last layer")


def test_an_experiment_that_counts_is_counted_twice(capsys: pytest.CaptureFixture[str]) -> None:
    Path("text.txt").write_text("the cat sat on the mat and the dog sat by the door. " * 20)
    out, _ = told("ngram_shakespeare --dataset text:text.txt --longest-gram 3", capsys)
    assert "the same figures twice" in out
    assert "below ln " in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("mlp_xo", "unknown experiment 'mlp_xo'; did you mean mlp_xor?"),
        ("", "NAME"),
        ("mlp_xor --epochs 0", "epochs is 0; it must be at least 1"),
        ("mlp_xor --only gradients", "there is no check 'gradients'; did you mean gradient?"),
        ("mlp_xor --batch-size 5", "batch size 5 is larger than the 4 training examples"),
        ("ngram_shakespeare --dataset text:t.txt --longest-gram 2 --only data", "leave --only out"),
        ("mlp_xor --format yaml", "--format"),
        ("logistic_moons --dataset nowhere", "nowhere"),
    ],
)
def test_wrong_input_is_one_line(words: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.txt").write_text("the cat sat on the mat and the dog sat by the door. " * 20)
    out, err = told(words, capsys, 2)
    assert out == ""
    assert err.count("\n") == 1
    assert says in err
