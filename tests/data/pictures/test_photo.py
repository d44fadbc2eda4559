"""A photograph becomes the kind of picture that MNIST-like models know."""

from pathlib import Path

import numpy as np
import pytest
from photographs import KINDS, draw, photograph, save
from PIL import Image, ImageDraw

import dl
from dl.data.pictures.ink import otsu_threshold
from dl.data.pictures.photo import centre, read_photo
from dl.data.pictures.strokes import stroke_width
from dl.errors import InputError

SHAPE = (28, 28, 1)


def seven(
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
    picture = read_photo(seven(tmp_path / "seven.png", corner=(250, 40)), shape=SHAPE)[..., 0]
    assert picture.dtype == np.uint8
    assert picture[:2].max() == 0
    assert picture.max() > 220
    rows = np.flatnonzero((picture > 100).any(axis=1))
    assert 18 <= rows[-1] - rows[0] + 1 <= 20
    assert 0.03 < (picture > 100).mean() < 0.3


def test_place_and_light_do_not_matter(tmp_path: Path) -> None:
    one = read_photo(seven(tmp_path / "a.png", corner=(20, 30)), shape=SHAPE)
    other = read_photo(seven(tmp_path / "b.png", corner=(200, 120), paper=240, ink=30), shape=SHAPE)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.9


def test_mass_is_in_the_middle(tmp_path: Path) -> None:
    picture = read_photo(seven(tmp_path / "seven.png", corner=(250, 40)), shape=SHAPE)[
        ..., 0
    ].astype(float)
    for axis in (0, 1):
        mass = picture.sum(axis=1 - axis)
        assert abs(mass @ np.arange(28) / mass.sum() - 13.5) <= 0.6


def test_colour_models_get_three_equal_channels(tmp_path: Path) -> None:
    picture = read_photo(seven(tmp_path / "seven.png", corner=(250, 40)), shape=(32, 32, 3))
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
    assert 55 <= 255 * otsu_threshold(values / 255) < 150


def test_centre_keeps_everything_inside() -> None:
    heavy = np.zeros((20, 20), np.uint8)
    heavy[0, 0] = 255
    assert centre(heavy, (28, 28)).sum() == 255


BLANK = np.zeros((28, 28), np.uint8)


@pytest.fixture(scope="module")
def digits() -> dict[int, np.ndarray]:
    """A written digit of each class, uint8 [28, 28], bright on dark."""
    train = dl.load_data("digits").train
    first = {digit: int(np.flatnonzero(train.targets == digit)[0]) for digit in range(10)}
    return {digit: train.inputs[place, ..., 0] for digit, place in first.items()}


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two pictures [28, 28], both treated as MNIST's are."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_photograph_becomes_the_digit(
    kind: str, digits: dict[int, np.ndarray], tmp_path: Path
) -> None:
    file = tmp_path / "1.jpg"
    found = []
    for digit in (7,) if kind == "large" else (0, 2, 3, 6, 7):
        ideal = tmp_path / "ideal.png"
        save(draw(digits[digit], np.random.default_rng(0), noise=0.0), ideal)
        photograph(digits[digit], kind, file, seed=digit)
        picture = read_photo(file, shape=SHAPE)[..., 0]
        found.append(overlap(picture, read_photo(ideal, shape=SHAPE)[..., 0]))
    assert np.median(found) > (0.7 if kind == "thin pencil" else 0.8)


@pytest.mark.parametrize("thick", [2, 6, 12, 20])
def test_strokes_get_the_thickness_of_mnist(thick: int, tmp_path: Path) -> None:
    file = seven(tmp_path / "seven.png", corner=(150, 90), thick=thick)
    picture = read_photo(file, shape=(280, 280, 1))[..., 0]
    assert 0.11 * 200 < stroke_width(picture > 127) < 0.17 * 200


LIGHT = np.mgrid[:240, :320][1] + 0.5 * np.mgrid[:240, :320][0]
SQUARES = np.full((240, 320), 232.0)
SQUARES[::12] = SQUARES[:, ::12] = 170.0
SHEETS = {
    "plain": 232.0,
    "in shade": 240.0 - 0.35 * LIGHT,
    "half in the shadow": np.where(LIGHT > 200, 232.0, 100.0),
    "squared": SQUARES,
    "on a table": np.pad(np.full((160, 220), 232.0), ((40, 40), (60, 40)), constant_values=50.0),
}


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize("noise", [2.0, 10.0])
def test_blank_sheets_are_told(sheet: str, noise: float, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    save(draw(BLANK, rng, size=(240, 320), paper=SHEETS[sheet], noise=noise), tmp_path / "1.jpg")
    with pytest.raises(InputError, match=r"1\.jpg shows no strokes: nothing in it is darker"):
        read_photo(tmp_path / "1.jpg", shape=SHAPE)


@pytest.mark.parametrize("axis", [0, 1])
def test_several_signs_are_told(axis: int, tmp_path: Path) -> None:
    one = np.asarray(Image.open(seven(tmp_path / "1.png", corner=(150, 90))).convert("L"))
    Image.fromarray(np.concatenate([one, one], axis)).save(tmp_path / "2.png")
    with pytest.raises(InputError, match=r"2\.png shows about 2 signs: cut out one"):
        read_photo(tmp_path / "2.png", shape=SHAPE)


def test_two_signs_that_touch_are_told(
    digits: dict[int, np.ndarray], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (digits[digit][:, 4:24] for digit in (3, 2))
    both = np.concatenate([one, other], axis=1)
    both[13:15, 10:28] = 255  # the end of one stroke in the other digit
    for name, sign in {"two": both, "one": digits[3], "nought": digits[0]}.items():
        wide = np.pad(sign, ((10, 10), (10, 10)))
        ink = Image.fromarray(255 - wide).resize((6 * wide.shape[1], 6 * wide.shape[0]))
        ink.convert("RGB").save(tmp_path / f"{name}.png")
        read_photo(tmp_path / f"{name}.png", shape=SHAPE)
        told = "looks like several signs that touch" in capsys.readouterr().err
        assert told == (name == "two")


@pytest.mark.slow
def test_lenet_reads_nine_of_ten_photographs(tmp_path: Path) -> None:
    from photographs import count_right

    from dl.cli import main
    from dl.data.tfds.prepare import data_folder

    if not any(data_folder(None).glob("mnist/*/dataset_info.json")):
        pytest.skip("MNIST is not prepared")
    words = f"run lenet_mnist_fast --epochs 2 --run-dir {tmp_path / 'run'} --quiet"
    assert main("experiments", words.split()) == 0
    found = count_right(tmp_path / "run")
    assert sum(found.values()) >= 90, found
