"""captions:PATH in COCO's format: layouts, parts, and everything that can be wrong with them."""

import json
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from dl.data.load import absolute, load_data
from dl.data.readers.captions import load_captions
from dl.data.text.reading import Reading
from dl.errors import InputError

CAPTIONS = ("A cat on a mat.", "the CAT sits, asleep")


def save(file: Path, value: int, side: int = 4) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((side, side), value, np.uint8)).save(file)


def coco(names: list[str], captions: list[tuple[str, ...]]) -> dict[str, Any]:
    """Images and annotations; ids count from 7 on, the last annotations come first."""
    images = [{"id": place + 7, "file_name": name} for place, name in enumerate(names)]
    annotations = [
        {"image_id": place + 7, "id": 100 + place, "caption": text}
        for place, texts in enumerate(captions)
        for text in texts
    ]
    return {"images": images, "annotations": annotations, "info": {}}


def write(file: Path, content: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def write_part(root: Path, part: str, count: int, start: int, folder: str = "") -> None:
    """Pictures of grey start, start + 1, ... with two captions each."""
    names = [f"{part}{number}.png" for number in range(count)]
    for number, name in enumerate(names):
        save(root / folder / name, start + number)
    texts = [(f"{CAPTIONS[0]} {start + n}", CAPTIONS[1]) for n in range(count)]
    write(root / "annotations" / f"captions_{part}2017.json", coco(names, texts))


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    write_part(tmp_path, "train", 6, 0, "train2017")
    write_part(tmp_path, "val", 2, 50, "val2017")
    write(tmp_path / "annotations" / "instances_train2017.json", "no caption file")
    return tmp_path


def test_the_layout_of_coco(parts: Path) -> None:
    data = load_captions(parts, validation=0.0)
    assert data.sizes == {"train": 12, "test": 4}
    assert data.train.pictures[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert data.test.pictures[:, 0, 0, 0].tolist() == [50, 51]
    assert data.train.references[2] == ("a cat on a mat . 2", "the cat sits , asleep")
    assert data.train.names[2] == "train2017/train2.png"
    text = data.spec.text
    assert text.unit == "word"
    for row, picture in zip(data.train.targets, data.train.picture_of, strict=True):
        written = text.decode(row[: row.tolist().index(text.end)])
        assert written in data.train.references[picture]
    assert (data.spec.task, data.spec.input_shape) == ("sequence", (4, 4, 1))


def test_words_of_the_test_part_alone_are_unknown(parts: Path) -> None:
    data = load_data(f"captions:{parts}")
    assert "50" not in data.spec.text.symbols
    assert any("50" in text for text in data.test.references[0])


def test_validation_is_cut_by_pictures(parts: Path) -> None:
    data = load_captions(parts, validation=0.34)
    assert data.validation is not None
    greys = [part.pictures[:, 0, 0, 0].tolist() for part in (data.train, data.validation)]
    assert sorted(greys[0] + greys[1]) == [0, 1, 2, 3, 4, 5]
    assert [len(part) for part in (data.train, data.validation)] == [8, 4]


def test_own_validation_part(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_part(parts, "test", 3, 90)
    own = load_captions(parts, validation=0.0)
    assert own.sizes == {"train": 12, "validation": 4, "test": 6}
    assert load_captions(parts, validation=0.5).sizes == {"train": 6, "validation": 6, "test": 6}
    assert "validation part, which is only used with --validation 0" in capsys.readouterr().err


def test_a_single_file_is_cut_by_pictures(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(20)]
    for number, name in enumerate(names):
        save(tmp_path / name, number)
    write(tmp_path / "pictures.json", coco(names, [CAPTIONS] * 20))
    data = load_captions(tmp_path, validation=0.0)
    assert data.sizes == {"train": 36, "test": 4}
    assert absolute(f"captions:{tmp_path}") == f"captions:{tmp_path}"


def test_pictures_of_one_size_in_colour(parts: Path) -> None:
    save(parts / "train2017" / "train0.png", 9, side=6)
    with pytest.raises(InputError, match=r"6x6 pixels but .* 4x4: give all one size"):
        load_captions(parts, validation=0.0)
    data = load_captions(parts, validation=0.0, image_size=(3, 5), colour="rgb")
    assert data.spec.input_shape == (3, 5, 3)


def test_reading_limits_the_words(parts: Path) -> None:
    reading = Reading(unit="word", vocabulary_size=3, longest=2)
    data = load_captions(parts, validation=0.0, reading=reading)
    assert len(data.spec.text) == 3 + 2
    assert data.spec.longest_target == 3


def test_missing_pictures_are_counted(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (1, 4):
        (parts / "train2017" / f"train{number}.png").unlink()
    with pytest.raises(
        InputError,
        match=r"lacks 2 of the 6 pictures that captions_train2017.json names, such as train1.png",
    ):
        load_captions(parts, validation=0.0)
    data = load_captions(parts, validation=0.0, damaged="skip")
    assert data.train.pictures[:, 0, 0, 0].tolist() == [0, 2, 3, 5]
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "left out: 2 of the 6 pictures" in told


def test_damaged_pictures(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (parts / "train2017" / "train3.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"train3.png is not a picture .* --damaged skip"):
        load_captions(parts, validation=0.0)
    data = load_captions(parts, validation=0.0, damaged="skip")
    assert data.train.pictures[:, 0, 0, 0].tolist() == [0, 1, 2, 4, 5]
    assert all(name in data.train.names[3] for name in ("train4",))
    assert "skipped: " in capsys.readouterr().err


def test_empty_captions_are_counted(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = parts / "annotations" / "captions_train2017.json"
    content = json.loads(file.read_text())
    content["annotations"][0]["caption"] = "  \n"
    write(file, content)
    data = load_captions(parts, validation=0.0)
    assert len(data.train) == 11
    assert "left out: 1 of 12 captions" in capsys.readouterr().err


def test_files_outside_of_the_folder_are_not_read(tmp_path: Path) -> None:
    save(tmp_path / "secret.png", 1)
    root = tmp_path / "set"
    save(root / "a.png", 1)
    write(root / "captions.json", coco(["a.png", "../secret.png"], [CAPTIONS, CAPTIONS]))
    with pytest.raises(InputError, match="lacks 1 of the 2 pictures"):
        load_captions(root, validation=0.0)


@pytest.mark.parametrize(("given", "stored"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_of_names_may_be_written_in_two_ways(
    tmp_path: Path, given: Any, stored: Any
) -> None:
    names = [f"féte/é{number}.png" for number in range(10)]
    for number, name in enumerate(names):
        save(tmp_path / normalize(stored, name), number)
    listed = coco([normalize(given, name) for name in names], [CAPTIONS] * 10)
    write(tmp_path / "captions.json", listed)
    assert load_captions(tmp_path, validation=0.0).sizes == {"train": 18, "test": 2}


def test_pictures_of_two_parts_are_told(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load_captions(parts, validation=0.0)
    assert not capsys.readouterr().err
    file = parts / "annotations" / "captions_val2017.json"
    write(file, coco(["val0.png", "train3.png"], [CAPTIONS] * 2))
    load_captions(parts, validation=0.0)
    told = capsys.readouterr().err
    assert "the training part has 1 of the 2 pictures of the test part too, such as train3" in told
    assert told.count("\n") == 1


def test_a_name_that_two_folders_have(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        save(tmp_path / folder / "a.png", 1)
    write(tmp_path / "captions.json", coco(["a.png"], [CAPTIONS]))
    with pytest.raises(InputError, match="write the folder into the name"):
        load_captions(tmp_path, validation=0.0)
    write(tmp_path / "captions.json", coco(["two/a.png"], [CAPTIONS]))
    with pytest.raises(InputError, match="too few to hold some out"):
        load_captions(tmp_path, validation=0.0)


IMAGE = {"id": 1, "file_name": "a.png"}
NOTE = {"image_id": 1, "caption": "a"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no JSON in UTF-8"),
        ("[" * 100_000, "is no JSON in UTF-8"),
        ([1], 'has no list "images"'),
        ({"images": []}, 'has no list "annotations"'),
        ({"images": [IMAGE, IMAGE], "annotations": []}, "two images have the id 1"),
        ({"images": [{"id": 1}], "annotations": []}, r'images\[0\] has no "file_name"'),
        (
            {"images": [{**IMAGE, "id": 1.0}], "annotations": []},
            r"images\[0\].id is 1.0: write ids",
        ),
        ({"images": [{**IMAGE, "file_name": 3}], "annotations": []}, "is 3, which is no text"),
        ({"images": [IMAGE], "annotations": [7]}, r'annotations\[0\] has no "image_id"'),
        ({"images": [IMAGE], "annotations": [{**NOTE, "caption": 3}]}, "is 3, which is no text"),
        (
            {"images": [IMAGE], "annotations": [NOTE, {**NOTE, "image_id": 9}]},
            "has 1 captions of images that it does not list, such as the image 9",
        ),
        ({"images": [IMAGE], "annotations": []}, "has no captions"),
    ],
)
def test_files_that_are_no_caption_files(tmp_path: Path, content: Any, message: str) -> None:
    save(tmp_path / "a.png", 1)
    write(tmp_path / "captions.json", content)
    with pytest.raises(InputError, match=message):
        load_captions(tmp_path, validation=0.0)


def test_folders_without_caption_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no caption file"):
        load_captions(tmp_path, validation=0.0)
    with pytest.raises(InputError, match="there is no folder"):
        load_captions(tmp_path / "no", validation=0.0)
    for name in ("captions_a.json", "captions_b.json"):
        write(tmp_path / name, coco([], []))
    with pytest.raises(InputError, match="no caption file for training"):
        load_captions(tmp_path, validation=0.0)
    for name in ("captions_train.json", "captions_training.json"):
        write(tmp_path / name, coco([], []))
    with pytest.raises(InputError, match="two caption files for train"):
        load_captions(tmp_path, validation=0.0)
