"""The numbers of one unit at one step, beside an LSTM and a GRU in NumPy (G3, G4)."""

import numpy as np
import pytest

from dl.errors import InputError
from dl.inspect.recurrence.one_step import cell_step

GENERATOR = np.random.default_rng(0)
XS = GENERATOR.normal(size=(3, 2, 2)).astype(np.float32)


def layer(blocks: int) -> dict[str, np.ndarray]:
    shapes = {"input": (2, 3 * blocks), "recurrent": (3, 3 * blocks), "bias": (3 * blocks,)}
    return {name: GENERATOR.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def σ(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def test_g3_the_numbers_of_an_lstm() -> None:
    params = layer(4)
    step = cell_step("lstm", params, XS, step=2, unit=1, example=1)
    c = h = i = f = g = o = c_before = h_before = np.zeros(3)
    for x in XS[:, 1]:
        c_before, h_before = c, h
        z = x @ params["input"] + h @ params["recurrent"] + params["bias"]
        i, f, g, o = σ(z[:3]), σ(z[3:6]), np.tanh(z[6:9]), σ(z[9:])
        c = f * c + i * g
        h = o * np.tanh(c)
    expected = {
        "input": i,
        "forget": f,
        "candidate": g,
        "output": o,
        "cell_before": c_before,
        "cell": c,
        "hidden_before": h_before,
        "hidden": h,
        "kept": f * c_before,
        "written": i * g,
        "shown": np.tanh(c),
    }
    assert step.values == {name: pytest.approx(a[1], abs=1e-5) for name, a in expected.items()}
    assert step[:4] == ("lstm", 2, 1, 3)


def test_g4_the_numbers_of_a_gru() -> None:
    params = layer(3)
    step = cell_step("gru", params, XS, unit=2)
    h = r = z = n = before = np.zeros(3)
    for x in XS[:, 0]:
        before = h
        a = x @ params["input"] + params["bias"]
        U = params["recurrent"]
        r, z = σ(a[:3] + h @ U[:, :3]), σ(a[3:6] + h @ U[:, 3:6])
        n = np.tanh(a[6:] + (r * h) @ U[:, 6:])
        h = (1 - z) * h + z * n
    expected = {
        "reset": r,
        "update": z,
        "candidate": n,
        "hidden_before": before,
        "hidden": h,
        "remembered": r * before,
        "kept": (1 - z) * before,
        "written": z * n,
    }
    assert step.values == {name: pytest.approx(a[2], abs=1e-5) for name, a in expected.items()}
    assert step.step == 2


def test_steps_units_and_kinds_that_are_not_there_are_refused() -> None:
    params = layer(3)
    for place in ({"step": 3}, {"step": -4}, {"unit": 3}, {"unit": -1}, {"example": 2}):
        with pytest.raises(InputError, match="3 steps, 2 examples and 3 units"):
            cell_step("gru", params, XS, **place)
    with pytest.raises(InputError, match="shown of lstm and gru, not of 'rnn'"):
        cell_step("rnn", params, XS)
