"""Captions that a trained captioner writes, from Python and by the verb."""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from PIL import Image

import dl
import dl.data.readers.scenes as reader
from dl.cli.app import main
from dl.data.readers.captioned import Captioned, captioned_pictures
from dl.data.text.reading import Reading
from dl.errors import InputError

GREYS = (0, 80, 160, 240)
SAID = (("all is black",), ("a dark grey",), ("light , grey",), ("it is white",))
"""Of as many words each, so that one step is compiled."""


@pytest.fixture(scope="module")
def data() -> dl.Dataset:
    """Pictures of four greys, each with a caption of its own."""
    place = np.arange(48) % 4
    pictures = np.array(GREYS, np.uint8)[place, None, None, None] * np.ones((1, 8, 12, 1), np.uint8)
    part = Captioned(pictures, tuple(SAID[one] for one in place))
    return captioned_pictures("greys", part, 0.0, part, reading=Reading(unit="word"))


@pytest.fixture(scope="module")
def trained(data: dl.Dataset) -> dl.Trained:
    """A captioner that has learned these by heart."""
    model = dl.models.captioner(
        data.spec.classes, features=(4, 8), hidden_size=16, embedding_size=8
    )
    recipe = dl.Recipe(model, dl.objectives.next_symbol(model), dl.optimizers.adam(0.01))
    options = dl.TrainOptions(epochs=20, batch_size=12, validation=0.0, parallel="jit", devices=1)
    return dl.fit(recipe, data, options, progress=False)


@pytest.mark.slow
def test_captions_with_attention(trained: dl.Trained, data: dl.Dataset) -> None:
    pictures = data.test.pictures[:4]
    written = dl.caption(trained, pictures)
    assert [best[0].text for best in written] == [
        "all is black",
        "a dark grey",
        "light, grey",
        "it is white",
    ]
    one = written[2][0]
    assert one.words == ("light", ",", "grey", "<end>")
    assert one.attention.shape == (4, 2, 3)
    np.testing.assert_allclose(one.attention.sum((1, 2)), 1, rtol=1e-5)
    assert -1 < one.score < 0
    texts, references = dl.caption_part(trained, data, "test")
    assert texts[:4] == [own[0] for own in SAID]
    assert list(references[:4]) == list(SAID)
    assert dl.assess.bleu(texts, references, longest_gram=3) == pytest.approx(100)


@pytest.mark.slow
def test_several_captions_and_drawn_ones(trained: dl.Trained, data: dl.Dataset) -> None:
    best = dl.caption(trained, data.test.pictures[:1], beam=3)[0]
    assert len({one.text for one in best}) == 3
    assert sorted((one.score for one in best), reverse=True) == [one.score for one in best]
    drawn = [
        [one[0].text for one in dl.caption(trained, data.test.pictures, temperature=3.0, seed=seed)]
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.slow
def test_what_cannot_be_captioned(trained: dl.Trained, data: dl.Dataset) -> None:
    with pytest.raises(InputError, match=r"inputs are \(8, 8, 1\), the model takes \(8, 12, 1\)"):
        dl.caption(trained, np.zeros((1, 8, 8, 1), np.uint8))
    with pytest.raises(InputError, match="give pictures as uint8"):
        dl.caption(trained, np.zeros((1, 8, 12, 1), np.float32))
    with pytest.raises(InputError, match="has no captions"):
        dl.caption_part(trained, dl.load_data("xor"), "test")
    other = dl.models.mlp(2)
    state = other.init(jax.random.key(0), np.zeros((1, 2), np.float32))
    network = dl.Network(other, *state, dl.load_data("xor").spec)
    with pytest.raises(InputError, match="describes no pictures"):
        dl.caption(network, np.zeros((1, 2)))


@pytest.mark.slow
def test_the_verb_and_the_figures_of_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """attention_captions on few scenes: figures of seen and unseen ones, and captions of files."""
    monkeypatch.setattr(reader, "TRAIN_SCENES", 60)
    monkeypatch.setattr(reader, "TEST_SCENES", 10)
    run = tmp_path / "run"
    small = "--epochs 1 --batch-size 8 --maps 2 --hidden-size 4 --devices 1 --parallel jit"
    command = ["run", "attention_captions", *small.split(), "--run-dir", str(run)]
    assert main("experiments", command) == 0
    result: Any = json.loads((run / "result.json").read_text())
    assert set(result["metrics"]["captions"]) == {"bleu", "cider", "exact"}
    assert set(result["metrics"]["captions_unseen"]) == {"bleu", "cider", "exact"}
    assert "caption" in capsys.readouterr().err
    Image.fromarray(np.zeros((48, 48), np.uint8)).save(tmp_path / "a.png")
    assert main("experiments", ["caption", str(run), str(tmp_path / "a.png"), "--count", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(str(tmp_path / "a.png")) for line in lines)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{run}"], "caption needs at least one picture"),
        (["{run}", "a.png", "--count", "5"], "count is 5"),
        (["{run}", "a.png", "--beam", "0"], "beam is 0"),
        (["{run}", "a.png", "--temperature", "-1"], "temperature is -1.0; it must be at least 0"),
        (["{run}", "a.png", "--temperature", "nan"], "temperature is nan; it must be a finite"),
        (["lenet_digits", "a.png"], "describes no pictures"),
        (["{run}", "a.png"], "no run folder"),
    ],
)
def test_wrong_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    given = [word.format(run=tmp_path / "no") for word in words]
    assert main("experiments", ["caption", *given]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") <= 2
