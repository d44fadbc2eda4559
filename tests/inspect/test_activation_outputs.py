"""The outputs of activation functions are those of a computation by hand."""

import jax
import jax.numpy as jnp
import numpy as np

import dl
from dl.inspect import activation_outputs


def test_a_relu_s_outputs_are_those_of_numpy() -> None:
    model, x = dl.models.mlp(3, hidden_sizes=(5,)), np.linspace(-1, 1, 8).reshape(4, 2)
    params, state = model.init(jax.random.key(0), jnp.asarray(x, jnp.float32))
    (found,) = activation_outputs(model, params, state, jnp.asarray(x, jnp.float32))
    expected = np.maximum(x @ params["hidden1"]["kernel"] + params["hidden1"]["bias"], 0)
    assert found[:2] == ("hidden1", "relu")
    np.testing.assert_allclose(found.outputs, expected, rtol=1e-5, atol=1e-6)


def test_inside_a_loop_over_time_every_step_is_seen() -> None:
    """h_t = tanh(x_t U + h_{t−1} W + b), G1."""
    model = dl.models.sequence_model("rnn", 1, hidden_size=3)
    x = jnp.asarray(np.random.default_rng(0).standard_normal((2, 4, 2)), jnp.float32)
    params, state = model.init(jax.random.key(0), x)
    (found,) = activation_outputs(model, params, state, x)
    assert found.outputs.shape == (4, 2, 3)
    weights = params["recurrent"]["layer_0"]
    hidden = np.zeros((2, 3))
    for step in range(4):
        hidden = np.tanh(
            x[:, step] @ weights["input"] + hidden @ weights["recurrent"] + weights["bias"]
        )
        np.testing.assert_allclose(found.outputs[step], hidden, rtol=1e-4, atol=1e-5)


def test_functions_without_layers_have_activations_too() -> None:
    def init(key: jax.Array, inputs: jax.Array) -> dict[str, jax.Array]:
        return {"w": jnp.ones((2, 3))}

    model = dl.from_functions(init, lambda params, x: jax.nn.sigmoid(x @ params["w"]))
    x = jnp.ones((4, 2))
    (found,) = activation_outputs(model, *model.init(jax.random.key(0), x), x)
    assert found[:2] == ("inputs", "logistic")
    np.testing.assert_allclose(found.outputs, 1 / (1 + np.exp(-2.0)), rtol=1e-6)


def test_earlier_selves_change_nothing() -> None:
    net = dl.models.mlp(2, hidden_sizes=(3,))
    inputs = jnp.ones((4, 5))
    params, state = net.init(jax.random.key(0), inputs)
    model = dl.models.with_earlier_selves(net, 2)
    _, pool = model.init(jax.random.key(1), inputs)
    (alone,) = activation_outputs(net, params, state, inputs)
    (remembering,) = activation_outputs(model, params, pool, inputs)
    np.testing.assert_array_equal(alone.outputs, remembering.outputs)
