"""Auto-encoders: shapes, two halves that make the whole, tied weights, and the Jacobian of the
code.
"""

from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import models
from dl.errors import InputError
from dl.types import Array, Autoencoder

FLAT, PICTURE = (12,), (9, 6, 2)
TABLE = [
    pytest.param(models.autoencoder(FLAT, code_size=4), FLAT, 4, id="linear"),
    pytest.param(
        models.autoencoder(PICTURE, code_size=5, hidden_sizes=(7, 6)),
        PICTURE,
        5,
        id="deep",
        marks=pytest.mark.slow,
    ),
    pytest.param(
        models.autoencoder(PICTURE, code_size=5, hidden_sizes=(7, 6), tied=True),
        PICTURE,
        5,
        id="tied",
    ),
    pytest.param(
        models.conv_autoencoder(PICTURE, code_size=3, features=(4, 5)),
        PICTURE,
        3,
        id="conv",
        marks=pytest.mark.slow,
    ),
]
every_model = pytest.mark.parametrize(("model", "shape", "code_size"), TABLE)


def inputs_of(shape: tuple[int, ...], examples: int = 5) -> Array:
    return jnp.asarray(np.random.default_rng(0).normal(size=(examples, *shape)), jnp.float32)


@cache
def params_of(model: Autoencoder, shape: tuple[int, ...]) -> Any:
    """Initial parameters with biases that are not zero."""
    params, model_state = jax.jit(model.init)(jax.random.key(0), inputs_of(shape, 1))
    assert model_state == {}
    return jax.tree.map(
        lambda leaf: leaf + 0.1 * np.cos(np.arange(leaf.size)).reshape(leaf.shape), params
    )


@every_model
def test_decoded_code_is_the_output_and_has_the_inputs_shape(
    model: Autoencoder, shape: tuple[int, ...], code_size: int
) -> None:
    inputs, params = inputs_of(shape), params_of(model, shape)
    code = model.encode(params, inputs)
    outputs, model_state, carry = model.apply(params, {}, inputs)
    assert code.shape == (5, code_size)
    assert outputs.shape == inputs.shape
    assert (model_state, carry) == ({}, ())
    np.testing.assert_array_equal(model.decode(params, code), outputs)


@every_model
def test_layers_sum_to_the_parameters_and_end_with_the_inputs_size(
    model: Autoencoder, shape: tuple[int, ...], code_size: int
) -> None:
    rows = model.layers(jax.ShapeDtypeStruct((1, *shape), jnp.float32))
    assert sum(row.parameters for row in rows) == dl.count_parameters(params_of(model, shape))
    assert np.prod(rows[-1].output_shape) == np.prod(shape)
    assert (code_size,) in [row.output_shape for row in rows]


@every_model
def test_gradients_reach_every_parameter(
    model: Autoencoder, shape: tuple[int, ...], code_size: int
) -> None:
    inputs, params = inputs_of(shape), params_of(model, shape)
    gradients = jax.jit(
        jax.grad(lambda params: jnp.sum((model.apply(params, {}, inputs)[0] - inputs) ** 2))
    )(params)
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradients):
        assert bool(jnp.isfinite(leaf).all() & (leaf != 0).any()), path


@every_model
def test_an_example_s_code_does_not_depend_on_its_batch(
    model: Autoencoder, shape: tuple[int, ...], code_size: int
) -> None:
    inputs, params = inputs_of(shape), params_of(model, shape)
    alone = np.concatenate([model.encode(params, inputs[i : i + 1]) for i in range(2)])
    np.testing.assert_allclose(model.encode(params, inputs)[:2], alone, rtol=1e-4, atol=1e-5)


def test_dense_equals_numpy_by_hand() -> None:
    model = models.autoencoder(FLAT, code_size=3, hidden_sizes=(5,), code_activation=jnp.tanh)
    params = params_of(model, FLAT)
    inputs = np.asarray(inputs_of(FLAT), np.float64)
    w = {
        name: {key: np.asarray(leaf, np.float64) for key, leaf in layer.items()}
        for name, layer in params.items()
    }

    def dense(x: np.ndarray, name: str) -> np.ndarray:
        return x @ w[name]["kernel"] + w[name]["bias"]

    code = np.tanh(dense(np.maximum(dense(inputs, "encoder_0"), 0), "encoder_1"))
    outputs = dense(np.maximum(dense(code, "decoder_0"), 0), "decoder_1")
    np.testing.assert_allclose(
        model.encode(params, inputs.astype(np.float32)), code, rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        model.apply(params, {}, inputs.astype(np.float32))[0], outputs, rtol=1e-4, atol=1e-5
    )


def test_tied_weights_are_one_set_of_parameters() -> None:
    model = models.autoencoder(FLAT, code_size=3, hidden_sizes=(5,), tied=True)
    params = params_of(model, FLAT)
    assert {name: set(layer) for name, layer in params.items() if name.startswith("decoder")} == {
        "decoder_0": {"bias"},
        "decoder_1": {"bias"},
    }
    assert dl.count_parameters(params) == (12 * 5 + 5) + (5 * 3 + 3) + 5 + 12
    untied = models.autoencoder(FLAT, code_size=3, hidden_sizes=(5,))
    copied = {name: dict(layer) for name, layer in params.items()}
    copied["decoder_0"]["kernel"] = params["encoder_1"]["kernel"].T
    copied["decoder_1"]["kernel"] = params["encoder_0"]["kernel"].T
    inputs = inputs_of(FLAT)
    np.testing.assert_allclose(
        model.apply(params, {}, inputs)[0],
        untied.apply(copied, {}, inputs)[0],
        rtol=1e-5,
        atol=1e-6,
    )


def test_the_gradient_of_tied_weights_is_the_sum_over_both_uses() -> None:
    tied, untied = (models.autoencoder(FLAT, code_size=3, tied=tied) for tied in (True, False))
    inputs, params = inputs_of(FLAT), params_of(tied, FLAT)
    both = {
        **params,
        "decoder_0": {**params["decoder_0"], "kernel": params["encoder_0"]["kernel"].T},
    }

    def error(model: Autoencoder, params: Any) -> Array:
        return jnp.sum((model.apply(params, {}, inputs)[0] - inputs) ** 2)

    shared, apart = (
        jax.jit(jax.grad(partial(error, tied)))(params),
        jax.jit(jax.grad(partial(error, untied)))(both),
    )
    expected = apart["encoder_0"]["kernel"] + apart["decoder_0"]["kernel"].T
    np.testing.assert_allclose(shared["encoder_0"]["kernel"], expected, rtol=1e-4, atol=1e-4)


def exact_norm(model: Autoencoder, params: Any, inputs: Array) -> np.ndarray:
    """Σ of the squares of `jax.jacobian` of one example's code, for each example."""
    jacobian = jax.jit(
        jax.vmap(jax.jacrev(lambda example: model.encode(params, example[None])[0]))
    )(inputs)
    return np.square(jacobian).reshape(len(inputs), -1).sum(axis=1)


@pytest.mark.parametrize("activation", [jax.nn.sigmoid, jnp.tanh, jax.nn.relu])
def test_jacobian_of_one_layer_in_closed_form_equals_the_jacobian(activation: Any) -> None:
    model = models.autoencoder(PICTURE, code_size=5, code_activation=activation)
    inputs, params = inputs_of(PICTURE), params_of(model, PICTURE)
    norm = model.jacobian_norm(params, inputs, jax.random.key(0))
    np.testing.assert_allclose(norm, exact_norm(model, params, inputs), rtol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        pytest.param(models.autoencoder(PICTURE, code_size=3, hidden_sizes=(8,)), id="deep"),
        pytest.param(models.conv_autoencoder(PICTURE, code_size=3, features=(2, 3)), id="conv"),
    ],
)
def test_jacobian_of_deep_encoders_is_estimated_without_bias(model: Autoencoder) -> None:
    inputs, params = inputs_of(PICTURE), params_of(model, PICTURE)
    draw = jax.jit(jax.vmap(lambda key: model.jacobian_norm(params, inputs, key)))
    drawn = np.asarray(draw(jax.random.split(jax.random.key(0), 1000)))
    assert drawn.std(axis=0).max() > 0
    standard_error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (
        np.abs(drawn.mean(axis=0) - exact_norm(model, params, inputs)) < 4 * standard_error + 1e-5
    ).all()


@pytest.mark.parametrize("shape", [(28, 28, 1), (30, 17, 3), (5, 4, 1)])
def test_conv_gives_back_pictures_of_any_size(shape: tuple[int, ...]) -> None:
    model = models.conv_autoencoder(shape, code_size=2, features=(2, 3, 4))
    rows = model.layers(jax.ShapeDtypeStruct((1, *shape), jnp.float32))
    assert rows[-1].output_shape == shape


REFUSED: list[Any] = [
    pytest.param(
        lambda: models.autoencoder(FLAT, code_size=0), "code_size.*at least 1", id="no-code"
    ),
    pytest.param(
        lambda: models.autoencoder(FLAT, code_size=2, hidden_sizes=(3, 0)),
        "hidden_sizes",
        id="no-hidden",
    ),
    pytest.param(lambda: models.conv_autoencoder(FLAT, code_size=2), "H×W×C", id="conv-of-vectors"),
    pytest.param(
        lambda: models.conv_autoencoder(PICTURE, code_size=2, features=()),
        "convolution",
        id="conv-of-none",
    ),
]


@pytest.mark.parametrize(("build", "message"), REFUSED)
def test_sizes_that_make_no_model_are_refused(build: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build()


@every_model
def test_inputs_of_another_shape_are_refused_with_both(
    model: Autoencoder, shape: tuple[int, ...], code_size: int
) -> None:
    with pytest.raises(InputError, match=r"built for.*\(8, 8, 1\)"):
        jax.eval_shape(model.init, jax.random.key(0), jnp.zeros((1, 8, 8, 1)))
