"""What is taken from another model, what stays fresh, and what does not fit."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError


def make_params(classes: int, *, hidden: int = 4, inputs: int = 5, seed: int = 0) -> Any:
    model = dl.models.mlp(classes, hidden_sizes=(hidden,))
    return model.init(jax.random.key(seed), jnp.zeros((1, inputs)))[0]


def test_fitting_trees_are_taken_whole() -> None:
    source = make_params(3, seed=1)
    begun = dl.transfer(source, into=make_params(3))
    assert begun.new == ()
    assert begun.taken == ("hidden1/bias", "hidden1/kernel", "output/bias", "output/kernel")
    assert all(
        a is b for a, b in zip(jax.tree.leaves(begun.tree), jax.tree.leaves(source), strict=True)
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_new_head_stays_fresh_whatever_its_shape(classes: int) -> None:
    source, fresh = make_params(3, seed=1), make_params(classes)
    begun = dl.transfer(source, into=fresh, new=["output"])
    assert begun.tree["hidden1"] == source["hidden1"]
    assert begun.tree["output"] == fresh["output"]
    assert (begun.taken, begun.new) == (
        ("hidden1/bias", "hidden1/kernel"),
        ("output/bias", "output/kernel"),
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"hidden": 6},
            r"hidden1/bias is float32\[4\] in the source, float32\[6\] here; all but a head must "
            r"fit",
        ),
        ({"inputs": 7}, r"hidden1/kernel is float32\[5, 4\] in the source, float32\[7, 4\] here"),
    ],
)
def test_misfit_outside_the_head_names_both_shapes(changes: dict[str, int], says: str) -> None:
    with pytest.raises(InputError, match=says):
        dl.transfer(make_params(3), into=make_params(2, **changes), new=["output"])


def test_head_is_new_only_when_asked_for() -> None:
    with pytest.raises(
        InputError, match=r"output/bias is float32\[3\] in the source, float32\[2\] here"
    ):
        dl.transfer(make_params(3), into=make_params(2))


def test_layers_of_one_side_alone_are_refused_except_in_the_head() -> None:
    small, more = {"a": jnp.zeros(1)}, {"a": jnp.zeros(1), "b": {"w": jnp.zeros(2)}}
    with pytest.raises(InputError, match=r"b/w is absent in the source, float32\[2\] here"):
        dl.transfer(small, into=more)
    with pytest.raises(InputError, match=r"b/w is float32\[2\] in the source, absent here"):
        dl.transfer(more, into=small)
    assert dl.transfer(small, into=more, new=["b"]).new == ("b/w",)
    assert dl.transfer(
        {"a": {"w": jnp.zeros(1), "bias": jnp.zeros(1)}}, into={"a": {"w": jnp.ones(1)}}, new=["a"]
    ).new


def test_another_type_is_refused_and_an_unknown_name_too() -> None:
    with pytest.raises(InputError, match=r"a is bfloat16\[2\] in the source, float32\[2\] here"):
        dl.transfer({"a": jnp.zeros(2, jnp.bfloat16)}, into={"a": jnp.zeros(2)})
    with pytest.raises(
        InputError, match="no layer or parameter is called 'head'; the layers are a"
    ):
        dl.transfer({"a": jnp.zeros(2)}, into={"a": jnp.zeros(2)}, new=["head"])


@pytest.mark.slow
def test_fit_begins_with_given_parameters_and_leaves_frozen_ones() -> None:
    data = dl.load_data("moons")
    model = dl.models.mlp(1, hidden_sizes=(4,))
    recipe = dl.freeze(
        dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.adam(0.1)), ["hidden*"]
    )
    trained, fresh = make_params(1, inputs=2, seed=9), make_params(1, inputs=2)
    params = dl.transfer(trained, into=fresh, new=["output"]).tree
    options = dl.TrainOptions(
        dataset="moons", epochs=1, batch_size=100, validation=0.0, devices=1, steps_per_call=2
    )
    after = dl.fit(recipe, data, options, init=(params, {}), progress=False).state.params
    for name in ("kernel", "bias"):
        assert (
            np.asarray(after["hidden1"][name]).tobytes()
            == np.asarray(trained["hidden1"][name]).tobytes()
        )
    assert not np.array_equal(after["output"]["kernel"], fresh["output"]["kernel"])
    with pytest.raises(
        InputError, match=r"hidden1/bias is float32\[3\] in the source, float32\[4\] here"
    ):
        dl.fit(recipe, data, options, init=(make_params(1, hidden=3, inputs=2), {}), progress=False)
