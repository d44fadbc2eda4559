"""Small data sets made by formula: Boolean gates and clouds of points in the plane.

The tables are complete: train and test are the same four rows, as in the lecture. The clouds are
drawn once from a fixed seed, 1,000 points to train on and 500 to test.
"""

from collections.abc import Callable

import numpy as np

from dl.data.dataset import Dataset
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource

_TRAIN, _TEST, _SEED = 1000, 500, 0
_INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
GATES = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "nand": (1, 1, 1, 0), "nor": (1, 0, 0, 0)}
"""Outputs for the inputs (0,0), (0,1), (1,0), (1,1). Source: A3."""


def load_gates(*, validation: float = 0.0) -> Dataset:
    """AND, OR, NAND and NOR of two inputs [4, 2], side by side in targets [4, 4]. Source: A3."""
    table = ArraySource(_INPUTS, np.array(list(GATES.values()), np.float32).T.copy())
    return dataset_of_parts(
        "gates", table, table, class_names=tuple(GATES), task="binary", validation=validation
    )


def load_xor(*, validation: float = 0.0) -> Dataset:
    """Exclusive or of inputs [4, 2]; no single threshold unit computes it. Source: A3."""
    table = ArraySource(_INPUTS, np.array([[0], [1], [1], [0]], np.float32))
    return dataset_of_parts(
        "xor", table, table, class_names=("xor",), task="binary", validation=validation
    )


def load_spirals(*, validation: float = 0.0) -> Dataset:
    """Two spirals that wind around each other one and a half times. Source: D11."""
    return _cloud("spirals", _spirals, validation)


def load_circles(*, validation: float = 0.0) -> Dataset:
    """A disc inside of a ring. Source: D11."""
    return _cloud("circles", _circles, validation)


def load_moons(*, validation: float = 0.0) -> Dataset:
    """Two interleaved half circles with noise of standard deviation 0.15."""
    return _cloud("moons", _moons, validation)


def _spirals(generator: np.random.Generator, label: np.ndarray) -> np.ndarray:
    along = np.sqrt(generator.uniform(0.02, 1.0, len(label)))
    angle = 3.0 * np.pi * along + np.pi * label
    points = along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points + generator.normal(0.0, 0.02, points.shape)


def _circles(generator: np.random.Generator, label: np.ndarray) -> np.ndarray:
    angle = generator.uniform(0.0, 2.0 * np.pi, len(label))
    radius = np.where(label == 1, 0.5, 1.0) + generator.normal(0.0, 0.08, len(label))
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _moons(generator: np.random.Generator, label: np.ndarray) -> np.ndarray:
    angle = generator.uniform(0.0, np.pi, len(label))
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    points = np.where(label[:, None] == 1, lower, upper)
    return points + generator.normal(0.0, 0.15, points.shape)


def _cloud(
    name: str, draw: Callable[[np.random.Generator, np.ndarray], np.ndarray], validation: float
) -> Dataset:
    """Both parts of a cloud with two classes of equal size: inputs [N, 2], targets [N, 1]."""
    generator = np.random.Generator(np.random.Philox(key=_SEED))
    label = np.arange(_TRAIN + _TEST) % 2
    points = draw(generator, label).astype(np.float32)
    targets = label[:, None].astype(np.float32)
    train = ArraySource(points[:_TRAIN], targets[:_TRAIN])
    test = ArraySource(points[_TRAIN:], targets[_TRAIN:])
    return dataset_of_parts(
        name, train, test, class_names=(name,), task="binary", validation=validation
    )
