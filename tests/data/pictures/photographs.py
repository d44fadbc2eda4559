"""Made photographs of handwritten digits: ten kinds, as people take them for `predict --photo`.

    python tests/data/pictures/photographs.py RUN

makes ten of each kind from MNIST's test digits and says how many a trained run gets right.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

Inks = tuple[int, int, int]
BLACK, BLUE, RED, GREY = (35, 35, 40), (35, 60, 160), (200, 40, 50), (130, 130, 135)
_TURNS = {
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
    3: Image.Transpose.ROTATE_180,
}


def photograph(digit: np.ndarray, kind: str, file: Path, *, seed: int) -> None:
    """Write a photograph of the `digit` [28, 28] (bright on dark) into `file`, a JPEG."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    KINDS[kind](digit, file, rng)


def draw(
    digit: np.ndarray,
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (480, 640),
    share: float = 0.5,
    ink: Inks = BLACK,
    paper: np.ndarray | float = 232.0,
    thin: float = 0.0,
    noise: float = 3.0,
) -> np.ndarray:
    """The digit in ink on paper of `size` (height, width), anywhere: float [H, W, 3]."""
    side = int(share * min(size))
    large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    large = large.filter(ImageFilter.GaussianBlur(side / 60))
    edge = 110 + 80 * thin
    strokes = np.clip((np.asarray(large, np.float64) - edge) / 20, 0, 1)
    cover = np.zeros(size)
    top, left = (int(rng.integers(0, room - side + 1)) for room in size)
    cover[top : top + side, left : left + side] = strokes
    ground = np.broadcast_to(np.asarray(paper, np.float64), size)
    light = ground[..., None] / 255
    colours = ground[..., None] * (1 - cover[..., None]) + cover[..., None] * light * np.array(ink)
    return colours + rng.normal(0, noise, (*size, 1)) + rng.normal(0, noise / 2, (*size, 3))


def save(pixels: np.ndarray, file: Path, **options: object) -> None:
    """Write pixels [H, W, 3] as a JPEG."""
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, quality=88, **options)


def clean(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    save(draw(digit, rng), file)


def blue_pen(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    save(draw(digit, rng, ink=BLUE), file)


def red_pen(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    save(draw(digit, rng, ink=RED), file)


def thin_pencil(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    save(draw(digit, rng, ink=GREY, thin=1.0), file)


def turned_by_exif(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    orientation = int(rng.choice(list(_TURNS)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = Image.fromarray(np.clip(draw(digit, rng), 0, 255).astype(np.uint8))
    upright.transpose(_TURNS[orientation]).save(file, quality=88, exif=exif)


def small(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    save(draw(digit, rng, size=(48, 64), share=0.75), file)


def large(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    pixels = draw(digit, rng, size=(750, 1000), share=float(rng.uniform(0.25, 0.6)))
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    picture.resize((4000, 3000), Image.Resampling.BICUBIC).save(file, quality=88)


def squared_paper(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    paper = np.full((480, 640), 232.0)
    step, start = 24, int(rng.integers(24))
    paper[start::step] = paper[:, start::step] = 190.0
    save(draw(digit, rng, paper=paper), file)


def shadow(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    """The shadow of a hand or a telephone: an edge through the picture, soft or hard."""
    rows, columns = np.mgrid[:480, :640]
    angle = rng.uniform(0, 2 * np.pi)
    along = (rows - 240) * np.sin(angle) + (columns - 320) * np.cos(angle)
    soft = rng.uniform(4, 40)
    dark = 1 / (1 + np.exp(-np.clip(along / soft, -50, 50)))
    save(draw(digit, rng, paper=232 * (1 - rng.uniform(0.4, 0.6) * dark)), file)


def shaded_paper(digit: np.ndarray, file: Path, rng: np.random.Generator) -> None:
    """Light from one side: the far corner has a third of it."""
    rows, columns = np.mgrid[:480, :640] / 640
    angle = rng.uniform(0, 2 * np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    along = (along - along.min()) / (along.max() - along.min())
    save(draw(digit, rng, paper=240 - 160 * along), file)


KINDS: dict[str, Callable[[np.ndarray, Path, np.random.Generator], None]] = {
    "clean": clean,
    "blue pen": blue_pen,
    "red pen": red_pen,
    "thin pencil": thin_pencil,
    "turned by EXIF": turned_by_exif,
    "small": small,
    "large": large,
    "squared paper": squared_paper,
    "shadow": shadow,
    "shaded paper": shaded_paper,
}
"""A function that draws a digit and writes its photograph, for each kind."""


def count_right(run: Path, *, seed: int = 0, each: int = 10) -> dict[str, int]:
    """How many of `each` photographs of every kind the run gets right; one of every digit first."""
    import dl
    from dl.data.pictures.photo import read_photo
    from dl.errors import InputError

    loaded, test = dl.load(run), dl.load_data("mnist").test
    order = np.random.default_rng(seed).permutation(len(test))
    right = {}
    with tempfile.TemporaryDirectory() as folder:
        for place, kind in enumerate(KINDS):
            chosen = [
                order[test.targets[order] == number % 10][place * each + number // 10]
                for number in range(each)
            ]
            right[kind] = 0
            for number in chosen:
                file = Path(folder) / f"{number}.jpg"
                photograph(test.inputs[number, ..., 0], kind, file, seed=int(number))
                try:
                    answer = loaded.predict(read_photo(file, shape=(28, 28, 1))[None])
                except InputError as error:
                    print(f"{kind}: {error}", file=sys.stderr)
                else:
                    right[kind] += int(answer.labels[0]) == test.targets[number]
    return right


if __name__ == "__main__":
    found = count_right(Path(sys.argv[1]), seed=int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    for name, count in found.items():
        print(f"{name:16} {count}")
    print(f"{'together':16} {sum(found.values())}")
