"""Moments of pictures: those of NumPy, whatever is counted at once, and in little memory."""

import tracemalloc

import numpy as np
import pytest

from dl.data import parts

PICTURES = np.random.default_rng(0).integers(0, 256, (50, 7, 5, 3), dtype=np.uint8)


@pytest.mark.parametrize("at_once", [1, 35, 36, 1000, 10**6])
def test_counts_do_not_depend_on_the_blocks(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_COUNTED_AT_ONCE", at_once)
    counted = parts.count_bytes(PICTURES[..., 1])
    np.testing.assert_array_equal(counted, np.bincount(PICTURES[..., 1].ravel(), minlength=256))
    mean, std = parts.channel_moments(PICTURES)
    np.testing.assert_allclose(mean, (PICTURES / 255).mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(std, (PICTURES / 255).std(axis=(0, 1, 2)), rtol=1e-12)


def test_nothing_is_counted_in_nothing() -> None:
    assert parts.count_bytes(PICTURES[:0]).sum() == 0


def test_counting_needs_less_memory_than_the_pictures() -> None:
    pictures = np.zeros((2**14, 32, 32, 1), np.uint8)
    tracemalloc.start()
    parts.channel_moments(pictures)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < pictures.nbytes, "NumPy alone would need eight times as much"
