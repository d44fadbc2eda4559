"""D10 and D11: what layers do to space, and what depth adds to width."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import lessons, models
from dl.errors import InputError
from dl.inspect import separability
from dl.lessons import backprop, regions, space
from dl.lessons.backprop import Weights


def sawtooth(depth: int) -> list[Weights]:
    """g(x) = 2 relu(x) − 4 relu(x − ½) folds [0, 1] in two; `depth` times after each other."""
    first = Weights(np.array([[1.0], [1.0]]), np.array([[0.0], [-0.5]]))
    fold = Weights(np.array([[2.0, -4.0], [2.0, -4.0]]), np.array([[0.0], [-0.5]]))
    return [first, *[fold] * (depth - 1)]


@pytest.mark.parametrize("depth", range(1, 8))
def test_D10_each_layer_of_the_sawtooth_doubles_the_pieces(depth: int) -> None:
    pieces = regions.regions_on_segment(sawtooth(depth), np.zeros(1), np.ones(1))
    assert pieces == 2**depth


def test_D10_lines_in_general_position_cut_the_plane_as_zaslavsky_says() -> None:
    # x = 0, y = 0, x + y = ½, x − y = ¼: all six pairs cross inside the square.
    lines = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    shifts = np.array([[0.0], [0.0], [-0.5], [-0.25]])
    counted = [
        regions.regions_on_grid([Weights(lines[:n], shifts[:n])], side=100) for n in (1, 2, 3, 4)
    ]
    assert counted == [2, 4, 7, 11]
    assert [regions.most_regions_of_a_layer(2, n) for n in (1, 2, 3, 4)] == counted
    assert regions.most_regions_of_a_layer(3, 4) == 15


def test_D10_pieces_of_a_random_net_are_the_changes_of_pattern_along_the_line() -> None:
    rng = np.random.default_rng(0)
    sizes = (3, 6, 6, 6)
    net = [
        Weights(rng.normal(size=(n, k)), rng.normal(size=(n, 1)))
        for k, n in itertools.pairwise(sizes)
    ]
    start, end = rng.normal(size=(2, 3)) * 3
    outputs = start + np.linspace(0, 1, 200_001)[:, None] * (end - start)
    patterns = []
    for W, b in net:
        Z = outputs @ W.T + b[:, 0]
        patterns.append(Z > 0)
        outputs = np.maximum(Z, 0)
    pattern = np.concatenate(patterns, axis=1)
    changes = int((pattern[1:] != pattern[:-1]).any(axis=1).sum())
    assert regions.regions_on_segment(net, start, end) == changes + 1 > 5


def test_D10_depth_multiplies_regions_and_the_slide_says_the_opposite() -> None:
    # 16 units on two inputs: one layer 1 + 16 + 120; four layers of four (2²)³ (1 + 4 + 6).
    rows = {row[0]: row[1:] for row in regions.growth([(1, 16), (4, 4)]).rows}
    assert rows[1][:3] == (16, 16, 137)
    assert rows[4][:3] == (4, 16, 704)
    assert regions.critical_points_on_the_slide(4, 2) == 8
    assert regions.critical_points_on_the_slide(16, 2) == 1024, "width makes it explode"
    assert regions.critical_points_on_the_slide(4, 8) == 128, "depth lets it grow slowly"


@pytest.mark.parametrize("units", [1, 2, 5])
def test_D11_a_layer_is_the_five_transformations_one_after_another(units: int) -> None:
    rng = np.random.default_rng(units)
    W, b = rng.normal(size=(units, 2)), rng.normal(size=units)
    points = rng.normal(size=(7, 2))
    steps = space.layer_steps(*(jnp.asarray(each, jnp.float32) for each in (points, W, b)))
    assert list(steps) == [
        "rotate",
        "scale",
        "change dimension",
        "rotate again",
        "translate",
        "bend",
    ]
    np.testing.assert_allclose(steps["translate"], points @ W.T + b, atol=1e-5)
    np.testing.assert_allclose(steps["bend"], np.tanh(points @ W.T + b), atol=1e-5)
    # Rotations keep lengths; scaling is by the singular values of W.
    np.testing.assert_allclose(
        np.linalg.norm(steps["rotate"], axis=1), np.linalg.norm(points, axis=1), rtol=1e-5
    )
    np.testing.assert_allclose(
        np.linalg.norm(steps["rotate again"], axis=1),
        np.linalg.norm(steps["change dimension"], axis=1),
        rtol=1e-5,
    )
    factors = np.linalg.svd(W, compute_uv=False)
    scaled = np.asarray(steps["scale"])[:, : len(factors)]
    np.testing.assert_allclose(
        scaled, np.asarray(steps["rotate"])[:, : len(factors)] * factors, atol=1e-5
    )


def test_D11_without_the_bend_layers_are_one_matrix() -> None:
    points = jnp.array([[1.0, 2.0], [-3.0, 0.5]])
    W1, W2 = jnp.array([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]]), jnp.array([[1.0, 1.0, -1.0]])
    first = space.layer_steps(points, W1, jnp.zeros(3), bent_by="identity")["bend"]
    second = space.layer_steps(first, W2, jnp.zeros(1), bent_by="identity")["bend"]
    # W2 W1 = (−2, 4).
    np.testing.assert_allclose(second[:, 0], [6.0, 8.0], atol=1e-5)


def circles_by_hand() -> Any:
    """Three ReLU units at 120° to each other: their sum grows with the distance from the middle."""
    angles = 2 * np.pi * np.arange(3) / 3
    kernel = jnp.asarray(np.stack([np.cos(angles), np.sin(angles)]), jnp.float32)
    params = {
        "hidden1": {"kernel": kernel, "bias": jnp.full(3, -0.2)},
        "output": {"kernel": -jnp.ones((3, 1)), "bias": jnp.array([0.45])},
    }
    return dl.Network(models.mlp(1, hidden_sizes=(3,)), params)


def test_D11_a_hidden_layer_makes_circles_separable() -> None:
    found = separability(circles_by_hand(), dl.load_data("circles"), activation=jax.nn.relu)
    assert list(found) == ["inputs", "hidden1", "output"]
    assert found["inputs"] < 0.65, "no line separates a disc from the ring around it"
    assert found["hidden1"] > 0.97
    assert found["output"] > 0.95
    # Before the activation a layer is linear in its inputs, and nothing is gained.
    before = separability(circles_by_hand(), dl.load_data("circles"))
    assert before["hidden1"] == pytest.approx(found["inputs"], abs=0.02)


def test_D11_two_tanh_units_cannot_untangle_circles_and_three_can() -> None:
    data = dl.load_data("circles")

    def best(units: int) -> float:
        model = models.mlp(1, hidden_sizes=(units,), activation=jnp.tanh)
        found = lessons.train_seeds(model, data, seeds=4, steps=300, learning_rate=0.05)
        return float(found.accuracies.max())

    assert best(2) < 0.85 < 0.98 < best(3)


@pytest.mark.slow
def test_D11_spirals_become_separable_layer_by_layer_and_not_with_two_units() -> None:
    data = dl.load_data("spirals")
    narrow, wide = (
        lessons.train_seeds(
            models.mlp(1, hidden_sizes=sizes, activation=jnp.tanh),
            data,
            seeds=5,
            steps=3000,
            learning_rate=0.02,
        )
        for sizes in ((2,), (8, 8))
    )
    assert narrow.accuracies.max() < 0.8
    assert wide.accuracies.min() > 0.98
    first = jax.tree.map(lambda leaf: leaf[0], wide.states.params)
    network = dl.Network(models.mlp(1, hidden_sizes=(8, 8), activation=jnp.tanh), first)
    found = separability(network, data, activation=jnp.tanh)
    assert found["inputs"] < 0.7 < found["hidden2"]
    assert found["inputs"] <= found["hidden1"] <= found["hidden2"]


def test_D10_shapes_are_compared_by_parameters_and_over_seeds() -> None:
    table = lessons.compare_shapes([(3, 3, 3)], dl.load_data("xor"), seeds=2, steps=2)
    ((layers, width, parameters, *_),) = table.rows
    assert (layers, width) == (3, 3)
    # 3 · 3 + 4 · 3 + 4 · 3 + 4: as many as one layer of nine, 3 · 9 + 10.
    assert parameters == 37
    row: dict[str, Any] = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["worst"] <= row["mean"] <= row["best"]


@pytest.mark.slow
def test_D10_members_of_a_population_are_trained_as_single_ones() -> None:
    model, data = models.mlp(1, hidden_sizes=(4,), activation=jnp.tanh), dl.load_data("xor")
    found = lessons.train_seeds(model, data, seeds=2, steps=3, learning_rate=0.1)
    optimizer, objective = dl.optimizers.adam(0.1), dl.objectives.binary(model)
    state = dl.init_state(model, optimizer, jnp.zeros((1, 2)), seed=1)
    step = jax.jit(dl.make_train_step(objective, optimizer))
    ones = np.ones(4, np.float32)
    batch = {
        "inputs": data.train.inputs,
        "targets": data.train.targets,
        "mask": ones,
        "index": np.arange(4),
    }
    for _ in range(3):
        state, _ = step(state, batch)
    for leaf, other in zip(
        jax.tree.leaves(found.states.params), jax.tree.leaves(state.params), strict=True
    ):
        np.testing.assert_allclose(leaf[1], other, rtol=1e-5, atol=1e-6)


def test_C1_a_trained_net_in_the_lectures_layout_computes_the_same() -> None:
    network = circles_by_hand()
    points = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    outputs = network.model.apply(network.params, {}, points)[0]
    weights = backprop.weights_of(network.params)
    found = backprop.forward(weights, jnp.asarray(points.T), activations=("relu", "identity"))
    np.testing.assert_allclose(found.A[-1].T, outputs, rtol=1e-5, atol=1e-6)


def test_wrong_arguments_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="at least 1 dimension, not 0"):
        space.change_dimension(jnp.zeros((2, 2)), 0)
    with pytest.raises(InputError, match="2 layers of 1 units on 2 inputs"):
        regions.regions_of_a_deep_net(2, 1, 2)
    with pytest.raises(InputError, match="an mlp has the layers hidden1, hidden2"):
        backprop.weights_of({"conv1": {}})
    with pytest.raises(InputError, match="adding:5 has no classes to separate"):
        separability(circles_by_hand(), dl.load_data("adding:5"))
