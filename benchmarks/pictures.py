"""Generated pictures with random labels; their content does not change the time of a step."""

import numpy as np


def make_pictures(
    count: int, shape: tuple[int, ...] = (28, 28, 1), *, classes: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 [count, H, W, C] and class numbers int32 [count], the same at every call."""
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 256, (count, *shape), dtype=np.uint8)
    return pictures, generator.integers(0, classes, count, dtype=np.int32)


def make_batch(
    count: int = 128, shape: tuple[int, ...] = (28, 28, 1)
) -> tuple[np.ndarray, np.ndarray]:
    """One normalised batch: float32 of about zero mean and unit variance, and class numbers."""
    pictures, labels = make_pictures(count, shape)
    return ((pictures / 255.0 - 0.5) * 12**0.5).astype(np.float32), labels
