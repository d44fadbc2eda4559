"""A committee answers with the mean of its members' probabilities."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.models.committee import committee, finite_members, mean_answer

OUTPUTS = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)  # [K, B, classes]


def softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def sigmoid(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))


def test_probabilities_of_classes_are_the_mean_of_the_softmax() -> None:
    mean = softmax(np.asarray(mean_answer(jnp.asarray(OUTPUTS), "classification")))
    np.testing.assert_allclose(mean, softmax(OUTPUTS).mean(axis=0), rtol=1e-5)


@pytest.mark.parametrize("task", ["binary", "frames"])
def test_probabilities_of_yes_are_the_mean_of_the_sigmoid(task: Any) -> None:
    mean = sigmoid(np.asarray(mean_answer(jnp.asarray(OUTPUTS), task)))
    np.testing.assert_allclose(mean, sigmoid(OUTPUTS).mean(axis=0), rtol=1e-5)


def test_numbers_are_averaged_as_they_are() -> None:
    mean = mean_answer(jnp.asarray(OUTPUTS), "regression")
    np.testing.assert_allclose(mean, OUTPUTS.mean(axis=0), rtol=1e-5, atol=1e-6)


def test_logits_of_any_size_stay_finite() -> None:
    far = jnp.array([[[1e4, -1e4]], [[-1e4, 1e4]]])
    for task in ("classification", "binary"):
        np.testing.assert_allclose(mean_answer(far, task), 0.0, atol=1.0)  # one half each


@pytest.mark.parametrize("task", ["classification", "binary", "regression"])
def test_members_that_diverged_are_not_asked(task: Any) -> None:
    outputs = jnp.asarray(OUTPUTS).at[1].set(jnp.nan)
    asked = mean_answer(outputs, task, asked=jnp.array([True, False, True]))
    np.testing.assert_allclose(asked, mean_answer(jnp.asarray(OUTPUTS)[::2], task), rtol=1e-5)
    none = mean_answer(outputs, task, asked=jnp.zeros(3, bool))
    assert bool(jnp.isnan(none).all())


def test_a_committee_of_nets_leaves_out_one_with_a_parameter_that_is_not_finite() -> None:
    model, x = dl.models.mlp(3, hidden_sizes=(4,)), jnp.ones((2, 5))
    params, state = committee(model, 3, task="classification").init(jax.random.key(0), x)
    broken = jax.tree.map(lambda leaf: leaf.at[0].set(jnp.inf), params)
    assert finite_members(broken, 3).tolist() == [False, True, True]
    rest = jax.tree.map(lambda leaf: leaf[1:], params)
    two = committee(model, 2, task="classification").apply(rest, state, x)[0]
    three = committee(model, 3, task="classification").apply(broken, state, x)[0]
    np.testing.assert_allclose(three, two, rtol=1e-5)


def test_recurrent_members_carry_their_states_along_a_stream() -> None:
    writer = dl.models.language_model("lstm", 5, hidden_size=3)
    both = committee(writer, 2, task="classification")
    texts = np.random.default_rng(0).integers(0, 5, (3, 8))
    params, state = both.init(jax.random.key(0), texts)
    carry, together = both.zero_carry(3), []
    for text in np.split(texts, 2, axis=1):
        outputs, _, carry = both.apply(params, state, text, carry=carry)
        together.append(softmax(np.asarray(outputs)))
    assert all(leaf.shape[:2] == (3, 2) for leaf in jax.tree.leaves(carry))
    members = [jax.tree.map(lambda leaf, k=k: leaf[k], params) for k in range(2)]
    alone = [writer.apply(member, {}, texts)[0] for member in members]
    expected = softmax(np.asarray(alone)).mean(axis=0)
    np.testing.assert_allclose(np.concatenate(together, axis=1), expected, rtol=1e-5, atol=1e-7)
    assert np.abs(np.asarray(alone[0]) - np.asarray(alone[1])).max() > 0.01


def test_what_could_not_answer_is_refused() -> None:
    coder = dl.models.autoencoder((4,), code_size=2)
    player = replace(dl.models.mlp(3), always_carries=True)
    for model in (coder, player):
        with pytest.raises(InputError, match="gives no answers that could be averaged"):
            committee(model, 2, task="classification")
    model = committee(dl.models.mlp(3), 2, task="classification")
    params, state = model.init(jax.random.key(0), jnp.ones((1, 5)))
    with pytest.raises(InputError, match="not trained as a whole"):
        model.apply(params, state, jnp.ones((1, 5)), train=True, key=jax.random.key(0))
