"""Folders that are read while they are used: trained on, evaluated, predicted, and where they
cannot be.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dl.data.readers.folder
from dl.cli import main
from dl.data.pictures.picture import read_picture

RUN = (
    "run softmax_mnist --dataset folder:pictures --image-size 6 --batch-size 4 --epochs 1 "
    "--devices 1 --quiet"
)


@pytest.fixture(autouse=True)
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Photographs of many sizes of two kinds: bright at the rim, bright in the middle."""
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    for kind in ("rim", "middle"):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(10):
            height, width = draw.integers(30, 60, 2)
            grey = draw.integers(0, 60, (height, width), np.uint8)
            band = grey[:, width // 3 : -width // 3] if kind == "middle" else grey[:, : width // 4]
            band += 180
            Image.fromarray(grey).save(tmp_path / "pictures" / kind / f"{number}.png")


def call(words: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> tuple[str, str]:
    assert main("experiments", words.split()) == code
    return capsys.readouterr()


@pytest.mark.slow
def test_predict_looks_at_what_evaluation_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    call(f"{RUN} --random-crops --run-dir run", capsys)
    stored = json.loads(Path("run/config.json").read_text())
    assert (stored["data"]["view"], stored["data"]["input_shape"]) == ("middle", [6, 6, 1])
    result = json.loads(Path("run/result.json").read_text())
    assert json.loads(call("evaluate run", capsys)[0]) == pytest.approx(
        result["metrics"]["test"], rel=1e-5
    )
    loaded, file = dl.load("run"), "pictures/rim/3.png"
    sure = {
        view: loaded.predict(read_picture(file, shape=(6, 6, 1), view=view)[None])[0].probability
        for view in ("middle", "whole")
    }
    printed = re.search(r"\((0\.\d{3})\)", call(f"predict run {file}", capsys)[0])
    assert printed
    assert printed[1] == f"{sure['middle']:.3f}" != f"{sure['whole']:.3f}"


def test_a_set_too_large_for_memory_is_trained_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dl.data.readers.folder, "MEMORY_LIMIT", 1000)
    call(f"{RUN} --run-dir run", capsys)
    assert json.loads(Path("run/config.json").read_text())["data"]["view"] == "whole"
    Path("pictures/rim/0.png").rename("pictures/rim/renamed.png")
    assert "has changed since the run began" in call("evaluate run", capsys, code=1)[1]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("run autoencoder_mnist --random-crops --batch-size 4", "autoencoder_mnist"),
        ("baselines", "a baseline"),
    ],
)
def test_what_needs_all_examples_at_once_refuses_in_one_line(
    words: str, what: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dl.data.readers.folder, "MEMORY_LIMIT", 1000)
    out, err = call(f"{words} --dataset folder:pictures --image-size 6", capsys, code=2)
    assert (out, err.count("\n")) == ("", 1)
    assert f"{what} needs all examples in memory, and folder:" in err
    assert "a smaller --image-size" in err
    assert not Path("runs").exists()
