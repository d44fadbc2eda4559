"""D5, D6, D7, D9, E15: the experiment on few examples, each remedy for over-fitting in small."""

from dataclasses import replace
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.data.load import describe_data
from dl.runs.open_data import open_data
from experiments import mlp_few_mnist

SMALL = mlp_few_mnist.Options(
    dataset="digits",
    train_examples=60,
    validation=0.1,
    epochs=40,
    hidden_size=32,
    members=2,
    devices=1,
)
ARMS = {
    "none": {},
    "batch_norm": {"batch_normalised": True},
    "dropout": {"dropout": 0.5},
    "weight_decay": {"weight_decay": 0.01},
    "sparsity": {"l1": 0.001},
    "augmentation": {"degrees": 10.0, "shift": 2.0},
    "weight_sharing": {"net": "lenet5"},
    "early_stopping": {"patience": 10},
}
DENSE = 784 * 256 + 256 + 256 * 256 + 256 + 256 * 10 + 10


@cache
def shapes(arm: str) -> Any:
    options = mlp_few_mnist.Options(**ARMS[arm])
    spec = describe_data("digits")
    model = mlp_few_mnist.build(options, spec).model
    pictures = jax.ShapeDtypeStruct((1, 28, 28, 1), np.float32)
    return jax.eval_shape(model.init, jax.random.key(0), pictures)


def count(tree: Any) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


@cache
def trained(arm: str, **changes: Any) -> dl.Trained:
    options = replace(SMALL, **ARMS[arm], **changes)
    data = open_data(options)
    recipe = mlp_few_mnist.build(options, data.spec)
    return dl.fit(recipe, data, options, progress=False)


@pytest.mark.parametrize("arm", ["none", "dropout", "weight_decay", "sparsity", "augmentation"])
def test_D6_D7_D9_penalties_dropout_and_augmentation_add_no_parameters(arm: str) -> None:
    params, model_state = shapes(arm)
    assert (count(params), count(model_state)) == (DENSE, 0)


def test_D5_batch_norm_puts_a_scale_and_a_shift_in_the_place_of_each_bias() -> None:
    params, model_state = shapes("batch_norm")
    assert count(params) == DENSE + 2 * 256
    assert count(model_state) == 2 * 2 * 256  # running means and variances
    assert sorted(params["hidden1"]) == ["kernel"]
    assert sorted(params["norm1"]) == ["bias", "scale"]


def test_D7_shared_weights_are_a_quarter_of_the_dense_ones() -> None:
    params, _ = shapes("weight_sharing")
    assert count(params) == 61_706  # E9
    assert DENSE / count(params) > 4


def test_D5_the_first_outputs_do_not_depend_on_the_scale_of_the_first_weights() -> None:
    inputs = np.random.default_rng(0).normal(size=(20, 28, 28, 1)).astype(np.float32)
    spec = describe_data("digits")

    def hidden_deviation(scale: float, *, normalised: bool) -> float:
        options = replace(SMALL, weights_scale=scale, batch_normalised=normalised)
        model = mlp_few_mnist.build(options, spec).model
        params, state = model.init(jax.random.key(0), inputs)
        key = jax.random.key(1)
        logits, _, _ = model.apply(params, state, inputs, train=True, key=key)
        return float(np.std(logits))

    plain = [hidden_deviation(scale, normalised=False) for scale in (0.1, 1.0, 10.0)]
    normalised = [hidden_deviation(scale, normalised=True) for scale in (0.1, 1.0, 10.0)]
    # Two layers before the output, each with weights ten times as large.
    np.testing.assert_allclose(np.divide(plain[1:], plain[:-1]), 100.0, rtol=1e-3)
    np.testing.assert_allclose(normalised, normalised[1], rtol=0.02)


def test_D9_few_examples_are_learned_by_heart_and_others_are_not() -> None:
    net = trained("none", epochs=200)
    assert net.spread("train")["accuracy"] == 1.0
    figures = net.spread("test")
    assert figures["accuracy_max"] < 0.95
    assert figures["loss"] > 10 * net.spread("train")["loss"]


def test_D7_E15_the_committee_is_at_least_as_good_as_its_mean_member() -> None:
    """Jensen: the loss of a mean of probabilities is at most the mean of the losses."""
    net = trained("none", epochs=200)
    losses = [member.evaluate("test")["loss"] for member in net.members]
    assert net.evaluate("test")["loss"] <= np.mean(losses)
    figures = net.spread("test")
    assert figures["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert figures["loss_std"] == pytest.approx(np.std(losses, ddof=1), rel=1e-3)
    assert (figures["loss_min"], figures["loss_max"]) == pytest.approx(sorted(losses), rel=1e-5)


def test_a_single_net_has_no_spread() -> None:
    member = trained("none", epochs=200).members[1]
    with pytest.raises(dl.InputError, match="a single net has no spread"):
        member.spread()


@pytest.mark.slow
@pytest.mark.parametrize("arm", ARMS)
def test_D5_D6_D7_D9_every_remedy_trains_its_members_in_one_program(arm: str) -> None:
    net = trained(arm)
    assert len(net.members) == 2
    first, second = (member.evaluate("test")["accuracy"] for member in net.members)
    assert min(first, second) > 0.3
    assert net.spread("train")["accuracy"] > 0.6


@pytest.mark.slow
def test_D7_D9_a_penalty_leaves_smaller_weights_and_l1_more_that_are_nearly_0() -> None:
    def of(arm: str) -> np.ndarray:
        return np.abs(np.asarray(trained(arm, epochs=200).params["hidden1"]["kernel"])).ravel()

    plain, decayed, sparse = of("none"), of("weight_decay"), of("sparsity")
    assert np.linalg.norm(decayed) < np.linalg.norm(plain)
    near_0 = [(weights < 1e-3).mean() for weights in (plain, decayed, sparse)]
    assert near_0[2] > 3 * max(near_0[:2])
