"""B1, B2, B4: the losses' numbers as the lectures print them."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import metrics, models, objectives
from dl.types import Model, Objective

NN1 = [(0.3, 0.3, 0.4), (0.3, 0.4, 0.3), (0.1, 0.2, 0.7)]
NN2 = [(0.1, 0.2, 0.7), (0.1, 0.7, 0.2), (0.3, 0.4, 0.3)]
CLASSES = np.array([3, 2, 1]) - 1


def given(outputs: Any) -> Model:
    """A model that answers `outputs` whatever it is asked."""

    def apply(params: Any, state: Any, inputs: Any, **_: Any) -> Any:
        return jnp.asarray(outputs, jnp.float32), state, ()

    return Model("given", lambda key, inputs: ({}, {}), apply, lambda inputs: [])


def evaluate(objective: Objective, targets: Any) -> dict[str, float]:
    size = len(targets)
    batch = {
        "inputs": jnp.zeros((size, 1)),
        "targets": jnp.asarray(targets),
        "mask": jnp.ones(size),
    }
    return metrics.compute(objective({}, {}, batch)[0])


def classify(probabilities: Any, classes: Any) -> dict[str, float]:
    """Cross-entropy and accuracy; logits log y have the softmax y."""
    with np.errstate(divide="ignore"):
        return evaluate(objectives.classification(given(np.log(probabilities))), classes)


def squared(probabilities: Any, classes: Any) -> float:
    outputs = np.array(probabilities, np.float32)
    return evaluate(
        objectives.regression(given(outputs)), np.eye(outputs.shape[1], dtype=np.float32)[classes]
    )["mse"]


B1_OUTPUT = [(0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0)]


def test_B1_half_mse_of_the_example() -> None:
    assert f"{squared(B1_OUTPUT, [2]) / 2:.4f}" == "0.0975"


def test_B1_cross_entropy_of_the_example() -> None:
    assert f"{classify(B1_OUTPUT, [2])['loss']:.4f}" == "0.5108"


def test_B1_both_definitions_of_mse() -> None:
    # E = 1/N Σ (F(x_i) − y_i)² for one output is the mean over examples; ½ of one sample's is the
    # other.
    rng = np.random.default_rng(0)
    outputs, targets = rng.normal(size=(2, 50, 1)).astype(np.float32)
    got = evaluate(objectives.regression(given(outputs)), targets)["mse"]
    assert got == pytest.approx(((outputs - targets) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("outputs", "error", "cross_entropy", "mse"),
    [
        pytest.param(NN1, "0.33", "1.38", "0.81", id="NN1"),
        pytest.param(NN2, "0.33", "0.64", "0.34", id="NN2"),
    ],
)
def test_B2_worked_table(outputs: Any, error: str, cross_entropy: str, mse: str) -> None:
    found = classify(outputs, CLASSES)
    assert f"{1 - found['accuracy']:.2f}" == error
    assert f"{found['loss']:.2f}" == cross_entropy
    assert f"{squared(outputs, CLASSES):.2f}" == mse


def test_B2_equal_error_and_different_loss() -> None:
    first, second = classify(NN1, CLASSES), classify(NN2, CLASSES)
    assert first["accuracy"] == second["accuracy"]
    assert first["loss"] > 2 * second["loss"]
    assert squared(NN1, CLASSES) > 2 * squared(NN2, CLASSES)


def initial_loss(model: Model, shape: tuple[int, ...], classes: int) -> float:
    """Cross-entropy before the first step, on balanced classes."""
    inputs = 0.3 * np.random.default_rng(0).normal(size=(100, *shape)).astype(np.float32)
    batch = {
        "inputs": inputs,
        "targets": np.arange(100) % classes,
        "mask": np.ones(100, np.float32),
    }
    params, model_state = jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, *shape)))
    return metrics.compute(
        jax.jit(objectives.classification(model))(params, model_state, batch)[0]
    )["loss"]


@pytest.mark.parametrize("classes", [2, 5, 10, 50])
def test_B4_a_zero_start_gives_exactly_ln_k(classes: int) -> None:
    assert initial_loss(models.softmax_regression(classes), (20,), classes) == pytest.approx(
        math.log(classes), rel=1e-5
    )


@pytest.mark.parametrize(
    ("model", "classes"),
    [
        pytest.param(models.mlp(50), 50, id="mlp"),
        pytest.param(models.lenet(), 10, id="lenet"),
        pytest.param(models.lenet5(), 10, id="lenet5"),
    ],
)
def test_B4_a_random_start_gives_about_ln_k(model: Model, classes: int) -> None:
    assert initial_loss(model, (28, 28, 1), classes) == pytest.approx(math.log(classes), abs=0.25)
