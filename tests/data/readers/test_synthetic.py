"""Gates and point clouds: tables, balance, and what a straight line can and cannot separate."""

from collections.abc import Callable

import numpy as np
import pytest

from dl.data.dataset import Dataset
from dl.data.readers.synthetic import (
    GATES,
    load_circles,
    load_gates,
    load_moons,
    load_spirals,
    load_xor,
)

CLOUDS = [load_spirals, load_circles, load_moons]
clouds = pytest.mark.parametrize("load", CLOUDS, ids=["spirals", "circles", "moons"])
PYTHON = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "nand": lambda a, b: not (a and b),
    "nor": lambda a, b: not (a or b),
}


def best_line(points: np.ndarray, labels: np.ndarray, *, directions: int = 180) -> float:
    """The largest accuracy of any half plane, over `directions` directions and all thresholds."""
    angles = np.pi * np.arange(directions) / directions
    projected = points @ np.stack([np.cos(angles), np.sin(angles)])
    order = np.argsort(projected, axis=0)
    signs = np.where(labels[order] == 1, 1, -1)
    gains = np.concatenate([np.zeros((1, directions)), np.cumsum(signs, axis=0)])
    ones, n = labels.sum(), len(labels)
    above = (ones - gains) / n  # every threshold: "1" above the cut ...
    return float(max(above.max(), 1 - above.min()))  # ... or below it


def test_best_line_knows_a_line_when_it_sees_one() -> None:
    points = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert best_line(points, np.array([0, 0, 0, 1])) == 1.0
    assert best_line(points, np.array([1, 1, 1, 0])) == 1.0
    assert best_line(points, np.array([0, 1, 1, 0])) == 0.75


def test_gates_are_the_truth_tables() -> None:
    data = load_gates()
    assert data.spec.class_names == tuple(PYTHON) == tuple(GATES)
    for (a, b), row in zip(data.train.inputs, data.train.targets, strict=True):
        assert row.tolist() == [float(gate(bool(a), bool(b))) for gate in PYTHON.values()]
    assert sorted(map(tuple, data.train.inputs.tolist())) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_xor_is_its_truth_table() -> None:
    data = load_xor()
    assert [[int(a) ^ int(b)] for a, b in data.train.inputs] == data.train.targets.tolist()


@pytest.mark.parametrize(("load", "outputs"), [(load_gates, 4), (load_xor, 1)])
def test_tables_train_and_test_on_the_same_four_rows(
    load: Callable[..., Dataset], outputs: int
) -> None:
    data = load()
    assert data.train.inputs.shape == (4, 2)
    assert data.train.targets.shape == (4, outputs)
    np.testing.assert_array_equal(data.train.inputs, data.test.inputs)
    assert (data.spec.task, data.spec.classes, data.spec.input_dtype) == (
        "binary",
        outputs,
        "float32",
    )


@clouds
def test_clouds_are_balanced_and_drawn_once(load: Callable[..., Dataset]) -> None:
    data, again = load(), load()
    for part, size in ((data.train, 1000), (data.test, 500)):
        assert part.inputs.shape == (size, 2)
        assert part.targets.shape == (size, 1)
        assert part.targets.sum() == size / 2
        assert (part.inputs.dtype, part.targets.dtype) == (np.float32, np.float32)
        assert np.isfinite(part.inputs).all()
        assert np.abs(part.inputs).max() < 3.0
    assert data.fingerprint == again.fingerprint
    assert not {tuple(p) for p in data.train.inputs.tolist()} & {
        tuple(p) for p in data.test.inputs.tolist()
    }


@clouds
def test_no_line_separates_a_cloud(load: Callable[..., Dataset]) -> None:
    limits = {"spirals": 0.75, "circles": 0.75, "moons": 0.95}
    train = load().train
    assert 0.5 < best_line(train.inputs, train.targets[:, 0]) < limits[load().spec.name]


@pytest.mark.parametrize("number", range(4), ids=list(GATES))
def test_a_line_separates_every_gate(number: int) -> None:
    table = load_gates().train
    assert best_line(table.inputs, table.targets[:, number]) == 1.0


def test_no_line_separates_xor() -> None:
    table = load_xor().train
    assert best_line(table.inputs, table.targets[:, 0]) == 0.75


def test_the_radius_separates_the_circles() -> None:
    train = load_circles().train
    inside = np.linalg.norm(train.inputs, axis=1) < 0.75
    assert (inside == (train.targets[:, 0] == 1)).mean() > 0.99


def test_nearest_neighbours_tell_the_spirals_apart() -> None:
    # The arms do not touch: what no line separates is separable.
    data = load_spirals()
    distance = np.linalg.norm(data.test.inputs[:, None] - data.train.inputs[None], axis=-1)
    assert (data.train.targets[distance.argmin(axis=1)] == data.test.targets).mean() > 0.98


@clouds
def test_clouds_can_hold_out_validation(load: Callable[..., Dataset]) -> None:
    data = load(validation=0.2)
    assert data.validation is not None
    assert (len(data.train), len(data.validation), len(data.test)) == (800, 200, 500)
