"""Single pictures: fitted to a shape, upright, and refused where they are none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dl.data.picture import read_picture
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
def test_one_picture_is_fitted(channels: int, tmp_path: Path) -> None:
    save(tmp_path / "grey.png", value=7)
    save(tmp_path / "colour.png", noise(9, 9, 4))
    grey = read_picture(tmp_path / "grey.png", shape=(8, 3, channels))
    assert grey.shape == (8, 3, channels)
    assert (grey[..., :3] == 7).all()
    colour = read_picture(str(tmp_path / "colour.png"), shape=(8, 3, channels))
    assert (colour.shape, colour.dtype) == ((8, 3, channels), np.uint8)


def test_one_picture_is_not_changed_without_need(tmp_path: Path) -> None:
    pixels = noise(4, 6, 3)
    save(tmp_path / "1.png", pixels)
    assert read_picture(tmp_path / "1.png", shape=(4, 6, 3)).tolist() == pixels.tolist()


def test_one_picture_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("words")
    for name, said in (
        ("x.txt", "x.txt is not a picture"),
        ("absent.png", "there is no file"),
        (".", "cannot be read"),
    ):
        with pytest.raises(InputError, match=said):
            read_picture(tmp_path / name, shape=(8, 8, 1))
    with pytest.raises(InputError, match="1, 3 or 4 channels"):
        read_picture(tmp_path / "x.txt", shape=(8, 8, 2))
