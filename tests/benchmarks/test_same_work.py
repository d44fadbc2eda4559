"""Every system trains the same network: as many parameters, the same schedule."""

import os
import warnings

import jax
import numpy as np
import pytest

from benchmarks.cases import char_lstm_step, lenet_mnist_fast
from benchmarks.networks import board, lenet, mlp, resnet, resnet50
from benchmarks.systems import on_numpy
from dl import optimizers
from dl.games.game import named
from dl.games.stones import Stones
from dl.games.tree_search import search

NETWORKS = [
    (lenet, (28, 28, 1), 431_080),
    (mlp, (28, 28, 1), 101_770),
    (resnet, (32, 32, 3), 272_282),
]
CHAR_LSTM_MATRICES = 4 * 256 * (65 + 256) + 4 * 256 * (256 + 256) + 256 * 65


@pytest.fixture
def torch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torch")


@pytest.fixture
def keras():
    os.environ.setdefault("KERAS_BACKEND", "jax")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("keras")


def size_of(tree) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def matrices(leaves) -> int:
    return sum(int(np.prod(leaf.shape)) for leaf in leaves if len(leaf.shape) > 1)


@pytest.mark.parametrize(("network", "shape", "parameters"), NETWORKS)
def test_dl_and_flax_have_the_same_parameters(network, shape: tuple, parameters: int) -> None:
    inputs, key = jax.ShapeDtypeStruct((1, *shape), "float32"), jax.random.key(0)
    params, _ = jax.eval_shape(network.dl_recipe().model.init, key, inputs)
    assert size_of(params) == parameters
    assert size_of(jax.eval_shape(network.flax_network().init, key, inputs)["params"]) == parameters


@pytest.mark.parametrize(("network", "shape", "parameters"), NETWORKS)
def test_torch_has_the_same_parameters(torch, network, shape: tuple, parameters: int) -> None:
    made = network.torch_network()
    assert sum(one.numel() for one in made.parameters()) == parameters
    height, width, channels = shape
    assert made(torch.zeros(2, channels, height, width)).shape == (2, 10)


@pytest.mark.parametrize(("network", "shape", "parameters"), NETWORKS)
def test_keras_has_the_same_parameters(keras, network, shape: tuple, parameters: int) -> None:
    made = network.keras_network()
    assert sum(int(np.prod(one.shape)) for one in made.trainable_variables) == parameters


def test_resnet_50_has_the_same_parameters_and_statistics_in_torch(torch) -> None:
    inputs = jax.ShapeDtypeStruct((1, 224, 224, 3), "float32")
    params, statistics = jax.eval_shape(resnet50.dl_recipe().model.init, jax.random.key(0), inputs)
    with torch.device("meta"):
        made = resnet50.torch_network()
    assert size_of(params) == sum(one.numel() for one in made.parameters()) == 25_557_032
    assert size_of(statistics) == sum(one.numel() for one in made.buffers() if one.ndim)


def test_char_lstm_has_the_same_matrices_in_flax() -> None:
    texts = jax.ShapeDtypeStruct((2, 64), "int32")
    variables = jax.eval_shape(char_lstm_step.flax_network().init, jax.random.key(0), texts)
    assert matrices(jax.tree.leaves(variables["params"])) == CHAR_LSTM_MATRICES


def test_char_lstm_has_the_same_matrices_in_dl() -> None:
    texts = jax.ShapeDtypeStruct((2, 64), "int32")
    params, _ = jax.eval_shape(char_lstm_step.dl_recipe().model.init, jax.random.key(0), texts)
    assert matrices(jax.tree.leaves(params)) == CHAR_LSTM_MATRICES


def test_char_lstm_has_the_same_matrices_in_torch(torch) -> None:
    assert matrices(char_lstm_step.torch_network().parameters()) == CHAR_LSTM_MATRICES


def test_char_lstm_has_the_same_matrices_in_keras(keras) -> None:
    assert matrices(char_lstm_step.keras_network().trainable_variables) == CHAR_LSTM_MATRICES


@pytest.mark.parametrize("step", [0, 10, 29, 30, 31, 99, 100])
def test_the_fast_recipe_has_the_same_schedule_in_torch(step: int) -> None:
    ours = optimizers.one_cycle(steps=100)(step)
    np.testing.assert_allclose(lenet_mnist_fast.one_cycle(step, 100), ours, rtol=1e-5, atol=1e-6)


def test_the_fast_recipe_turns_and_shifts_the_same_way_in_torch(
    torch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dl.data.warps import _interpolate, _sources

    picture = np.random.default_rng(0).random((28, 28, 1), np.float32)
    drawn = np.array([9.0, 1.05, 1.5, -0.5], np.float32)  # degrees, factor, down, right
    within = [
        9.0 / 12.0,
        0.05 / 0.12,
        -0.5 / 2.0,
        1.5 / 2.0,
    ]  # as `augmented` draws: right before down
    monkeypatch.setattr(torch, "rand", lambda *shape, device: (torch.tensor([within]) + 1) / 2)
    turned = lenet_mnist_fast.augmented(torch.from_numpy(picture.transpose(2, 0, 1))[None]).numpy()
    ours = _interpolate(picture, *_sources(picture, drawn))
    np.testing.assert_allclose(turned[0, 0], np.asarray(ours)[..., 0], atol=2e-4)


def test_the_board_net_has_the_same_parameters_in_torch(torch) -> None:
    inputs = jax.ShapeDtypeStruct((1, 6, 7, 2), "float32")
    params, _ = jax.eval_shape(board.dl_network(32, 3).init, jax.random.key(0), inputs)
    made = board.torch_network(32, 3)
    assert size_of(params) == sum(one.numel() for one in made.parameters())
    logits, values = made(torch.zeros(2, 2, 6, 7))
    assert (logits.shape, values.shape) == ((2, 7), (2,))


def test_the_search_in_numpy_is_that_of_dl() -> None:
    """Four games from the start and after three moves each, with a linear net."""
    weights = 0.5 * np.random.default_rng(0).normal(size=(84, 8)).astype(np.float32)
    boards = on_numpy.starts(4)
    for moves in ([0, 1, 2, 3], [0, 1, 1, 3], [4, 4, 4, 4]):
        boards = on_numpy.play(boards, np.array(moves))

    def in_numpy(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        outputs = (planes.reshape(-1, 84) - 0.2) @ weights
        return outputs[:, :-1], np.tanh(outputs[:, -1])

    def in_jax(key, positions):
        planes = jax.vmap(game.observe)(positions).transpose(0, 3, 1, 2).reshape(-1, 84) - 0.2
        return (planes @ weights)[:, :-1], jax.numpy.tanh((planes @ weights)[:, -1])

    game, roots = named("connect_four"), Stones(*boards)
    found = jax.jit(
        lambda: search(jax.random.key(0), roots, in_jax, game, simulations=60, c_puct=1.25)
    )()
    trees = on_numpy.Trees(boards, in_numpy, 60, 1.25)
    np.testing.assert_array_equal(found.visits, trees.visits[:, 0])
