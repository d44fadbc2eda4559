"""Common mistakes at the command line: one line each, which says what to do."""

from pathlib import Path

import pytest

from dl.cli import main

MISTAKES = {
    "rum lenet_digits": "unknown verb 'rum': did you mean run?",
    "lenet_digits": "lenet_digits is an experiment: say what to do with it, such as `run lenet_di",
    "train lenet_digits": "unknown verb 'train': did you mean run?",
    "help": "did you mean --help?",
    "--verison": "unknown verb '--verison': did you mean --version?",
    "run": "`python -m experiments run --help` shows what it takes",
    "run lenet_digit": "unknown experiment 'lenet_digit'; did you mean lenet_digits?",
    "run mlp_xor --epoch 3": "Unknown option: --epoch. Did you mean --epochs?",
    "run mlp_xor --epochs": "`python -m experiments run mlp_xor --help` shows what it takes",
    "run mlp_xor --epochs three": "'three' is not a whole number.",
    "run mlp_xor epochs=3": "epochs=3 is no option: write --epochs 3; ",
    "run mlp_xor -epochs 3": "unknown option -epochs: write --epochs with two dashes; ",
    "run mlp_xor 5": "5 is one word too many: options are --name value; ",
    "run mlp_xor --optimizer adamw": 'Did you mean "adam"?',
    "run mlp_xor --dataset xro": "unknown data set 'xro'; known ones: those of `data list`",
    "run mlp_xor --dataset folder:nowhere": "nowhere: give one with a sub-folder for each class",
    "run mlp_xor --log cvs": "--log 'cvs': did you mean csv?",
    "run mlp_xor --devices 64": "leave --devices out, or give a number up to 8",
    "run mlp_xor --init-from nowhere": "give the path that `run` printed, or name a run that comes",
    "run lstm_programs": "has no public data set of its own: give --dataset, such as jsonl:PATH",
    "resume": "`python -m experiments resume --help` shows what it takes",
    "resume mlp_xor": "mlp_xor is an experiment, and comes without a trained run: train",
    "evaluate folder": "folder holds no run, it has no config.json: give the path that `run",
    "evaluate lenet_digits --part tset": 'Did you mean "test"?',
    "list lenet": "lenet is one word too many: options are --name value",
    "show lenets": "unknown experiment or net 'lenets'; did you mean lenet?",
    "data prepar mnist": 'Did you mean "prepare"?',
    "search mlp_xor": "`python -m experiments search mlp_xor --help` shows what it takes",
    "completion powershell": 'Choose from: "bash", "zsh", "fish"',
}
OF_A_RUN = {
    "predict lenet_digits": "predict needs at least one picture or text: predict RUN FILE...",
    "predict lenet_digits absent.png": "there is no file absent.png: give the path of a picture",
    "predict lenet_digits notes.txt": "is not a picture in any format that Pillow reads",
    "predict lenet_digits folder": "folder is a folder: give the pictures in it, such as folder/*",
    "predict lstm_names notes.txt": "lstm_names writes text and knows no classes: use `sample",
    "sample lenet_digits": "and writes no text: give the run of a language model",
    "sample lstm_names --count 0": "count is 0; it must be at least 1",
}


@pytest.mark.parametrize("words", [*MISTAKES, *OF_A_RUN])
def test_a_mistake_is_one_line_with_the_remedy(
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("hello\n")
    before = sorted(tmp_path.rglob("*"))
    assert main("experiments", words.split()) == 2
    out, err = capsys.readouterr()
    *first, line = err.splitlines()
    assert out == ""
    assert len(first) == (words in OF_A_RUN), "a run that comes along is named"
    assert line.startswith("error: ")
    assert {**MISTAKES, **OF_A_RUN}[words] in line
    assert sorted(tmp_path.rglob("*")) == before
