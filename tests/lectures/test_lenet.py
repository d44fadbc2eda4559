"""E8 and E9: both LeNets, layer by layer."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import models
from dl.inspect.cost.summary import summarize
from dl.types import LayerRow, Model


def rows_of(model: Model, side: int) -> list[LayerRow]:
    return list(model.layers(jax.ShapeDtypeStruct((1, side, side, 1), jnp.float32)))


def without_dropout(rows: list[LayerRow]) -> list[tuple[tuple[int, ...], int]]:
    return [
        (row.output_shape, row.parameters) for row in rows if not row.name.startswith("dropout")
    ]


def test_E8_layer_by_layer() -> None:
    assert without_dropout(rows_of(models.lenet(), 28)) == [
        ((24, 24, 20), 20 * (5 * 5 * 1 + 1)),
        ((12, 12, 20), 0),
        ((8, 8, 50), 50 * (5 * 5 * 20 + 1)),
        ((4, 4, 50), 0),
        ((500,), 500 * (4 * 4 * 50 + 1)),
        ((10,), 10 * (500 + 1)),
    ]


def test_E8_total_and_names() -> None:
    summary = summarize(models.lenet(), (28, 28, 1))
    assert (summary.name, summary.parameters) == ("lenet", 431_080)
    names = [row.name for row in summary.layers if not row.name.startswith("dropout")]
    assert names == ["conv1", "conv1.pool", "conv2", "conv2.pool", "hidden", "output"]


def test_E8_shapes_follow_n_minus_m_plus_1_and_halving() -> None:
    side, shapes = 28, [row.output_shape for row in rows_of(models.lenet(), 28)]
    for convolved, pooled in ((shapes[0], shapes[1]), (shapes[2], shapes[3])):
        assert convolved[:2] == (side - 5 + 1, side - 5 + 1)
        side = convolved[0] // 2
        assert pooled == (side, side, convolved[2])


def test_E8_dropout_rows_change_neither_shape_nor_count() -> None:
    rows = rows_of(models.lenet(dropout=0.5), 28)
    dropped = [row for row in rows if row.name.startswith("dropout")]
    assert [(row.output_shape, row.parameters) for row in dropped] == [((800,), 0), ((500,), 0)]


def reference_lenet(params: dict, pictures: np.ndarray) -> np.ndarray:
    """E8 in NumPy: two times convolution, ReLU, 2×2 maximum; then 500 and 10."""
    maps = pictures
    for name in ("conv1", "conv2"):
        kernel, bias = np.asarray(params[name]["kernel"]), np.asarray(params[name]["bias"])
        windows = np.lib.stride_tricks.sliding_window_view(maps, (5, 5), axis=(1, 2))
        maps = np.maximum(np.einsum("bpqcij,ijcf->bpqf", windows, kernel) + bias, 0)
        b, h, w, f = maps.shape
        maps = maps.reshape(b, h // 2, 2, w // 2, 2, f).max(axis=(2, 4))
    hidden = np.maximum(
        maps.reshape(len(maps), -1) @ params["hidden"]["kernel"] + params["hidden"]["bias"], 0
    )
    return hidden @ params["output"]["kernel"] + params["output"]["bias"]


def test_E8_computes_what_the_picture_says() -> None:
    pictures = np.random.default_rng(0).normal(size=(3, 28, 28, 1)).astype(np.float32)
    model = models.lenet()
    params, _ = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 28, 28, 1)))
    # Biases that are not zero, so that one in the wrong place would show.
    params = jax.tree.map(
        lambda leaf: leaf + 0.05 * np.cos(np.arange(leaf.size)).reshape(leaf.shape), params
    )
    got = jax.jit(model.apply)(params, {}, jnp.array(pictures))[0]
    expected = reference_lenet(params, pictures)
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize("side", [28, 32])
def test_E9_layer_by_layer(side: int) -> None:
    assert rows_of(models.lenet5(), side) == [
        LayerRow("C1", (28, 28, 6), 6 * (5 * 5 * 1 + 1)),
        LayerRow("S2", (14, 14, 6), 0),
        LayerRow("C3", (10, 10, 16), 16 * (5 * 5 * 6 + 1)),
        LayerRow("S4", (5, 5, 16), 0),
        LayerRow("C5", (1, 1, 120), 120 * (5 * 5 * 16 + 1)),
        LayerRow("F6", (84,), 84 * (120 + 1)),
        LayerRow("output", (10,), 10 * (84 + 1)),
    ]


@pytest.mark.parametrize("side", [28, 32])
def test_E9_of_1998_layer_by_layer(side: int) -> None:
    rows = rows_of(models.lenet5(variant="1998"), side)
    assert rows == [
        LayerRow("C1", (28, 28, 6), 156),
        LayerRow("S2", (14, 14, 6), 12),
        LayerRow("C3", (10, 10, 16), 1_516),
        LayerRow("S4", (5, 5, 16), 32),
        LayerRow("C5", (1, 1, 120), 48_120),
        LayerRow("F6", (84,), 10_164),
        LayerRow("output", (10,), 0),
    ]
    assert sum(row.parameters for row in rows) == 60_000


def test_E9_total() -> None:
    summary = summarize(models.lenet5(), (32, 32, 1))
    assert (summary.name, summary.parameters) == ("lenet5", 61_706)


def test_E9_a_28_picture_is_a_32_picture_with_a_border_of_two() -> None:
    model = models.lenet5()
    small = jnp.asarray(np.random.default_rng(0).normal(size=(2, 28, 28, 1)), jnp.float32)
    params, _ = jax.jit(model.init)(jax.random.key(0), small[:1])
    apply = jax.jit(model.apply)
    framed = jnp.pad(small, ((0, 0), (2, 2), (2, 2), (0, 0)))
    np.testing.assert_allclose(
        apply(params, {}, framed)[0], apply(params, {}, small)[0], rtol=1e-5, atol=1e-6
    )


def test_E9_subsampling_takes_means() -> None:
    # Without activations the whole network is affine, which it would not be if S2 or S4 took
    # maxima.
    model = models.lenet5(activation=lambda x: x)
    zero, one = jnp.zeros((1, 28, 28, 1)), jnp.ones((1, 28, 28, 1))
    noise = jnp.asarray(np.random.default_rng(0).normal(size=(1, 28, 28, 1)), jnp.float32)
    params, _ = jax.jit(model.init)(jax.random.key(0), zero)
    apply = jax.jit(lambda pictures: model.apply(params, {}, pictures)[0])
    np.testing.assert_allclose(
        apply(noise + one) - apply(noise), apply(one) - apply(zero), rtol=1e-3, atol=1e-4
    )
