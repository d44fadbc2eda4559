"""E9, C5: LeNet-5 of 1998 against NumPy, its table of connections, its bitmaps."""

import jax
import jax.numpy as jnp
import numpy as np

from dl import models
from dl.models.lenet_1998 import CONNECTIONS, DIGITS, PartialConv, Subsampling
from dl.types import Model, Params

# Table I of the paper, a row a map of S2, a column a map of C3.
TABLE_1 = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""


def squash(a: np.ndarray) -> np.ndarray:
    return 1.7159 * np.tanh(2 / 3 * a)


def windows(maps: np.ndarray) -> np.ndarray:
    """[B, H, W, C] -> [B, H - 4, W - 4, C, 5, 5]."""
    return np.lib.stride_tricks.sliding_window_view(maps, (5, 5), axis=(1, 2))


def subsampled(maps: np.ndarray, layer: dict) -> np.ndarray:
    b, h, w, c = maps.shape
    sums = maps.reshape(b, h // 2, 2, w // 2, 2, c).sum(axis=(2, 4))
    return squash(np.asarray(layer["coefficient"]) * sums + np.asarray(layer["bias"]))


def convolved(maps: np.ndarray, layer: dict) -> np.ndarray:
    return squash(
        np.einsum("bpqcij,ijcf->bpqf", windows(maps), layer["kernel"]) + np.asarray(layer["bias"])
    )


def partly_convolved(maps: np.ndarray, layer: dict) -> np.ndarray:
    """C3 as the paper draws it: each map sums one 5×5 convolution for every cross in its column."""
    kernels, seen = iter(np.moveaxis(np.asarray(layer["kernels"]), -1, 0)), windows(maps)
    outputs = []
    for column, bias in enumerate(np.asarray(layer["bias"])):
        crosses = [row for row, line in enumerate(TABLE_1.split()) if line[column] == "X"]
        outputs.append(
            sum(np.einsum("bpqij,ij->bpq", seen[:, :, :, row], next(kernels)) for row in crosses)
            + bias
        )
    return squash(np.stack(outputs, axis=-1))


def initial(model: Model) -> Params:
    return jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 32, 32, 1)))[0]


def test_E9_computes_what_the_paper_says() -> None:
    pictures = np.random.default_rng(0).normal(size=(3, 32, 32, 1)).astype(np.float32)
    model = models.lenet5(variant="1998")
    # Biases that are not zero, so that one in the wrong place would show.
    params = jax.tree.map(
        lambda leaf: leaf + 0.05 * np.cos(np.arange(leaf.size)).reshape(leaf.shape), initial(model)
    )
    maps = subsampled(convolved(pictures, params["C1"]), params["S2"])
    maps = subsampled(partly_convolved(maps, params["C3"]), params["S4"])
    flat = convolved(maps, params["C5"]).reshape(3, 120)
    hidden = squash(flat @ params["F6"]["kernel"] + params["F6"]["bias"])
    expected = -((hidden[:, None] - DIGITS.reshape(10, 84)) ** 2).sum(-1)
    np.testing.assert_allclose(
        jax.jit(model.apply)(params, {}, jnp.array(pictures))[0], expected, rtol=1e-4
    )


def test_connections_are_those_of_table_1() -> None:
    lines = TABLE_1.split()
    drawn = tuple(
        tuple(row for row in range(6) if lines[row][column] == "X") for column in range(16)
    )
    assert drawn == CONNECTIONS
    assert sum(map(len, CONNECTIONS)) == 60


def test_a_map_does_not_change_with_what_it_is_not_connected_to() -> None:
    layer = PartialConv(CONNECTIONS)
    maps = jnp.asarray(np.random.default_rng(0).normal(size=(6, 1, 14, 14, 6)), jnp.float32)
    params = layer.init(jax.random.key(0), maps[0])
    before, changed = (
        np.asarray(layer.apply(params, maps[0])),
        maps[0] + maps * jnp.eye(6)[:, None, None, None],
    )
    for channel in range(6):
        after = np.asarray(layer.apply(params, changed[channel]))
        moved = [bool((before[..., f] != after[..., f]).any()) for f in range(16)]
        assert moved == [channel in seen for seen in CONNECTIONS]


def test_C5_the_coefficient_weighs_the_sum_of_four() -> None:
    maps = jnp.arange(16.0).reshape(1, 4, 4, 1)
    params = {"coefficient": jnp.array([0.5]), "bias": jnp.array([1.0])}
    outputs = np.asarray(Subsampling().apply({"params": params}, maps))
    assert outputs[0, :, :, 0].tolist() == [
        [0.5 * 10 + 1, 0.5 * 18 + 1],
        [0.5 * 42 + 1, 0.5 * 50 + 1],
    ]


def test_bitmaps_are_of_7_by_12_dots_and_differ_in_some() -> None:
    assert DIGITS.shape == (10, 12, 7)
    assert set(DIGITS.ravel().tolist()) == {-1.0, 1.0}
    differing = (DIGITS[:, None] != DIGITS[None]).sum((2, 3)) + 100 * np.eye(10)
    assert differing.min() >= 6


def test_fewer_classes_have_the_first_bitmaps() -> None:
    three, ten = models.lenet5(3, variant="1998"), models.lenet5(variant="1998")
    params, picture = initial(three), jnp.ones((1, 32, 32, 1))
    few, all_ten = (jax.jit(model.apply)(params, {}, picture)[0] for model in (three, ten))
    np.testing.assert_allclose(few, all_ten[:, :3], rtol=1e-5)
