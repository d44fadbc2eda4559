"""A1 to A6: neurons and single layers, as the lectures state them."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import metrics, models, objectives, optimizers
from dl.data.sources.batching import train_batches
from dl.lessons import gates
from dl.types import Array, Model

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
GRID = np.arange(-2.0, 2.25, 0.25)
TRUTH = {
    "and": [0, 0, 0, 1],
    "or": [0, 1, 1, 1],
    "nand": [1, 1, 1, 0],
    "nor": [1, 0, 0, 0],
    "xor": [0, 1, 1, 0],
}


def unit(weights: Any, bias: float, inputs: Any) -> list[int]:
    """The outputs of the library's perceptron with these weights."""
    params = {"output": {"kernel": jnp.array(weights).reshape(-1, 1), "bias": jnp.array([bias])}}
    activation, _, _ = models.perceptron(1).apply(params, {}, jnp.asarray(inputs, jnp.float32))
    return models.threshold(activation[:, 0]).tolist()


def grid_of_units() -> np.ndarray:
    """What every unit of the grid answers to the four corners: [units, 4]."""
    weights = np.array(list(itertools.product(GRID, GRID, GRID)), np.float32)
    return np.asarray(models.threshold(jnp.asarray(weights[:, :2] @ CORNERS.T + weights[:, 2:])))


def train_perceptron(name: str, *, epochs: int) -> tuple[Any, list[float]]:
    """Rosenblatt's rule on a built-in table; the parameters and the accuracy after each epoch."""
    data = dl.load_data(name)
    outputs, examples = data.spec.classes, len(data.train)
    model, optimizer = models.perceptron(outputs), optimizers.sgd(1.0)
    objective = objectives.perceptron(model)
    step, evaluate = (
        jax.jit(dl.make_train_step(objective, optimizer)),
        jax.jit(dl.make_eval_step(objective)),
    )

    def batch(index: np.ndarray) -> dict[str, np.ndarray]:
        ones = np.ones(len(index), np.float32)
        return {**data.train.gather(index), "mask": ones, "index": index}

    state = dl.init_state(model, optimizer, jnp.zeros((1, 2)), seed=0)
    accuracy = []
    for index in train_batches(
        seed=0, start=0, steps=epochs * examples, examples=examples, batch_size=1
    ).index:
        state, _ = step(state, batch(index))
        if int(state.step) % examples == 0:
            accuracy.append(
                metrics.compute(evaluate(state, batch(np.arange(examples))))["accuracy"]
            )
    return state.params, accuracy


def test_A1_the_unit_fires_above_zero_and_not_at_it() -> None:
    assert models.threshold(jnp.array([-1.0, -0.0, 0.0, 1e-6, 2.0])).tolist() == [0, 0, 0, 1, 1]


def test_A1_threshold_form_and_bias_form_are_one_unit() -> None:
    for w1, w2, theta in itertools.product(
        (-1.0, 0.5, 1.0), (-1.0, 0.5, 1.0), (-0.5, 0.0, 0.5, 1.0)
    ):
        assert unit([w1, w2], -theta, CORNERS) == [int(w1 * a + w2 * b > theta) for a, b in CORNERS]


def test_A2_learning_starts_at_zero_and_one_step_adds_the_error_times_the_input() -> None:
    model, optimizer = models.perceptron(1), optimizers.sgd(1.0)
    step = jax.jit(dl.make_train_step(objectives.perceptron(model), optimizer))
    state = dl.init_state(model, optimizer, jnp.zeros((1, 2)), seed=3)
    assert all(not leaf.any() for leaf in jax.tree.leaves(state.params))

    def see(state: Any, x: list[float], y: float) -> Any:
        one = np.ones(1, np.float32)
        batch = {
            "inputs": np.array([x], np.float32),
            "targets": np.array([[y]], np.float32),
            "mask": one,
        }
        return step(state, batch)[0]

    def weights(state: Any) -> list[float]:
        return [
            *state.params["output"]["kernel"].ravel().tolist(),
            *state.params["output"]["bias"].tolist(),
        ]

    state = see(state, [2.0, -3.0], 1.0)  # ŷ = step(0) = 0, e = 1
    assert weights(state) == [2.0, -3.0, 1.0]
    state = see(state, [1.0, -1.0], 1.0)  # ŷ = step(6) = 1, e = 0
    assert weights(state) == [2.0, -3.0, 1.0]
    state = see(state, [1.0, 0.5], 0.0)  # ŷ = step(1.5) = 1, e = −1
    assert weights(state) == [1.0, -3.5, 0.0]


def test_A2_A3_the_rule_learns_every_gate_and_then_stands_still() -> None:
    params, accuracy = train_perceptron("gates", epochs=20)
    assert accuracy[0] < 1.0
    assert accuracy[-5:] == [1.0] * 5
    settled, _ = train_perceptron("gates", epochs=25)
    jax.tree.map(np.testing.assert_array_equal, params, settled)


def test_A3_the_rule_never_learns_xor() -> None:
    _, accuracy = train_perceptron("xor", epochs=40)
    assert max(accuracy) <= 0.75


def test_A3_no_unit_of_a_grid_computes_xor_and_some_compute_each_other_gate() -> None:
    answers = grid_of_units()
    assert len(answers) == len(GRID) ** 3
    right = {name: int((answers == truth).all(axis=1).sum()) for name, truth in TRUTH.items()}
    assert right.pop("xor") == 0
    assert min(right.values()) > 0
    assert (answers == TRUTH["xor"]).sum(axis=1).max() == 3, (
        "three of four is the best that one unit can do"
    )


def test_A3_one_unit_computes_14_of_the_16_functions_of_two_bits() -> None:
    computed = {tuple(row) for row in grid_of_units().tolist()}
    assert set(itertools.product((0, 1), repeat=4)) - computed == {(0, 1, 1, 0), (1, 0, 0, 1)}


@pytest.mark.parametrize("name", ["and", "or", "nand", "nor"])
def test_A3_gates_by_hand(name: str) -> None:
    weights, bias = gates.GATE_WEIGHTS[name]
    assert gates.gate(name, jnp.array(CORNERS)).tolist() == TRUTH[name]
    assert unit(weights, bias, CORNERS) == TRUTH[name]


def test_A3_xor_is_and_of_or_and_nand() -> None:
    assert gates.composed_xor(jnp.array(CORNERS)).tolist() == TRUTH["xor"]
    assert gates.composed_xor(jnp.array(CORNERS).reshape(2, 2, 2)).tolist() == [[0, 1], [1, 0]]


def test_A4_a_logistic_unit_s_log_odds_are_linear() -> None:
    model, x = models.logistic_regression(1), jnp.array([[1.0, 2.0], [-3.0, 0.5]])
    params = {"output": {"kernel": jnp.array([[0.5], [-1.0]]), "bias": jnp.array([0.25])}}
    log_odds = model.apply(params, {}, x)[0][:, 0]
    assert log_odds.tolist() == [0.5 - 2.0 + 0.25, -1.5 - 0.5 + 0.25]
    # Its loss on a "yes" is −log of the probability σ(w·x + b).
    batch = {"inputs": x, "targets": jnp.ones((2, 1)), "mask": jnp.ones(2)}
    loss = objectives.binary(model)(params, {}, batch)[0]["loss"]
    assert float(loss.sum) == pytest.approx(
        sum(math.log(1 + math.exp(-a)) for a in log_odds.tolist()), rel=1e-6
    )


def test_A4_logistic_regression_learns_a_linear_boundary_and_not_xor() -> None:
    def train(targets: list[int]) -> float:
        model, optimizer = models.logistic_regression(1), optimizers.sgd(5.0)
        objective = objectives.binary(model)
        ones = jnp.ones(4)
        batch = {
            "inputs": jnp.array(CORNERS),
            "targets": jnp.array(targets, jnp.float32)[:, None],
            "mask": ones,
        }
        step = dl.make_train_step(objective, optimizer)
        state = dl.init_state(model, optimizer, batch["inputs"], seed=0)
        state, _ = jax.jit(lambda s: jax.lax.scan(lambda s, _: step(s, batch), s, length=200))(
            state
        )
        return metrics.compute(dl.make_eval_step(objective)(state, batch))["loss"]

    assert train(TRUTH["or"]) < 0.05
    # The best that a linear log-odds can do on XOR is to say one half everywhere.
    assert train(TRUTH["xor"]) == pytest.approx(math.log(2), abs=1e-4)


def softmax_loss(logits: Any, target: int) -> float:
    """−log y_target of the library's softmax objective."""

    def apply(params: Any, state: Any, inputs: Any, **_: Any) -> Any:
        return inputs, state, ()

    identity = Model("identity", lambda key, inputs: ({}, {}), apply, lambda inputs: [])
    batch = {"inputs": jnp.array([logits]), "targets": jnp.array([target]), "mask": jnp.ones(1)}
    return metrics.compute(objectives.classification(identity)({}, {}, batch)[0])["loss"]


def test_A5_softmax_follows_its_formula_and_sums_to_one() -> None:
    logits = [0.5, -1.0, 2.0]
    probabilities = [math.exp(-softmax_loss(logits, k)) for k in range(3)]
    total = sum(math.exp(a) for a in logits)
    assert probabilities == pytest.approx([math.exp(a) / total for a in logits], rel=1e-5)
    assert sum(probabilities) == pytest.approx(1.0, abs=1e-6)


def test_A5_softmax_is_computed_stably() -> None:
    # exp(1000) overflows; only differences of logits matter.
    assert softmax_loss([1000.0, 1001.0, 999.0], 1) == pytest.approx(
        softmax_loss([0.0, 1.0, -1.0], 1), abs=1e-3
    )
    assert softmax_loss([-1000.0, 1000.0], 0) == pytest.approx(2000.0)


SLOPE = 0.01
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[float], float]]] = {
    "step": (models.threshold, lambda x: float(x > 0)),
    "logistic": (jax.nn.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
    "tanh": (jnp.tanh, math.tanh),
    "relu": (jax.nn.relu, lambda x: max(0.0, x)),
    "leaky_relu": (lambda x: jax.nn.leaky_relu(x, SLOPE), lambda x: x if x > 0 else SLOPE * x),
    "softplus": (jax.nn.softplus, lambda x: math.log(1 + math.exp(x))),
    "elu": (jax.nn.elu, lambda x: x if x > 0 else math.exp(x) - 1),
    "identity": (lambda x: x, lambda x: x),
}


def one_unit(activation: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """x [] -> f(x) [] through an MLP with a single hidden unit, weights one and biases zero."""
    model = models.mlp(1, hidden_sizes=(1,), activation=activation)
    layer = {"kernel": jnp.ones((1, 1)), "bias": jnp.zeros(1)}
    return lambda x: model.apply({"hidden1": layer, "output": layer}, {}, x.reshape(1, 1))[0][0, 0]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_A6_an_mlp_takes_every_activation(name: str) -> None:
    activation, formula = ACTIVATIONS[name]
    points = jnp.array([-5.0, -1.0, -0.25, 0.0, 0.25, 1.0, 5.0])
    got = jax.jit(jax.vmap(one_unit(activation)))(points)
    np.testing.assert_allclose(got, [formula(float(x)) for x in points], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("logistic", 0.0, 0.0),
        ("tanh", 0.0, 0.0),
        ("relu", 0.0, 1.0),
        ("leaky_relu", SLOPE, 1.0),
        ("softplus", 0.0, 1.0),
        ("elu", 0.0, 1.0),
        ("identity", 1.0, 1.0),
    ],
)
def test_A6_saturating_and_non_saturating(name: str, left: float, right: float) -> None:
    slope = jax.jit(jax.vmap(jax.grad(one_unit(ACTIVATIONS[name][0]))))(jnp.array([-20.0, 20.0]))
    np.testing.assert_allclose(slope, [left, right], atol=1e-6)


def test_A6_a_dead_relu_unit_learns_nothing_and_a_leaky_one_does() -> None:
    def gradient(activation: Callable[[Array], Array]) -> Any:
        model = models.mlp(1, hidden_sizes=(1,), activation=activation)
        params = {
            "hidden1": {"kernel": jnp.ones((1, 1)), "bias": jnp.array([-10.0])},
            "output": {"kernel": jnp.ones((1, 1)), "bias": jnp.zeros(1)},
        }
        x = jnp.linspace(-1.0, 1.0, 5).reshape(5, 1)
        batch = {"inputs": x, "targets": x + 1.0, "mask": jnp.ones(5)}
        return jax.grad(lambda p: objectives.regression(model)(p, {}, batch)[0]["loss"].sum)(
            params
        )["hidden1"]

    assert not any(leaf.any() for leaf in jax.tree.leaves(gradient(jax.nn.relu)))
    assert all(
        leaf.any() for leaf in jax.tree.leaves(gradient(lambda x: jax.nn.leaky_relu(x, SLOPE)))
    )
