"""A belief net up and down, layer by layer in NumPy; and nets of normalised pictures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

import dl
from dl import models, objectives
from dl.data.dataset import limit
from dl.errors import InputError
from dl.inspect.activation_outputs import activation_outputs
from dl.models.unnormalised import Scale

MEAN, STD = (0.3, 0.6), (0.2, 0.1)
RNG = np.random.default_rng(0)
PIXELS = RNG.uniform(size=(5, 2, 3, 2))
NORMALISED = jnp.asarray((PIXELS - MEAN) / STD, jnp.float32)


@pytest.mark.parametrize("linear_code", [False, True])
def test_it_encodes_and_decodes_with_the_same_weights(linear_code: bool) -> None:
    model = models.belief_net((2, 3, 2), (4, 3), linear_code=linear_code, mean=MEAN, std=STD)
    shapes = jax.eval_shape(model.init, jax.random.key(0), NORMALISED)[0]
    params = jax.tree.map(
        lambda leaf: jnp.asarray(RNG.normal(size=leaf.shape), jnp.float32), shapes
    )
    first, second = (
        {name: np.asarray(leaf, np.float64) for name, leaf in params[machine].items()}
        for machine in ("hidden1", "hidden2")
    )
    hidden = expit(PIXELS.reshape(5, -1) @ first["kernel"] + first["bias"])
    inputs = hidden @ second["kernel"] + second["bias"]
    code = inputs if linear_code else expit(inputs)
    assert_allclose(model.encode(params, NORMALISED), code, rtol=1e-4, atol=1e-5)
    back = expit(code @ second["kernel"].T + second["visible_bias"])
    pixels = expit(back @ first["kernel"].T + first["visible_bias"]).reshape(PIXELS.shape)
    expected = (pixels - MEAN) / STD
    assert_allclose(model.decode(params, jnp.float32(code)), expected, rtol=1e-3, atol=1e-4)
    assert_allclose(model.apply(params, {}, NORMALISED)[0], expected, rtol=1e-3, atol=1e-4)
    assert model.activations is not None
    activations = model.activations(params, {}, NORMALISED)
    assert_allclose(activations["hidden1"], hidden, rtol=1e-4, atol=1e-5)


def test_inputs_of_another_shape_are_refused() -> None:
    model = models.belief_net((2, 3, 2), (4,))
    params, state = model.init(jax.random.key(0), NORMALISED)
    objective = objectives.contrastive_divergence(model)
    batch = {"inputs": NORMALISED[:, :1], "mask": jnp.ones(5), "index": jnp.arange(5)}
    for call in (
        lambda: model.apply(params, state, NORMALISED[:, :1]),
        lambda: objective(params, state, batch),
    ):
        with pytest.raises(InputError, match=r"inputs of \(2, 3, 2\), these are \(1, 3, 2\)"):
            call()


def test_an_mlp_with_the_same_weights_computes_the_code_s_logistic_layers() -> None:
    """Unrolled, the stack is the classifier: F4."""
    stack = models.belief_net((2, 3, 2), (4, 3), mean=MEAN, std=STD)
    params, _ = stack.init(jax.random.key(0), NORMALISED)
    net = models.mlp(3, hidden_sizes=(4, 3), activation=jax.nn.sigmoid)
    classifier = models.unnormalised(net, mean=MEAN, std=STD)
    weights = {
        name: {part: machine[part] for part in ("kernel", "bias")}
        for name, machine in params.items()
    }
    head = {"kernel": jnp.eye(3), "bias": jnp.zeros(3)}
    logits = classifier.apply({**weights, "output": head}, {}, NORMALISED)[0]
    assert_allclose(logits, stack.encode(params, NORMALISED), rtol=1e-5)
    assert classifier.activations is not None
    inner = classifier.activations({**weights, "output": head}, {}, NORMALISED)
    assert_allclose(inner["output"], logits, rtol=1e-6)
    traced = activation_outputs(classifier, {**weights, "output": head}, {}, NORMALISED)
    assert [(each.layer, each.function) for each in traced] == [
        ("hidden1", "logistic"),
        ("hidden2", "logistic"),
    ]
    assert_allclose(traced[1].outputs, stack.encode(params, NORMALISED), rtol=1e-5)


def test_normalisation_is_undone_exactly_as_the_data_were_normalised() -> None:
    spec = dl.load_data("digits").spec
    raw = RNG.integers(0, 256, (4, *spec.input_shape)).astype(np.uint8)
    values = Scale(spec.mean, spec.std).undo(dl.normalize(jnp.asarray(raw), spec))
    assert_allclose(values, raw / 255, atol=1e-6)


def test_a_machine_is_fitted_looked_at_and_drawn_from_through_the_library() -> None:
    data = limit(dl.load_data("digits"), train=64)
    spec = data.spec
    model = models.belief_net(spec.input_shape, (8,), persistent=True, mean=spec.mean, std=spec.std)
    recipe = dl.Recipe(
        model, objectives.contrastive_divergence(model), dl.optimizers.momentum(0.05)
    )
    options = dl.TrainOptions(dataset="digits", epochs=2, batch_size=16, devices=1)
    trained = dl.fit(recipe, data, options, progress=False)
    assert trained.step == 8
    assert {"loss", "squared_error", "free_energy"} == set(trained.evaluate("test"))
    assert jax.tree.map(jnp.shape, trained.state.carry) == {"hidden1": (16, 784)}
    drawn = dl.inspect.fantasies(trained, jax.random.key(0), chains=3, steps=2)
    assert drawn.shape == (3, *spec.input_shape)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    (kernel,) = dl.inspect.dense_filters(trained).values()
    np.testing.assert_array_equal(
        np.asarray(kernel).reshape(784, 8), trained.params["hidden1"]["kernel"]
    )
