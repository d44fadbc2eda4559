"""Frozen layers keep every bit, whatever trains the others."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dl
from dl import optimizers
from dl.errors import InputError
from dl.layers.blocks import batch_norm
from dl.layers.synchronised import synchronised
from dl.models.nin import Stage
from dl.train.freeze import freeze, frozen_paths
from dl.train.names import by_path, is_named, named_paths

OPTIMIZERS: dict[str, Callable[[], optax.GradientTransformation]] = {
    "sgd": lambda: optimizers.sgd(0.1, weight_decay=0.1),
    "momentum": lambda: optimizers.momentum(0.1, nesterov=True, weight_decay=0.1),
    "adam": lambda: optimizers.adam(0.1, weight_decay=0.1),
    "adadelta": lambda: optimizers.adadelta(weight_decay=0.1),
    "clipped": lambda: optimizers.clipped(optimizers.momentum(0.1, weight_decay=0.1), norm=0.5),
}
PARAMS = {
    "conv": {"kernel": jnp.array([[1.5, -0.0], [0.0, 0.3]]), "bias": jnp.array([-0.0, 2.0])},
    "output": {"kernel": jnp.array([[0.5, -1.0]]), "bias": jnp.array([0.0, 0.1])},
}


def recipe_of(optimizer: optax.GradientTransformation) -> dl.Recipe:
    model = dl.models.mlp(2)
    return dl.Recipe(model, dl.objectives.classification(model), optimizer)


def steps(optimizer: optax.GradientTransformation, params: Any, count: int = 3) -> Any:
    """`params` after some steps with gradients that grow."""
    opt_state = optimizer.init(params)
    update = jax.jit(optimizer.update)
    for number in range(1, count + 1):
        gradients = jax.tree.map(lambda leaf, number=number: jnp.full_like(leaf, number), params)
        updates, opt_state = update(gradients, opt_state, params)
        params = optax.apply_updates(params, updates)
    return params


def bits(tree: Any) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(tree)]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_frozen_parameters_keep_their_bits_and_the_others_move_as_if_alone(name: str) -> None:
    frozen = freeze(recipe_of(OPTIMIZERS[name]()), ["conv"])
    after = steps(frozen.optimizer, PARAMS)
    assert bits(after["conv"]) == bits(PARAMS["conv"])
    alone = steps(OPTIMIZERS[name](), {"output": PARAMS["output"]})
    assert bits(after["output"]) == bits(alone["output"])
    assert bits(after["output"]) != bits(PARAMS["output"])


def test_optimizer_keeps_nothing_for_frozen_parameters() -> None:
    frozen = freeze(recipe_of(optimizers.adam(0.1)), ["conv"])
    kept = by_path(frozen.optimizer.init(PARAMS))
    assert not [path for path in kept if "conv" in path]
    alone = optimizers.adam(0.1).init({"output": PARAMS["output"]})
    assert sum(leaf.size for leaf in kept.values()) == sum(
        leaf.size for leaf in jax.tree.leaves(alone)
    )


def test_rate_of_a_partly_frozen_net_can_still_be_set() -> None:
    opt_state = freeze(recipe_of(optimizers.sgd(0.1)), ["conv"]).optimizer.init(PARAMS)
    changed = by_path(optimizers.with_hyperparams(opt_state, learning_rate=0.5))
    assert [float(leaf) for path, leaf in changed.items() if "learning_rate" in path] == [0.5]


def make_nin() -> tuple[dl.types.Model, Any, Any]:
    stages = (Stage((2, 3), 3, 4, 1),)
    model = dl.models.nin(3, stages=stages, norm=batch_norm())
    return model, *jax.jit(model.init)(jax.random.key(0), jnp.zeros((1, 16, 16, 1)))


def train_call(
    names: list[str], *, axis_name: str | None = None
) -> tuple[Any, Any, dict[str, float]]:
    """Model state before and after one call in training, and the metrics that it and an evaluation
    give.
    """
    model, params, model_state = make_nin()
    recipe = freeze(
        dl.Recipe(model, dl.objectives.classification(model), optimizers.sgd(0.1)), names
    )
    inputs = 3.0 + 2.0 * jax.random.normal(jax.random.key(1), (4, 16, 16, 1))
    batch = {
        "inputs": inputs,
        "targets": jnp.arange(4) % 3,
        "mask": jnp.ones(4),
        "index": jnp.arange(4),
    }
    with synchronised(axis_name):
        sums, after, _ = recipe.objective(
            params, model_state, batch, train=True, key=jax.random.key(2)
        )
    still, _, _ = recipe.objective(params, model_state, batch)
    return (
        model_state,
        after,
        {"train": float(sums["loss"].sum), "evaluation": float(still["loss"].sum)},
    )


@pytest.mark.slow
def test_frozen_batch_norm_is_the_same_function_in_training_as_in_evaluation() -> None:
    before, after, loss = train_call(["conv1", "mlp1_1"])
    assert bits(before) == bits(after)
    assert loss["train"] == loss["evaluation"]


def test_only_the_frozen_batch_norm_keeps_its_statistics() -> None:
    before, after, loss = train_call(["conv1"])
    assert bits(before["batch_stats"]["conv1"]) == bits(after["batch_stats"]["conv1"])
    assert bits(before["batch_stats"]["mlp1_1"]) != bits(after["batch_stats"]["mlp1_1"])
    assert loss["train"] != loss["evaluation"]


def test_frozen_batch_norm_asks_no_other_device_for_its_statistics() -> None:
    before, after, _ = train_call(["conv1", "mlp1_1"], axis_name="no such axis")
    assert bits(before) == bits(after)


def test_names_that_mean_nothing_or_everything_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"no layer or parameter is called 'conv9'; the layers are conv, output"
    ):
        frozen_paths(PARAMS, ["conv", "conv9"])
    with pytest.raises(InputError, match="would freeze every parameter"):
        frozen_paths(PARAMS, ["conv", "out*"])


def test_unknown_name_is_refused_before_a_fit_begins() -> None:
    recipe = freeze(recipe_of(optimizers.sgd(0.1)), ["conv1"])
    data = dl.load_data("moons")
    model = dl.models.mlp(1)
    recipe = recipe._replace(model=model, objective=dl.objectives.binary(model))
    with pytest.raises(InputError, match="'conv1'; the layers are hidden1, output"):
        dl.fit(recipe, data, dl.TrainOptions(dataset="moons"), progress=False)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text("ab_", min_size=1, max_size=3), min_size=1, max_size=4))
def test_a_path_is_named_by_itself_by_what_holds_it_and_by_nothing_else(parts: list[str]) -> None:
    path = "/".join(parts)
    assert all(is_named(path, ["/".join(parts[:end])]) for end in range(1, len(parts) + 1))
    assert not is_named(path, [f"{path}/more", "c*", *(f"{part}c" for part in parts)])
    assert named_paths({"x": dict.fromkeys(parts, 0)}, ["x"]) == [
        f"x/{name}" for name in sorted(set(parts))
    ]
