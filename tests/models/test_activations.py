"""What a model's layers give out: the rows of its summary, filled with numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from dl import models
from dl.models import from_linen
from dl.types import Model

MODELS = [
    pytest.param(models.lenet(3, features=(2, 3), hidden_size=4), 16, id="lenet"),
    pytest.param(models.lenet5(3), 28, id="lenet5"),
    pytest.param(models.mlp(3, hidden_sizes=(4,)), 4, id="mlp"),
    pytest.param(models.cifar_resnet(8, 3, features=(2, 2, 4)), 8, id="resnet"),
]


def prepare(model: Model, side: int):
    """Parameters, state, and two random pictures."""
    pictures = jnp.asarray(np.random.default_rng(0).normal(size=(2, side, side, 1)), jnp.float32)
    return *jax.jit(model.init)(jax.random.key(0), pictures), pictures


@pytest.mark.parametrize(("model", "side"), MODELS)
def test_layers_have_the_names_order_and_shapes_of_the_summary(model: Model, side: int) -> None:
    pictures = jax.ShapeDtypeStruct((2, side, side, 1), jnp.float32)
    variables = jax.eval_shape(model.init, jax.random.key(0), pictures)
    found = jax.eval_shape(jax.jit(model.activations), *variables, pictures)
    rows = {
        row.name: row.output_shape
        for row in model.layers(jax.ShapeDtypeStruct((1, side, side, 1), jnp.float32))
    }
    assert [name for name in found if name in rows] == list(rows)
    assert all(found[name].shape == (2, *shape) for name, shape in rows.items())


def test_the_last_layer_has_the_outputs_and_a_pooling_the_maxima_of_its_inputs() -> None:
    model = models.lenet(3, features=(2, 3), hidden_size=4)
    params, model_state, pictures = prepare(model, 16)
    found = jax.jit(model.activations)(params, model_state, pictures)
    expected = jax.jit(model.apply)(params, model_state, pictures)[0]
    np.testing.assert_allclose(found["output"], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(
        found["conv1.pool"], found["conv1"].reshape(2, 6, 2, 6, 2, 2).max((2, 4))
    )
    np.testing.assert_array_equal(found["dropout1"], found["conv2.pool"].reshape(2, -1))


def test_blocks_come_after_what_they_hold_and_end_in_their_activation() -> None:
    model = models.cifar_resnet(8, 3, features=(2, 2, 4))
    params, model_state, pictures = prepare(model, 8)
    # Statistics of their own, so that those of the batch would show.
    model_state = jax.tree.map(lambda leaf: leaf + 0.5, model_state)
    found = jax.jit(model.activations)(params, model_state, pictures)
    assert list(found)[:3] == ["stem/conv", "stem/norm", "stem"]
    np.testing.assert_array_equal(found["stem"], jax.nn.relu(found["stem/norm"]))
    moments, scales = model_state["batch_stats"]["stem"]["norm"], params["stem"]["norm"]
    expected = (
        (found["stem/conv"] - moments["mean"]) / jnp.sqrt(moments["var"] + 1e-5) * scales["scale"]
    )
    np.testing.assert_allclose(found["stem/norm"], expected + scales["bias"], rtol=1e-4, atol=1e-5)
    joined = jax.nn.relu(found["stem"] + found["stage1_1/block2"])
    np.testing.assert_allclose(found["stage1_1"], joined, rtol=1e-5, atol=1e-6)


class Twice(nn.Module):
    """A layer that is used three times."""

    @nn.compact
    def __call__(self, inputs: jax.Array, *, train: bool = False) -> jax.Array:
        layer = nn.Dense(2, name="layer", kernel_init=nn.initializers.constant(2.0))
        return layer(layer(layer(inputs)))


def test_every_call_of_a_shared_layer_is_kept() -> None:
    model = from_linen(Twice())
    inputs = jnp.ones((1, 2))
    assert model.activations is not None
    found = model.activations(*model.init(jax.random.key(0), inputs), inputs)
    assert {name: float(value[0, 0]) for name, value in found.items()} == {
        "layer": 4.0,
        "layer (2)": 16.0,
        "layer (3)": 64.0,
    }
