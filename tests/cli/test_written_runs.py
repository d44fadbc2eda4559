"""Runs that write sequences: what other verbs say about them, each in one line, from the files
alone.
"""

import json
from pathlib import Path

import pytest

from dl.cli import main

KINDS = {
    "translate": {"task": "sequence", "input_shape": [9], "source_vocabulary": {}},
    "caption": {"task": "sequence", "input_shape": [8, 8, 1], "source_vocabulary": None},
    "transcribe": {"task": "transcription", "input_shape": [800], "source_vocabulary": None},
}
WORDS = (
    "predict {} x.png",
    "sample {}",
    "horizon {}",
    "horizon {} --text abc",
)


@pytest.mark.parametrize("verb", KINDS)
@pytest.mark.parametrize("words", WORDS)
def test_the_right_verb_is_named(
    verb: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {"name": "mine", "vocabulary": {}, **KINDS[verb]}
    config = {"experiment": "experiments.mine", "data": data}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main("experiments", words.format(tmp_path).split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert f"was trained on mine (task: {data['task']})" in err
    assert f"use `{verb} {tmp_path}`" in err
