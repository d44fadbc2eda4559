"""Pictures with captions from TFDS, in the features of coco_captions."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dl.data.load import can_be_resized, describe_data, load_data
from dl.errors import InputError


def png(grey: int, height: int, width: int) -> io.BytesIO:
    buffer = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), grey, np.uint8)).save(buffer, "PNG")
    buffer.seek(0)
    return buffer


def store(data_dir: Path, **parts: Sequence[tuple[int, tuple[str, ...]]]) -> None:
    """Prepare a set `tiny` with the features of coco_captions: greys and captions."""
    import tensorflow_datasets as tfds

    class Tiny(tfds.core.GeneratorBasedBuilder, skip_registration=True):
        name = "tiny"
        VERSION = tfds.core.Version("1.0.0")
        pkg_dir_path = None

        def _info(self) -> Any:
            kinds = tfds.features
            features = {
                "image": kinds.Image(shape=(None, None, 3)),
                "image/filename": kinds.Text(),
                "image/id": np.int64,
                "objects": kinds.Sequence({"label": kinds.ClassLabel(num_classes=3)}),
                "captions": kinds.Sequence({"text": np.str_, "id": np.int64}),
            }
            return tfds.core.DatasetInfo(builder=self, features=kinds.FeaturesDict(features))

        def _split_generators(self, dl_manager: Any) -> Any:
            return {part: self._generate_examples(rows) for part, rows in parts.items()}

        def _generate_examples(self, rows: Sequence[tuple[int, tuple[str, ...]]]) -> Any:
            for place, (grey, texts) in enumerate(rows):
                yield (
                    place,
                    {
                        "image": png(grey, 8 + place, 9),
                        "image/filename": f"{place}.png",
                        "image/id": place,
                        "objects": [{"label": 1}],
                        "captions": [{"text": text, "id": 5} for text in texts],
                    },
                )

    config = tfds.download.DownloadConfig(try_download_gcs=False)
    Tiny(data_dir=str(data_dir)).download_and_prepare(
        download_config=config, file_format="array_record"
    )


ROWS = [(grey, (f"Number {grey}.", "a picture")) for grey in range(5)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tfds")
    store(folder, train=ROWS, val=ROWS[:2], test=ROWS[3:], restval=ROWS[:1])
    return folder


def test_pictures_with_their_captions(prepared: Path) -> None:
    data = load_data("tiny", data_dir=prepared, image_size=(4, 6))
    assert data.sizes == {"train": 10, "validation": 4, "test": 4}
    assert sorted(data.train.pictures[:, 0, 0, 0].tolist()) == [0, 1, 2, 3, 4]
    assert data.train.pictures.shape == (5, 4, 6, 3)
    for picture, texts in zip(data.train.pictures, data.train.references, strict=True):
        assert texts == (f"number {picture[0, 0, 0]} .", "a picture")
    assert data.spec.text.unit == "word"
    spec = describe_data("tiny", data_dir=prepared, image_size=(4, 6))
    assert spec.text == data.spec.text


def test_a_part_of_train_is_held_out(prepared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = load_data("tiny", data_dir=prepared, image_size=(4, 6), validation=0.4)
    assert data.sizes == {"train": 6, "validation": 4, "test": 4}
    assert "only used with --validation 0" in capsys.readouterr().err


def test_pictures_of_many_sizes_need_one(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="give them one with --image-size"):
        load_data("tiny", data_dir=prepared)
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))
    assert can_be_resized("tiny")
    with pytest.raises(InputError, match=r"GiB at 40000x40000"):
        load_data("tiny", data_dir=prepared, image_size=(40_000, 40_000))
