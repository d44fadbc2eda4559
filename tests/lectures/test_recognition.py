"""E13, E14, E15: deeper nets, the five best of many classes, and committees."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl import metrics, models, objectives
from dl.models import committee
from dl.types import Model


@pytest.mark.slow
def test_E13_resnet_of_152_layers_has_152_layers_with_weights() -> None:
    picture = jax.ShapeDtypeStruct((1, 224, 224, 3), jnp.float32)
    params, _ = jax.eval_shape(models.resnet(152).init, jax.random.key(0), picture)
    flat = jax.tree_util.tree_leaves_with_path(params)
    kernels = [(str(path), leaf.shape) for path, leaf in flat if "kernel" in str(path)]
    # The four projections on shortcuts are not counted among the 152.
    on_shortcuts = [name for name, _ in kernels if "shortcut" in name or "projection" in name]
    assert len(kernels) - len(on_shortcuts) == 152
    assert len(on_shortcuts) == 4
    # He et al. 2016; torchvision documents the same number.
    assert sum(leaf.size for _, leaf in flat) == 60_192_808


def given(outputs: Any) -> Model:
    """A model that answers `outputs` whatever it is asked."""

    def apply(params: Any, state: Any, inputs: Any, **_: Any) -> Any:
        return jnp.asarray(outputs, jnp.float32), state, ()

    return Model("given", lambda key, inputs: ({}, {}), apply, lambda inputs: [])


def test_E14_an_answer_is_right_when_the_class_is_among_the_five_best() -> None:
    # Eight classes, the logits fall from class 0 to class 7: the right one is 1st, 5th, 6th, 8th.
    logits = np.tile(np.arange(8.0, 0, -1), (4, 1))
    batch = {"inputs": jnp.zeros((4, 1)), "targets": jnp.array([0, 4, 5, 7]), "mask": jnp.ones(4)}
    found = metrics.compute(objectives.classification(given(logits), top_k=5)({}, {}, batch)[0])
    assert found["accuracy"] == 0.25
    assert found["top5_accuracy"] == 0.5


def dense(*logits: list[float]) -> Any:
    """Parameters of softmax regressions whose biases are these, one for each member."""
    biases = jnp.array(logits)
    return {"output": {"kernel": jnp.zeros((len(logits), 1, biases.shape[1])), "bias": biases}}


def test_E15_a_committee_answers_with_the_mean_of_the_probabilities() -> None:
    # Logits (0, 0) are (½, ½) and (ln 3, 0) are (¾, ¼).
    members = committee(models.softmax_regression(2), 2, task="classification")
    logits = members.apply(dense([0.0, 0.0], [math.log(3), 0.0]), {}, jnp.ones((1, 1)))[0]
    np.testing.assert_allclose(jnp.exp(logits), [[0.625, 0.375]], rtol=1e-6)


def test_E15_a_committee_can_be_right_where_most_of_its_members_are_wrong() -> None:
    # Two members find class 0 a little likelier (0.55), one is sure of class 1 (0.98).
    probabilities = np.array([[0.55, 0.45], [0.55, 0.45], [0.02, 0.98]])
    members = committee(models.softmax_regression(2), 3, task="classification")
    logits = members.apply(dense(*np.log(probabilities).tolist()), {}, jnp.ones((1, 1)))[0]
    np.testing.assert_allclose(jnp.exp(logits), [[1.12 / 3, 1.88 / 3]], rtol=1e-5)
    assert (probabilities.argmax(-1) == 0).sum() == 2
    assert int(logits.argmax()) == 1


@pytest.mark.parametrize("views", [1, 4])
def test_E15_views_that_agree_change_nothing(views: int) -> None:
    model = models.mlp(3, hidden_sizes=(4,))
    x = jnp.asarray(np.random.default_rng(0).normal(size=(5, 6)), jnp.float32)
    params, _ = model.init(jax.random.key(0), x)
    alone = np.asarray(model.apply(params, {}, x)[0], float)
    expected = np.exp(alone) / np.exp(alone).sum(-1, keepdims=True)
    together = models.averaged(model, *[lambda x: x] * views).apply(params, {}, x)[0]
    np.testing.assert_allclose(jnp.exp(together), expected, rtol=1e-5)
