"""A photograph becomes the kind of picture that MNIST-like models know."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dl.data.pictures.photo import centre, otsu_threshold, read_photo
from dl.errors import InputError

SHAPE = (28, 28, 1)


def photograph(
    path: Path, *, corner: tuple[int, int], thick: int = 12, paper: int = 205, ink: int = 60
) -> Path:
    """A seven, 90 × 120 pixels, drawn on noisy paper that is darker on one side."""
    picture = Image.new("L", (400, 300), paper)
    left, top = corner
    points = [(left, top), (left + 90, top), (left + 30, top + 120)]
    ImageDraw.Draw(picture).line(points, fill=ink, width=thick, joint="curve")
    shade = np.linspace(0, -25, 400)[None, :] + np.random.default_rng(0).normal(0, 3, (300, 400))
    Image.fromarray(np.clip(np.asarray(picture) + shade, 0, 255).astype(np.uint8)).save(path)
    return path


def test_strokes_are_bright_on_dark_and_fill_the_box(tmp_path: Path) -> None:
    picture = read_photo(photograph(tmp_path / "seven.png", corner=(250, 40)), shape=SHAPE)[..., 0]
    assert picture.dtype == np.uint8
    assert picture[:2].max() == 0
    assert picture.max() > 220
    rows = np.flatnonzero((picture > 100).any(axis=1))
    assert 18 <= rows[-1] - rows[0] + 1 <= 20
    assert 0.03 < (picture > 100).mean() < 0.3


def test_place_and_light_do_not_matter(tmp_path: Path) -> None:
    one = read_photo(photograph(tmp_path / "a.png", corner=(20, 30)), shape=SHAPE)
    other = read_photo(
        photograph(tmp_path / "b.png", corner=(200, 120), paper=240, ink=30), shape=SHAPE
    )
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9


def test_mass_is_in_the_middle(tmp_path: Path) -> None:
    picture = read_photo(photograph(tmp_path / "seven.png", corner=(250, 40)), shape=SHAPE)[
        ..., 0
    ].astype(float)
    for axis in (0, 1):
        mass = picture.sum(axis=1 - axis)
        assert abs(mass @ np.arange(28) / mass.sum() - 13.5) <= 0.6


def test_colour_models_get_three_equal_channels(tmp_path: Path) -> None:
    picture = read_photo(photograph(tmp_path / "seven.png", corner=(250, 40)), shape=(32, 32, 3))
    assert picture.shape == (32, 32, 3)
    assert (picture[..., 0] == picture[..., 2]).all()


def test_transparent_ground_is_paper(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    ImageDraw.Draw(picture).line([(30, 5), (30, 55)], fill=(0, 0, 0, 255), width=6)
    picture.save(tmp_path / "one.png")
    assert 0.02 < (read_photo(tmp_path / "one.png", shape=SHAPE) > 100).mean() < 0.2


def test_blank_paper_is_refused(tmp_path: Path) -> None:
    Image.new("L", (30, 30), 200).save(tmp_path / "blank.png")
    with pytest.raises(InputError, match="shows no strokes"):
        read_photo(tmp_path / "blank.png", shape=SHAPE)


def test_otsu_finds_the_valley() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(40, 5, 900), rng.normal(180, 10, 100)]).clip(0, 255)
    assert 55 <= otsu_threshold(values) < 150


def test_centre_keeps_everything_inside() -> None:
    heavy = np.zeros((20, 20), np.uint8)
    heavy[0, 0] = 255
    assert centre(heavy, (28, 28)).sum() == 255
