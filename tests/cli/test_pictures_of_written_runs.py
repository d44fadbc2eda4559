"""Translation, captions and speech: the pictures of a run, its layers, and its page."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dl.cli import main

SMALL = "--epochs 1 --batch-size 8 --hidden-size 4 --devices 1 --parallel jit --quiet --no-page"


def translation(folder: Path) -> str:
    lines = ("ein Hund\ta dog", "eine Katze\ta cat", "der Hund\tthe dog", "die Katze\tthe cat")
    (folder / "pairs.tsv").write_text("\n".join(lines * 12), encoding="utf-8")
    return f"attention_translation --dataset pairs:{folder}/pairs.tsv --embedding-size 4 --beam 1"


def captions(folder: Path) -> str:
    names = [f"{number}.png" for number in range(24)]
    for number, name in enumerate(names):
        pixels = np.full((16, 24), 60 + 180 * (number % 2), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    said = [{"image_id": n, "caption": "light" if n % 2 else "it is dark"} for n in range(24)]
    content = json.dumps({"images": images, "annotations": said})
    (folder / "captions_train.json").write_text(content, encoding="utf-8")
    return f"attention_captions --dataset captions:{folder} --maps 2 --embedding-size 4"


def transcription(folder: Path) -> str:
    for place in range(24):
        pitch = (300, 900)[place % 2]
        times = np.arange(1600) / 8000
        samples = (8000 * np.sin(2 * np.pi * pitch * times)).astype("<i2")
        name = f"{('low', 'high')[place % 2]}_ann_{place // 2}.wav"
        with wave.open(str(folder / name), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(samples.tobytes())
    few = "--strings 16 --test-strings 8 --most-words 2 --layers 1"
    return f"ctc_spoken_digits --dataset spoken_strings:{folder} {few}"


KINDS = {
    "alignment": (translation, "Translations", "decoder/core"),
    "caption": (captions, "Captions", "encoder/last/conv"),
    "transcription": (transcription, "Transcripts", "recurrent"),
}


@pytest.mark.slow
@pytest.mark.parametrize("picture", KINDS)
def test_picture_page_and_layers_of_a_run(
    picture: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write, title, layer = KINDS[picture]
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    words = f"run {write(tmp_path / 'data')} {SMALL} --run-dir run"
    assert main("experiments", words.split()) == 0

    def said(words: str) -> str:
        capsys.readouterr()
        assert main("experiments", words.split()) == 0
        return capsys.readouterr().out

    fitting = [line.split()[0] for line in said("plot run --list").splitlines()]
    assert {"curves", "architecture", picture} <= set(fitting)
    assert not {"gates", "gradients", "feature-maps", "confusion"} & set(fitting)
    for what in (picture, "architecture"):
        assert said(f"plot run {what}").splitlines()[-1] == f"{what}.png"
        assert Path(f"{what}.png").read_bytes().startswith(b"\x89PNG")
    assert main("experiments", f"plot run {picture} --example 999".split()) == 2
    assert "999 is none of them" in capsys.readouterr().err
    assert layer in said("show run")
    page = Path(said("report run").splitlines()[-1]).read_text(encoding="utf-8")
    assert f"{title} of the test part" in page
    assert "are not shown" not in page
    assert 'id="model"' in page
    assert main("experiments", ["evaluate", "run", "--report"]) == 2 * (picture == "transcription")
