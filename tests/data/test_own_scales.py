"""Numbers of another size than nets take, or than in training: warned of or refused."""

import warnings
from typing import Any

import numpy as np
import pytest

import dl
from dl.data.own_scales import check_scales
from dl.errors import InputError

PICTURES = np.random.default_rng(0).random((40, 8, 8, 1)).astype(np.float32)
FLAT = PICTURES.reshape(40, 64)
POINTS = np.random.default_rng(1).normal(size=(40, 3))
LABELS = np.arange(40) % 2


@pytest.mark.parametrize("x", [PICTURES, FLAT])
@pytest.mark.parametrize(("factor", "shift"), [(255, -1), (99, 0), (65535, 0)])
def test_large_numbers_are_warned_of(x: np.ndarray, factor: float, shift: float) -> None:
    with pytest.warns(UserWarning, match=r"x goes from .* to .* nets learn from numbers of about"):
        dl.make_dataset(x * factor + shift, LABELS)


@pytest.mark.parametrize(
    "x",
    [
        (PICTURES - 0.13) / 0.31,
        2 * PICTURES - 1,
        16 * FLAT,  # as scikit-learn's digits
        np.random.default_rng(2).standard_cauchy((40, 64)) / 20,
        1000 * POINTS,
        np.random.default_rng(3).poisson(0.5, (40, 300)) * 1.0,  # counts of words
    ],
)
def test_usual_scales_pass_in_silence(x: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dl.make_dataset(x, LABELS)
        dl.make_dataset(x, LABELS, test=(x[:2] / 3, LABELS[:2]))
        dl.make_dataset(x, LABELS, test=(0 * x[:2], LABELS[:2]))


@pytest.mark.parametrize("part", ["validation", "test"])
@pytest.mark.parametrize("factor", [255.0, 1 / 255])
def test_a_part_of_another_scale_is_refused(part: str, factor: float) -> None:
    options: dict[str, Any] = {part: (FLAT * factor, LABELS)}
    with pytest.raises(InputError, match=rf"x of {part} goes from .* and x from .*: scale both"):
        dl.make_dataset(FLAT, LABELS, **options)


def test_few_numbers_of_another_scale_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="x of test goes from .* and x from .*: scale both alike"):
        dl.make_dataset(POINTS, LABELS, test=(POINTS * 50, LABELS))


def test_the_line_names_both_ranges() -> None:
    parts = {"train": np.eye(64), "test": 255 * np.eye(64)}
    with pytest.raises(InputError, match="x of test goes from 0 to 255 and x from 0 to 1: scale"):
        check_scales(parts)
    check_scales({part: x.astype(int) for part, x in parts.items()})  # symbols have no scale


def test_flat_bytes_are_refused() -> None:
    with pytest.raises(InputError, match=r"x is uint8 \[40, 64\] with values up to 25\d, pictures"):
        dl.make_dataset((FLAT * 255).astype(np.uint8), LABELS)
