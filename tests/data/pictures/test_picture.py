"""Single pictures: fitted to a shape, upright, and refused where they are none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dl.data.pictures.picture import is_grey, open_picture, read_on_paper, read_picture
from dl.errors import InputError


def save(file: Path, array: np.ndarray | None = None, *, value: int = 0, **options: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((4, 6), value, np.uint8) if array is None else array
    Image.fromarray(pixels).save(file, **options)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_pictures_are_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate a quarter to the right
    sideways = np.zeros((8, 16, 3), np.uint8)
    sideways[:, :8] = 255
    save(tmp_path / "1.jpg", sideways, exif=exif, quality=100)
    upright = read_picture(tmp_path / "1.jpg", shape=(16, 8, 3))
    assert (upright[:6] > 250).all()
    assert (upright[-6:] < 5).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_picture_is_fitted_to_a_shape(channels: int, tmp_path: Path) -> None:
    save(tmp_path / "grey.png", value=7)
    save(tmp_path / "colour.png", noise(9, 9, 4))
    grey = read_picture(tmp_path / "grey.png", shape=(8, 3, channels))
    assert grey.shape == (8, 3, channels)
    assert (grey[..., :3] == 7).all()
    colour = read_picture(str(tmp_path / "colour.png"), shape=(8, 3, channels))
    assert (colour.shape, colour.dtype) == ((8, 3, channels), np.uint8)


TRANSPARENT = {
    "RGBA": np.array([[[0, 0, 0, 0], [0, 0, 0, 255]]], np.uint8),
    "LA": np.array([[[0, 0], [0, 255]]], np.uint8),
}


@pytest.mark.parametrize("mode", [*TRANSPARENT, "P"])
def test_transparent_parts_become_white(mode: str, tmp_path: Path) -> None:
    if mode == "P":
        picture = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
        picture.putpalette([0, 0, 0, 0, 0, 0])
        picture.save(tmp_path / "1.png", transparency=0)
    else:
        Image.fromarray(TRANSPARENT[mode], mode).save(tmp_path / "1.png")
    assert read_picture(tmp_path / "1.png", shape=(1, 2, 1))[..., 0].tolist() == [[255, 0]]
    assert read_picture(tmp_path / "1.png", shape=(1, 2, 3)).tolist() == [[[255] * 3, [0] * 3]]
    assert read_picture(tmp_path / "1.png", shape=(1, 2, 4))[..., 3].tolist() == [[0, 255]]
    assert np.asarray(read_on_paper(tmp_path / "1.png").convert("L")).tolist() == [[255, 0]]


@pytest.mark.parametrize(
    ("colours", "grey"), [((9, 9, 9, 70, 70, 70), True), ((9, 9, 9, 70, 71, 70), False)]
)
@pytest.mark.parametrize("suffix", ["png", "gif", "bmp"])
@pytest.mark.parametrize("decoded", [True, False])
def test_a_palette_of_greys_is_grey(
    colours: tuple[int, ...], grey: bool, suffix: str, decoded: bool, tmp_path: Path
) -> None:
    picture = Image.fromarray(np.array([[0, 1, 1]], np.uint8), "P")
    picture.putpalette(colours)
    file = tmp_path / f"1.{suffix}"
    picture.save(file)
    assert is_grey(open_picture(file, decoded=decoded)) == grey
    assert read_picture(file, shape=(1, 3, 3))[0, :, 1].tolist() == [9, colours[4], colours[4]]


MODES = {  # what a red pixel, or its grey value (ITU-R 601-2: 0.299 of 255), becomes
    "1": ([255, 255, 255], 255),
    "L": ([76, 76, 76], 76),
    "RGB": ([255, 0, 0], 76),
    "CMYK": ([255, 0, 0], 76),
    "YCbCr": ([254, 0, 0], 76),
    "I;16": ([76, 76, 76], 76),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_pillow_becomes_grey_and_colour(mode: str, tmp_path: Path) -> None:
    colour, grey = MODES[mode]
    if mode == "I;16":
        picture = Image.fromarray(np.full((2, 2), 76 << 8, np.uint16))
    else:
        picture = Image.new("RGB", (2, 2), (255, 255, 255) if mode == "1" else (255, 0, 0)).convert(
            mode
        )
    file = tmp_path / ("1.tif" if mode in ("CMYK", "YCbCr") else "1.png")
    picture.save(file)
    assert open_picture(file).mode in (mode, "L")
    assert read_picture(file, shape=(2, 2, 3))[0, 0].tolist() == colour
    assert read_picture(file, shape=(2, 2, 1))[0, 0].tolist() == [grey]


def test_a_picture_of_the_right_shape_is_not_changed(tmp_path: Path) -> None:
    pixels = noise(4, 6, 3)
    save(tmp_path / "1.png", pixels)
    assert read_picture(tmp_path / "1.png", shape=(4, 6, 3)).tolist() == pixels.tolist()


def test_files_that_are_not_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("words")
    for name, said in (
        ("x.txt", "x.txt is not a picture"),
        ("absent.png", "there is no file"),
        (".", "is a folder: give the pictures in it"),
    ):
        with pytest.raises(InputError, match=said):
            read_picture(tmp_path / name, shape=(8, 8, 1))
    with pytest.raises(InputError, match="1, 3 or 4 channels"):
        read_picture(tmp_path / "x.txt", shape=(8, 8, 2))
