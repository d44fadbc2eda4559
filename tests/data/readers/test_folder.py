"""Pictures in folders: layouts, sizes, depths, and everything that can be wrong with them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dl.data.readers.folder
from dl.data.pictures.crops import centre_box
from dl.data.pictures.picture import read_picture
from dl.data.readers.folder import load_folder
from dl.data.sources.arrays import ArraySource
from dl.data.sources.streamed import IMAGENET_MEAN, IMAGENET_STD, StreamedSource
from dl.errors import InputError, RunError


def save(file: Path, array: np.ndarray | None = None, *, value: int = 0, **options: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((4, 6), value, np.uint8) if array is None else array
    Image.fromarray(pixels).save(file, **options)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """`train/` and `test/` with the classes b and a: the value of a picture says where it lies."""
    for part, start in (("train", 0), ("test", 100)):
        for label, name in enumerate(("a", "b")):
            for index in range(3):
                save(tmp_path / part / name / f"{index}.png", value=start + 10 * label + index)
    return tmp_path


def test_train_and_test_are_the_parts(parts: Path) -> None:
    data = load_folder(parts, validation=0.0)
    assert data.train.inputs.shape == (6, 4, 6, 1)
    assert data.train.inputs[:, 0, 0, 0].tolist() == [0, 1, 2, 10, 11, 12]
    assert data.train.targets.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.test.inputs[:, 0, 0, 0].tolist() == [100, 101, 102, 110, 111, 112]
    assert data.train.inputs.dtype == np.uint8
    assert data.train.targets.dtype == np.int32
    assert data.spec.class_names == ("a", "b")
    assert data.spec.name == f"folder:{parts}"


def test_a_tenth_is_cut_off_by_a_fixed_permutation(tmp_path: Path) -> None:
    for index in range(100):
        save(tmp_path / "ab"[index % 2] / f"{index:03}.png", value=index)
    data = load_folder(tmp_path, validation=0.2)
    assert data.validation is not None
    assert [len(part) for part in (data.train, data.validation, data.test)] == [72, 18, 10]
    seen = [part.inputs[:, 0, 0, 0] for part in (data.train, data.validation, data.test)]
    assert sorted(np.concatenate(seen)) == list(range(100))
    assert all(
        (part.targets == part.inputs[:, 0, 0, 0] % 2).all() for part in (data.train, data.test)
    )
    assert load_folder(tmp_path, validation=0.2).fingerprint == data.fingerprint
    assert load_folder(tmp_path, validation=0.0).test.inputs.tolist() == data.test.inputs.tolist()


def test_one_coloured_picture_makes_all_coloured(parts: Path) -> None:
    colour = noise(4, 6, 3)
    save(parts / "test" / "b" / "9.png", colour)
    data = load_folder(parts, validation=0.0)
    assert data.train.inputs.shape == (6, 4, 6, 3)
    assert data.train.inputs[1, 0, 0].tolist() == [1, 1, 1]
    assert data.test.inputs[-1].tolist() == colour.tolist()


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".gif", ".tif", ".webp", ".ppm", ".PNG"])
def test_formats(suffix: str, tmp_path: Path) -> None:
    colour = np.repeat(noise(1, 1, 3), 4, axis=0).repeat(6, axis=1)
    for name in ("a/1", "a/2", "b/1", "b/2"):
        save(
            tmp_path / f"{name}{suffix}",
            colour,
            **({"lossless": True} if suffix == ".webp" else {}),
        )
    data = load_folder(tmp_path, validation=0.0)
    assert data.train.inputs[0].tolist() == colour.tolist()


def test_other_files_are_ignored(parts: Path) -> None:
    (parts / "train" / "a" / "notes.txt").write_text("not a picture")
    (parts / "train" / "a" / ".hidden.png").write_text("nor this")
    (parts / "train" / ".cache").mkdir()
    (parts / "labels.csv").touch()
    assert len(load_folder(parts, validation=0.0).train) == 6


def test_resizing(parts: Path) -> None:
    save(parts / "test" / "b" / "9.png", noise(9, 5))
    data = load_folder(parts, validation=0.0, image_size=(8, 3))
    assert data.train.inputs.shape == (6, 8, 3, 1)
    assert (data.train.inputs[4] == 11).all()


def test_sixteen_bits_keep_their_range(tmp_path: Path) -> None:
    values = np.array([[0, 255, 256, 32768, 65535]], np.uint16)
    for name in ("a/1", "a/2", "b/1", "b/2"):
        save(tmp_path / f"{name}.png", values)
    assert load_folder(tmp_path, validation=0.0).train.inputs[0, 0, :, 0].tolist() == [
        0,
        0,
        1,
        128,
        255,
    ]


def test_thirty_two_bits_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / name / "1.tif", np.ones((2, 2), np.float32))
    with pytest.raises(InputError, match=r"1\.tif .*32-bit grey values"):
        load_folder(tmp_path, validation=0.0)


def test_colour_decides_the_channels(parts: Path) -> None:
    grey = load_folder(parts, validation=0.0, colour="rgb")
    assert grey.train.inputs.shape == (6, 4, 6, 3)
    assert (grey.train.inputs == load_folder(parts, validation=0.0).train.inputs).all()
    colour = noise(4, 6, 3)
    save(parts / "test" / "b" / "9.png", colour)
    data = load_folder(parts, validation=0.0, colour="grey")
    assert data.spec.input_shape == (4, 6, 1)
    assert (
        data.test.inputs[-1, ..., 0].tolist()
        == np.asarray(Image.fromarray(colour).convert("L")).tolist()
    )


def test_damaged_files_are_skipped_and_named(
    parts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_off(parts)
    (parts / "train" / "a" / "0.png").write_text("text")
    with pytest.raises(
        InputError, match="such as PNG: repair it, or pass over such files with --damaged skip"
    ):
        load_folder(parts, validation=0.0)
    data = load_folder(parts, validation=0.0, damaged="skip")
    assert data.train.inputs[:, 0, 0, 0].tolist() == [1, 2, 10, 12]
    assert data.train.targets.tolist() == [0, 0, 1, 1]
    assert len(data.test) == 6
    first, second = capsys.readouterr().err.splitlines()
    what = "is not a picture in any format that Pillow reads, such as PNG"
    assert first == f"skipped: {parts}/train/a/0.png {what}"
    assert second.startswith(f"skipped: {parts}/train/b/1.png is a damaged picture, or none (")


def test_only_some_of_many_damaged_files_are_named(
    parts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(30):
        (parts / "train" / "a" / f"x{number}.png").touch()
    assert len(load_folder(parts, validation=0.0, damaged="skip").train) == 6
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "skipped in all: 30 of 42 pictures"


def test_skipping_leaves_every_class_something(parts: Path) -> None:
    for file in (parts / "test" / "b").iterdir():
        file.write_text("text")
    with pytest.raises(InputError, match="every picture of the class b is damaged in one part"):
        load_folder(parts, validation=0.0, damaged="skip")
    for file in parts.rglob("*.png"):
        file.write_text("text")
    with pytest.raises(InputError, match="all 12 pictures are damaged, such as"):
        load_folder(parts, validation=0.0, damaged="skip")


def test_unknown_choices(parts: Path) -> None:
    with pytest.raises(InputError, match="colour 'gray' is not one of auto, grey, rgb"):
        load_folder(parts, validation=0.0, colour="gray")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="damaged 'drop' is not one of refuse, skip"):
        load_folder(parts, validation=0.0, damaged="drop")  # type: ignore[arg-type]


def test_one_size_is_needed(parts: Path) -> None:
    odd = parts / "train" / "b" / "1.png"
    save(odd, noise(7, 5))
    with pytest.raises(InputError) as raised:
        load_folder(parts, validation=0.0)
    first = parts / "train" / "a" / "0.png"
    assert (
        str(raised.value)
        == f"{first} has 4x6 pixels but {odd} has 7x5: give all one size with --image-size"
    )


def views(part: Any, **draw: int) -> list:
    index = np.arange(len(part))
    return (part.draw(index, **draw) if draw else part.gather(index))["inputs"].tolist()


def test_what_does_not_fit_into_memory_is_streamed_and_looks_the_same(
    parts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(parts / "train" / "b" / "1.png", noise(4, 6, 3))
    held = load_folder(parts, validation=0.4)
    monkeypatch.setattr(dl.data.readers.folder, "MEMORY_LIMIT", 12 * 4 * 6 * 3 - 1)
    streamed = load_folder(parts, validation=0.4)
    for name in ("train", "validation", "test"):
        ours, theirs = streamed.part(name), held.part(name)
        assert isinstance(ours, StreamedSource)
        assert views(ours) == views(ours, seed=1, step=2) == theirs.inputs.tolist()
        assert ours.gather(np.arange(len(ours)))["targets"].tolist() == theirs.targets.tolist()
    moments = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
    assert streamed.spec == replace(held.spec, **moments)
    assert isinstance(load_folder(parts, validation=0.4, colour="grey").train, ArraySource), (
        "a third of the bytes"
    )
    small = load_folder(parts, validation=0.4, image_size=(4, 5))
    assert isinstance(small.train, ArraySource)


def test_random_crops_are_streamed_and_depend_on_seed_and_step(parts: Path) -> None:
    for index in range(3):
        save(parts / "train" / "a" / f"{index}.png", noise(40, 30, seed=index))
    data = load_folder(parts, validation=0.0, image_size=(8, 8), random_crops=True)
    assert (data.spec.view, data.spec.input_shape) == ("middle", (8, 8, 1))
    looks = [
        views(data.train, seed=seed, step=step) for seed, step in ((0, 0), (0, 0), (0, 1), (1, 0))
    ]
    assert looks[0] == looks[1]
    assert looks[0] != looks[2] != looks[3] != looks[0]
    picture = Image.open(parts / "train" / "a" / "2.png")
    cut = picture.resize((8, 8), Image.Resampling.BILINEAR, box=centre_box((40, 30), (8, 8)))
    assert np.array_equal(views(data.train)[2], np.asarray(cut)[..., None])
    assert read_picture(parts / "train" / "a" / "2.png", shape=(8, 8, 1), view=data.spec.view)[
        ..., 0
    ].tolist() == (np.asarray(cut).tolist())


def test_streamed_pictures_are_upright_and_eight_bits_deep(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    for name in ("a", "b"):
        save(tmp_path / name / "1.jpg", noise(16, 8), exif=exif)
        save(tmp_path / name / "2.png", np.full((8, 16), 32768, np.uint16))
    options: dict[str, Any] = {"validation": 0.0, "image_size": (16, 8)}
    held = load_folder(tmp_path, **options)
    streamed = load_folder(tmp_path, **options, random_crops=True)
    assert streamed.spec.input_shape == held.spec.input_shape == (16, 8, 1)
    whole = replace(streamed.train, crops=False)
    assert views(whole) == held.train.inputs.tolist()


def test_fingerprints_of_streamed_folders(parts: Path) -> None:
    def fingerprint() -> str:
        return load_folder(parts, validation=0.0, image_size=(8, 8), random_crops=True).fingerprint

    before = fingerprint()
    assert fingerprint() == before
    save(parts / "train" / "b" / "1.png", noise(9, 9))
    changed = fingerprint()
    (parts / "train" / "b" / "1.png").rename(parts / "train" / "b" / "4.png")
    assert len({before, changed, fingerprint()}) == 3


def test_files_found_damaged_while_streaming_are_named(parts: Path) -> None:
    cut_off(parts)
    data = load_folder(parts, validation=0.0, image_size=(8, 8), random_crops=True)
    with pytest.raises(RunError, match=r"train/b/1\.png is a damaged picture.*--damaged skip"):
        data.train.gather(np.arange(6))
    skipped = load_folder(
        parts, validation=0.0, image_size=(8, 8), random_crops=True, damaged="skip"
    )
    assert len(skipped.train) == 5
    assert skipped.train.gather(np.arange(5))["targets"].tolist() == [0, 0, 0, 1, 1]
    with pytest.raises(InputError, match=r"train/b/1\.png is a damaged picture"):
        load_folder(parts, validation=0.0, random_crops=True)
    (parts / "train" / "b" / "1.png").write_text("text")
    with pytest.raises(InputError, match=r"train/b/1\.png is not a picture"):
        load_folder(parts, validation=0.0, image_size=(8, 8), random_crops=True)


def remove(*names: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        for name in names:
            for file in (root / name).rglob("*.png"):
                file.unlink()
            (root / name).rmdir()

    return change


def cut_off(root: Path) -> None:
    file = root / "train" / "b" / "1.png"
    save(file, noise(4, 6))
    file.write_bytes(file.read_bytes()[:-30])


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "class without pictures": (
        lambda root: (root / "train" / "c").mkdir(),
        "train/c holds no pictures",
    ),
    "one class": (remove("train/b", "test/b"), "train holds only the class a: two are needed"),
    "other classes in test": (remove("test/b"), "test holds only the class a"),
    "more classes in train": (
        lambda root: save(root / "train" / "c" / "1.png"),
        "only train has c; add pictures of it to test, or remove it",
    ),
    "a class that only test has": (
        lambda root: save(root / "test" / "c" / "1.png"),
        "only test has c; add pictures of it to train, or remove it",
    ),
    "nothing in train": (
        remove("train/a", "train/b"),
        "train holds no pictures: put those of a class into",
    ),
    "text called a picture": (
        lambda root: (root / "train" / "b" / "1.png").write_text("text"),
        "train/b/1.png is not a picture in any format that Pillow reads, such as PNG",
    ),
    "picture cut off": (cut_off, "train/b/1.png is a damaged picture"),
    "empty file": (
        lambda root: (root / "test" / "b" / "1.png").write_bytes(b""),
        "test/b/1.png is not a picture",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_unfit_folders_are_refused_with_the_reason(wrong: str, parts: Path) -> None:
    change, said = WRONG[wrong]
    change(parts)
    with pytest.raises(InputError) as raised:
        load_folder(parts, validation=0.0)
    assert said in str(raised.value)
    assert str(parts) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_paths_that_are_not_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no folder .*absent: give one with"):
        load_folder(tmp_path / "absent", validation=0.0)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"there is no folder .*file: give one with"):
        load_folder(tmp_path / "file", validation=0.0)
    with pytest.raises(InputError, match="holds no pictures"):
        load_folder(tmp_path, validation=0.0)


def test_unreadable_folder(parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if folder.name == "a":
            raise PermissionError(13, "Permission denied", str(folder))
        return iter(listed(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match="train/a cannot be read: Permission denied"):
        load_folder(parts, validation=0.0)
