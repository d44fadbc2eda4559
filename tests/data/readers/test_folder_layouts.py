"""Folders of pictures as people have them: each is read as it is meant, or refused in one line."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

import dl
from dl.data.readers.folder import load_folder
from dl.errors import InputError


def put(root: Path, *places: str, count: int = 2) -> None:
    """`count` pictures in each of the folders `places`."""
    for place in places:
        (root / place).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            Image.new("L", (4, 4), 10 * number).save(root / place / f"{number}.png")


def parts(*names: str) -> Callable[[Path], None]:
    """A folder with the classes a and b in each of the parts `names`."""
    return lambda root: put(root, *(f"{part}/{name}" for part in names for name in ("a", "b")))


def kaggle(root: Path) -> None:
    for part, names in (("train", ("cat.0", "dog.0")), ("test1", ("1", "2"))):
        (root / part).mkdir(parents=True)
        for name in names:
            Image.new("L", (4, 4)).save(root / part / f"{name}.jpg")


def beside(name: str, *places: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        put(root, *places)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\x89HDF\r\n\x1a\n" if name.endswith("h5") else b"x")

    return change


class Read(NamedTuple):
    """How a folder is read: the sizes of train, validation and test, and words of `found`."""

    sizes: tuple[int, int | None, int]
    found: str
    classes: tuple[str, ...] = ("a", "b")


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
ODD: dict[str, tuple[Callable[[Path], None], Read | str]] = {
    "train and val": (
        parts("train", "val"),
        Read((4, None, 4), "train 4 from train/, test 4 from"),
    ),
    "train and valid": (parts("train", "valid"), Read((4, None, 4), "test 4 from valid/")),
    "Train and Test": (parts("Train", "Test"), Read((4, None, 4), "train 4 from Train/, test 4")),
    "training and testing": (parts("training", "testing"), Read((4, None, 4), "from testing/")),
    "training_set and test_set": (
        parts("training_set", "test_set"),
        Read((4, None, 4), "train 4 from training_set/, test 4 from test_set/"),
    ),
    "all three": (
        parts("train", "validation", "test"),
        Read((4, 4, 4), "train 4 from train/, validation 4 from validation/, test 4 from test/"),
    ),
    "train alone": (parts("train"), Read((3, None, 1), "train 3 from train/, test 1 (a tenth")),
    "another folder beside the parts": (
        lambda root: put(root, "train/a", "train/b", "test/a", "test/b", "examples"),
        Read((4, None, 4), "left out: examples/"),
    ),
    "a class that is called train": (
        lambda root: put(root, "bus", "train"),
        Read((3, None, 1), "4 pictures of 2 classes (bus, train): train 3", ("bus", "train")),
    ),
    "what a Mac leaves in archives": (
        beside("__MACOSX/a/._1.png", "a", "b", "__MACOSX"),
        Read((3, None, 1), "4 pictures of 2 classes (a, b)"),
    ),
    "accents stored in two ways": (
        lambda root: put(
            root, f"train/{COMPOSED}", "train/b", f"test/{DECOMPOSED}", "test/b", count=1
        ),
        Read((2, None, 2), "2 classes (b, é)", ("b", "é")),
    ),
    "one class, its accent stored in two ways": (
        lambda root: put(root, COMPOSED, DECOMPOSED, "b", count=1),
        Read((2, None, 1), "3 pictures of 2 classes", ("b", "é")),
    ),
    "a name that is no UTF-8": (
        lambda root: put(root, os.fsdecode(b"caf\xe9"), "b"),
        Read((3, None, 1), "(b, caf\\xe9)", ("b", "caf\\xe9")),
    ),
    "a line feed in a name": (
        lambda root: put(root, "a\nb", "b"),
        Read((3, None, 1), "(a b, b)", ("a b", "b")),
    ),
    "control codes in a name": (
        lambda root: put(root, "\x1b[31mred", "b"),
        Read((3, None, 1), "(\\x1b[31mred, b)", ("\\x1b[31mred", "b")),
    ),
    "HDF5 among pictures": (
        beside("a/x.h5", "a", "b"),
        Read((3, None, 1), "passed over 1, no pictures: a/x.h5"),
    ),
    "EPS among pictures": (
        beside("a/x.eps", "a", "b"),
        Read((3, None, 1), "passed over 1, no pictures: a/x.eps"),
    ),
    "films among pictures": (
        beside("b/x.mpg", "a", "b"),
        Read((3, None, 1), "passed over 1, no pictures: b/x.mpg"),
    ),
    "a folder in a class": (
        lambda root: put(root, "a", "b", "a/more"),
        Read((3, None, 1), "passed over 1, no pictures: a/more/"),
    ),
    "flat parts": (kaggle, "train/, test1/ in {0} are named like parts and hold pictures without"),
    "flat train": (lambda root: put(root, "train"), "train/ in {0} is named like a part and holds"),
    "flat test beside class folders in train": (
        lambda root: put(root, "train/a", "train/b", "test"),
        "test/ in {0} is named like a part and holds pictures without class folders: put those",
    ),
    "test pictures beside classes": (
        lambda root: put(root, "a", "b", "test"),
        "test/ in {0} is named like a part beside a/, b/: move the others into",
    ),
    "two folders for train": (
        parts("train", "Training", "test"),
        "{0} has two folders for the train part, Training and train: put their pictures together",
    ),
    "no train": (parts("val", "test"), "{0} has no train folder beside test, validation: add one"),
    "a class that only val has": (
        lambda root: put(root, "train/a", "train/b", "val/a", "val/b", "val/c"),
        "train and validation in {0} have different classes: only validation has c",
    ),
    "many classes that only test has": (
        lambda root: put(root, "train/a", "train/b", *(f"test/{name}" for name in "abcdefg")),
        "only test has c, d, e and 2 more; add pictures of it to train",
    ),
    "classes one level below": (
        lambda root: put(root, "pets/a", "pets/b"),
        "{0} holds no pictures but pets/a/, pets/b/: put those of a class into {0}/CLASS (or give "
        "folder:{0}/pets)",
    ),
    "only pictures of another kind": (
        beside("a/x.heic", "b", "a/sub"),
        "{0}/a holds no pictures but sub/, x.heic: put those of its class there, or remove it",
    ),
    "a link to nothing": (
        lambda root: (put(root, "a", "b"), (root / "a" / "9.png").symlink_to("nowhere"))[0],
        Read((3, None, 1), "passed over 1, no pictures: a/9.png"),
    ),
    "a pipe": (
        lambda root: (put(root, "a", "b"), os.mkfifo(root / "a" / "9.png"))[0],
        Read((3, None, 1), "passed over 1, no pictures: a/9.png"),
    ),
    "pictures beside classes": (
        lambda root: (put(root, "a", "b"), put(root, ".", count=3))[0],
        Read((3, None, 1), "left out 3 in no folder of a class: 0.png, 1.png, 2.png"),
    ),
    "pictures in no folder": (
        lambda root: put(root, ".", count=4),
        "{0} holds 4 pictures in no folder of a class (0.png, 1.png, 2.png and 1 more): put those",
    ),
    "one picture a class": (
        lambda root: put(root, "a", "b", "c", count=1),
        "folder:{0} has too few examples to train on the class a: give more of each, hold out",
    ),
    "one picture a class in train alone": (
        lambda root: put(root, "train/a", "train/b", count=1),
        "has too few examples to train on the class",
    ),
    "no pictures at all": (lambda root: (root / "a").mkdir(), "{0} holds no pictures"),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_folders_are_read_right_or_refused(odd: str, tmp_path: Path) -> None:
    change, expected = ODD[odd]
    change(tmp_path)
    if isinstance(expected, Read):
        data = load_folder(tmp_path, validation=0.0)
        held_out = None if data.validation is None else len(data.validation)
        assert (len(data.train), held_out, len(data.test)) == expected.sizes
        assert data.spec.class_names == expected.classes
        assert expected.found in data.summary
        assert "\n" not in data.summary
        assert data.fingerprint
        return
    with pytest.raises(InputError) as raised:
        load_folder(tmp_path, validation=0.0)
    assert expected.format(tmp_path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_fraction_leaves_the_validation_part_out_and_says_so(tmp_path: Path) -> None:
    parts("train", "val", "test")(tmp_path)
    data = load_folder(tmp_path, validation=0.25)
    assert data.validation is not None
    assert (len(data.train), len(data.validation), len(data.test)) == (3, 1, 4)
    assert "train 3 and validation 1 from train/, test 4 from test/" in data.summary
    assert "val/ is only used with --validation 0" in data.summary


def test_parts_that_are_streamed(tmp_path: Path) -> None:
    parts("train", "val", "test")(tmp_path)
    put(tmp_path, os.fsdecode(b"train/caf\xe9"), os.fsdecode(b"val/caf\xe9"))
    put(tmp_path, os.fsdecode(b"test/caf\xe9"))
    data = load_folder(tmp_path, validation=0.0, random_crops=True)
    assert data.validation is not None
    assert (len(data.train), len(data.validation), len(data.test)) == (6, 6, 6)
    assert data.validation.gather(np.array([5]))["targets"].tolist() == [2]
    assert data.fingerprint


def test_a_file_without_the_name_of_a_picture_is_one_by_its_content(tmp_path: Path) -> None:
    put(tmp_path, "a", "b")
    (tmp_path / "a" / "0.png").rename(tmp_path / "a" / "0")
    assert len(load_folder(tmp_path, validation=0.0).train) == 3
    (tmp_path / "a" / "1.png").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(InputError, match=r"a/1\.png is not a picture"):
        load_folder(tmp_path, validation=0.0)


def test_known_classes_label_the_files(tmp_path: Path) -> None:
    put(tmp_path, "c", "b")
    data = load_folder(tmp_path, validation=0.0, classes=("a", "b", "c"))
    assert data.train is not None
    assert data.train.targets.tolist() == data.test.targets.tolist() == [1, 1, 2, 2]
    assert "4 pictures of 2 classes (b, c): train and test alike, with all 4" in data.summary
    put(tmp_path, "d")
    with pytest.raises(InputError, match=r"classes that the model does not know: d; it knows a, b"):
        load_folder(tmp_path, validation=0.0, classes=("a", "b", "c"))


def test_a_part_of_other_data_is_decoded_once(tmp_path: Path) -> None:
    put(tmp_path, "train/a", "val/a", "val/b")
    data = load_folder(tmp_path, validation=0.0, classes=("a", "b"))
    assert (len(data.train), data.validation, len(data.test)) == (2, None, 4)
    assert "6 pictures of 2 classes (a, b): train 2 from train/, test 4 from val/" in data.summary


def test_home_and_blanks_in_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    put(tmp_path / "pets", "a", "b")
    for name in ("folder:~/pets", "folder: ~/pets", f"folder:  {tmp_path}/pets ", " folder:~/pets"):
        assert len(dl.load_data(name).train) == 3
    (tmp_path / "text.txt").write_text("a text of some length " * 20)
    assert len(dl.load_data("text: ~/text.txt").train)
    with pytest.raises(InputError, match="'folder: ' names no PATH: give folder:PATH"):
        dl.load_data("folder: ")
    with pytest.raises(InputError, match="names the home of somebody unknown"):
        dl.load_data("folder:~nobody-of-this-name/pets")


def test_a_class_of_one_picture_is_trained_on(tmp_path: Path) -> None:
    for count in range(3, 24, 2):
        root = tmp_path / str(count)
        put(root, "a", count=count)
        put(root, "b", count=1)
        data = load_folder(root, validation=0.0)
        assert set(data.train.targets.tolist()) == {0, 1}, count
