"""What a model's computation says about how to run it, with eight CPU devices to choose from."""

import jax
import jax.numpy as jnp
import pytest

import dl
from dl.layers import recurrent_layer
from dl.layers.recurrent import init_layer
from dl.train.traced import choose_layout, has_loops, has_native_convolutions, has_slow_loops
from dl.types import Model

PICTURE = jax.ShapeDtypeStruct((1, 28, 28, 1), jnp.float32)
ROWS = jax.ShapeDtypeStruct((1, 28, 28), jnp.float32)


def recurrent_model() -> Model:
    def init(key, inputs):
        return init_layer("lstm", key, input_size=inputs.shape[-1], hidden_size=8), {}

    def apply(params, model_state, inputs, **_):
        return recurrent_layer("lstm", params, inputs.swapaxes(0, 1))[0][-1], model_state, ()

    return Model("rows", init, apply)


MODELS = {
    "mlp": (dl.models.mlp(10), PICTURE, False, False),
    "lenet, whose convolutions are products": (dl.models.lenet(10), PICTURE, False, False),
    "lenet5": (dl.models.lenet5(10), PICTURE, False, True),
    "recurrent": (recurrent_model(), ROWS, True, False),
}


@pytest.mark.parametrize("name", MODELS)
def test_loops_and_convolutions_are_found(name: str) -> None:
    model, example, loops, convolutions = MODELS[name]
    assert has_loops(model, example) == loops
    assert has_native_convolutions(model, example, batch_size=32) == convolutions
    assert has_slow_loops(model, example, jax.devices()[0], rows=32) == convolutions


@pytest.mark.parametrize("name", MODELS)
def test_models_that_xla_does_not_spread_are_split_over_cpu_devices(name: str) -> None:
    model, example, loops, convolutions = MODELS[name]
    layout = choose_layout(dl.TrainOptions(batch_size=64), model, example)
    assert (layout.mode, len(layout.devices)) == (
        ("pmap", 8) if loops or convolutions else ("jit", 1)
    )


def test_what_the_options_name_is_taken() -> None:
    model, example, *_ = MODELS["recurrent"]
    asked = choose_layout(dl.TrainOptions(batch_size=64, devices=2), model, example)
    assert (asked.mode, len(asked.devices)) == ("jit", 2)
    asked = choose_layout(
        dl.TrainOptions(batch_size=64, parallel="pmap"), MODELS["mlp"][0], PICTURE
    )
    assert (asked.mode, len(asked.devices)) == ("pmap", 8)
