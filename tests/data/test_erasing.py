"""Random erasing: one rectangle of the paper's sizes, filled within the range of the picture."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.data.augment import erase
from dl.errors import InputError

STEP = jnp.zeros((), jnp.int32)
HEIGHT, WIDTH, COUNT = 20, 30, 1000


def sizes_by_the_paper(rng: np.random.Generator) -> tuple[int, int]:
    """Algorithm 1 of Zhong et al.: draw until the rectangle fits."""
    while True:
        area = rng.uniform(0.02, 0.4) * HEIGHT * WIDTH
        ratio = rng.uniform(0.3, 1 / 0.3)
        rows, columns = np.sqrt(area * ratio), np.sqrt(area / ratio)
        if round(rows) <= HEIGHT and round(columns) <= WIDTH:
            return round(rows), round(columns)


def erased(probability: float = 1.0, count: int = COUNT) -> tuple[np.ndarray, np.ndarray]:
    """Pictures before, and after."""
    keys = jax.random.split(jax.random.key(0), count)
    # Two values far apart: noise between them is neither.
    before = np.zeros((count, HEIGHT, WIDTH, 2), np.float32)
    before[:, 0, 0], before[:, -1, -1] = -1.0, 1.0
    return before, np.asarray(jax.jit(erase(probability))(keys, jnp.asarray(before), STEP))


def test_one_rectangle_of_the_paper_s_sizes_becomes_noise() -> None:
    before, after = erased()
    changed = (before != after).all(axis=-1)
    np.testing.assert_array_equal(changed, (before != after).any(axis=-1))
    sizes = []
    for picture in changed:
        rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
        assert picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        sizes.append((len(rows), len(columns)))
    rng = np.random.default_rng(0)
    expected = [sizes_by_the_paper(rng) for _ in range(COUNT)]
    np.testing.assert_allclose(np.mean(sizes, axis=0), np.mean(expected, axis=0), rtol=0.05)
    np.testing.assert_allclose(np.std(sizes, axis=0), np.std(expected, axis=0), rtol=0.1)
    assert changed.any(axis=0).all(), "every pixel is within reach"


def test_noise_keeps_the_range_of_the_picture_and_fills_it() -> None:
    before, after = erased()
    assert after.min() >= -1.0
    assert after.max() <= 1.0
    noise = after[before != after]
    assert abs(noise.mean()) < 0.02
    assert noise.std() == pytest.approx(1 / np.sqrt(3), rel=0.02)


@pytest.mark.parametrize("probability", [0.0, 0.3])
def test_so_many_pictures_are_changed(probability: float) -> None:
    before, after = erased(probability)
    changed = (before != after).any(axis=(1, 2, 3))
    assert changed.mean() == pytest.approx(probability, abs=0.05)
    np.testing.assert_array_equal(after[~changed], before[~changed])


def test_a_picture_changes_in_the_same_way_wherever_it_lies() -> None:
    keys = jax.random.split(jax.random.key(3), 8)
    pictures = jnp.asarray(np.random.default_rng(0).normal(size=(8, 9, 9, 1)), jnp.float32)
    whole = np.asarray(jax.jit(erase(1.0))(keys, pictures, STEP))
    split = jax.pmap(erase(1.0), in_axes=(0, 0, None))(
        keys[::-1].reshape(4, 2), pictures[::-1].reshape(4, 2, 9, 9, 1), STEP
    )
    np.testing.assert_array_equal(split.reshape(whole.shape), whole[::-1])


def test_a_rectangle_that_never_fits_erases_nothing() -> None:
    keys, pictures = jax.random.split(jax.random.key(0), 4), jnp.ones((4, 30, 2, 1)).at[0].set(0.0)
    change = jax.jit(erase(1.0, smallest=0.9, largest=0.9, aspect=1.0))
    np.testing.assert_array_equal(change(keys, pictures, STEP), pictures)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"probability": 1.5}, "probability is 1.5; it must be"),
        ({"smallest": 0.5}, "smallest is 0.5; it must be at most largest, 0.4"),
        ({"aspect": 0.0}, "aspect is 0.0; it must be above 0"),
    ],
)
def test_what_erases_nothing_sensible_is_refused(wrong: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        erase(**wrong)
