"""D1 to D3: the optimizers by hand, their paths over the valley, and the bounds of the rate."""

import math
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

from dl import optimizers
from dl.errors import InputError
from dl.lessons import descent

Numbers = list[float]


def adam_like(g: list[Numbers], *, rate: float) -> list[Numbers]:
    """m̂ and ŝ of Kingma & Ba after one and two steps, written out."""
    (g1, g2) = g
    m1, s1 = [0.1 * a for a in g1], [0.001 * a * a for a in g1]
    m2 = [0.9 * m + 0.1 * b for m, b in zip(m1, g2, strict=True)]
    s2 = [0.999 * s + 0.001 * b * b for s, b in zip(s1, g2, strict=True)]
    first = [rate * (m / 0.1) / math.sqrt(s / 0.001) for m, s in zip(m1, s1, strict=True)]
    second = [
        rate * (m / 0.19) / math.sqrt(s / (1 - 0.999**2)) for m, s in zip(m2, s2, strict=True)
    ]
    return [first, second]


def adamax_like(g: list[Numbers], *, rate: float) -> list[Numbers]:
    (g1, g2) = g
    second = [
        rate * (0.9 * 0.1 * a + 0.1 * b) / 0.19 / max(0.999 * abs(a), abs(b))
        for a, b in zip(g1, g2, strict=True)
    ]
    return [[rate * a / abs(a) for a in g1], second]


def adagrad_like(g: list[Numbers], *, rate: float) -> list[Numbers]:
    (g1, g2) = g
    return [
        [rate * a / math.sqrt(a * a) for a in g1],
        [rate * b / math.sqrt(a * a + b * b) for a, b in zip(g1, g2, strict=True)],
    ]


def rmsprop_like(g: list[Numbers], *, rate: float) -> list[Numbers]:
    (g1, g2) = g
    return [
        [rate * a / math.sqrt(0.1 * a * a) for a in g1],
        [rate * b / math.sqrt(0.09 * a * a + 0.1 * b * b) for a, b in zip(g1, g2, strict=True)],
    ]


def adadelta_like(g: list[Numbers], *, rate: float) -> list[Numbers]:
    (g1, g2), eps = g, 1e-6
    delta = [math.sqrt(eps) / math.sqrt(0.05 * a * a + eps) * a for a in g1]
    second = [
        math.sqrt(0.05 * d * d + eps) / math.sqrt(0.95 * 0.05 * a * a + 0.05 * b * b + eps) * b
        for a, b, d in zip(g1, g2, delta, strict=True)
    ]
    return [[rate * d for d in delta], [rate * d for d in second]]


ADAPTIVE: dict[str, tuple[Any, Callable[..., list[Numbers]], float]] = {
    "adagrad": (optimizers.adagrad, adagrad_like, 1.5),
    "rmsprop": (optimizers.rmsprop, rmsprop_like, 0.2),
    "adadelta": (optimizers.adadelta, adadelta_like, 1.0),
    "adam": (optimizers.adam, adam_like, 0.3),
    "adamax": (optimizers.adamax, adamax_like, 0.5),
}


def test_D1_two_steps_of_sgd_on_the_valley() -> None:
    # ∇f = (x / 10, 2 y): from (−7, 2) it is (−0.7, 4), then from (−6.335, −1.8) (−0.6335, −3.6).
    points = descent.trajectory(optimizers.sgd(0.95), (-7.0, 2.0), steps=2)
    np.testing.assert_allclose(points, [[-7, 2], [-6.335, -1.8], [-5.733175, 1.62]], rtol=1e-6)


def test_D1_two_steps_of_momentum_on_the_valley() -> None:
    # v = (0.07, −0.4), then 0.9 v − 0.1 (−0.693, 3.2) = (0.1323, −0.68).
    points = descent.trajectory(optimizers.momentum(0.1), (-7.0, 2.0), steps=2)
    np.testing.assert_allclose(points, [[-7, 2], [-6.93, 1.6], [-6.7977, 0.92]], rtol=1e-6)


@pytest.mark.parametrize("name", ADAPTIVE)
def test_D1_two_steps_with_a_rate_for_each_coordinate(name: str) -> None:
    optimizer, by_hand, rate = ADAPTIVE[name]
    start, first = np.array([-7.0, 2.0]), [-0.7, 4.0]
    moved, _ = by_hand([first, first], rate=rate)
    between = start - moved
    second = [between[0] / 10, 2 * between[1]]
    after = between - by_hand([first, second], rate=rate)[1]
    points = descent.trajectory(optimizer(rate), (-7.0, 2.0), steps=2)
    np.testing.assert_allclose(points, [start, between, after], rtol=1e-5)


@pytest.mark.parametrize("name", ["adagrad", "adam", "adamax"])
def test_D1_the_first_step_is_as_long_as_the_rate_whatever_the_slope(name: str) -> None:
    # The slopes are −0.7 and 4, the steps +rate and −rate.
    optimizer, _, rate = ADAPTIVE[name]
    points = descent.trajectory(optimizer(rate), (-7.0, 2.0), steps=1)
    np.testing.assert_allclose(points[1], [-7 + rate, 2 - rate], rtol=1e-5)


def test_D2_the_surface() -> None:
    points = np.array([[-7.0, 2.0], [10.0, 0.0], [0.0, -1.0]], np.float32)
    np.testing.assert_allclose(descent.surface(points), [6.45, 5.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(
        jax.hessian(descent.surface)(points[0]), np.diag([0.1, 2.0]), atol=1e-7
    )


def test_D2_sgd_zig_zags_and_the_others_take_smoother_paths() -> None:
    rows: Any = descent.compare_optimizers(steps=30).rows
    turns, length, final = ({row[0]: row[cell] for row in rows} for cell in (1, 2, 3))
    assert set(turns) == {"sgd", "momentum", "adagrad", "rmsprop", "adadelta", "adam", "adamax"}
    # y is multiplied by 1 − 0.95 · 2 = −0.9: it changes its sign at each of the 30 steps.
    assert turns["sgd"] == 30
    assert max(turns[name] for name in ("momentum", "adagrad", "adam", "adamax")) <= 5
    assert all(length["sgd"] > 2 * length[name] for name in length if name != "sgd")
    assert all(final[name] < 0.2 for name in final if name != "adadelta"), "near the minimum"


def test_D2_the_length_of_sgd_s_path_is_a_geometric_sum() -> None:
    # On the valley's floor x alone moves: by α/10 of what is left, in all 7 (1 − 0.905^30).
    points = descent.trajectory(optimizers.sgd(0.95), (-7.0, 0.0), steps=30)
    path = descent.measure(points)
    assert float(path.length) == pytest.approx(7 * (1 - 0.905**30), rel=1e-5)
    assert int(path.turns) == 0
    assert float(path.final) == pytest.approx((7 * 0.905**30) ** 2 / 20, rel=1e-4)


@pytest.mark.parametrize(
    ("rate", "after_100"),
    [(0.99, 2 * 0.98**100), (1.0, 2.0), (1.01, 2 * 1.02**100)],
)
def test_D3_sgd_converges_swings_and_diverges_around_the_exact_threshold(
    rate: float, after_100: float
) -> None:
    paths = descent.sweep_rates([rate], steps=100)
    assert float(paths[0, -1, 1]) == pytest.approx(after_100, rel=1e-3)
    assert int(descent.measure(paths).turns[0]) == 100
    assert descent.stable_rate(2.0) == 1.0


def test_D3_at_the_threshold_itself_y_is_reversed_to_the_last_bit() -> None:
    paths = descent.sweep_rates([1.0], steps=50)
    np.testing.assert_array_equal(paths[0, :, 1], [2.0 * (-1) ** step for step in range(51)])


def test_D3_too_small_a_rate_is_slow() -> None:
    # x shrinks by 1 − α/10 a step: after 100 steps e^(−10 α) of it is left, for small α.
    paths = descent.sweep_rates([0.001, 0.01, 0.1], steps=100)
    left = np.asarray(paths[:, -1, 0]) / -7
    np.testing.assert_allclose(left, [0.9999**100, 0.999**100, 0.99**100], rtol=1e-4)
    assert (np.diff(descent.surface(paths[:, -1])) < 0).all()


def test_D3_the_table_names_what_happens() -> None:
    rows: Any = descent.compare_rates((0.01, 0.5, 0.95, 1.0, 1.05), steps=30).rows
    assert [row[-1] for row in rows] == [
        "converges",
        "converges",
        "zig-zags",
        "to and fro for ever",
        "diverges",
    ]
    assert rows[1][3] == 0, "at half the threshold y is 0 after one step"
    assert rows[-1][4] == pytest.approx(4 * 1.1**60 + 49 * 0.895**60 / 20, rel=1e-3)


def test_D3_a_sweep_takes_any_optimizer_and_equals_single_paths() -> None:
    rates = [0.05, 0.3]
    swept = descent.sweep_rates(rates, optimizers.adam(1.0), steps=10)
    for rate, path in zip(rates, swept, strict=True):
        alone = descent.trajectory(optimizers.adam(rate), steps=10)
        np.testing.assert_allclose(path, alone, rtol=1e-5, atol=1e-6)


def test_D2_what_is_no_start_and_no_step_is_refused() -> None:
    with pytest.raises(InputError, match="starts at one point"):
        descent.trajectory(optimizers.sgd(0.1), [[0.0, 1.0]])  # type: ignore[list-item]
    with pytest.raises(InputError, match="steps is 0; it must be at least 1"):
        descent.trajectory(optimizers.sgd(0.1), steps=0)
    with pytest.raises(InputError, match="curvature is 0"):
        descent.stable_rate(0.0)
