"""Every model against every invariant; how it trains is in test_training.py."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from model_cases import PICTURE, Case, compiled_apply, compiled_init, every_model, most_models

import dl
from dl import models
from dl.types import Model


@most_models
def test_outputs_have_their_shape_and_type_and_are_finite(case: Case) -> None:
    params, model_state = case.init()
    outputs, new_state, carry = compiled_apply(case.model)(
        params, model_state, case.batch()["inputs"]
    )
    assert outputs.shape == (8, *case.output_shape)
    assert outputs.dtype == jnp.float32
    assert bool(jnp.isfinite(outputs).all())
    assert carry == ()
    jax.tree.map(np.testing.assert_array_equal, new_state, model_state)


@every_model
def test_parameters_are_as_many_as_published_and_layers_sum_to_them(case: Case) -> None:
    params, model_state = case.shapes()
    rows = case.model.layers(case.example())
    assert case.parameters in (None, dl.count_parameters(params))
    assert sum(row.parameters for row in rows) == dl.count_parameters(params)
    heads = case.heads or (rows[-1].name,)  # NiN's last layer gives a map a class
    assert sum(row.output_shape[-1] for row in rows if row.name in heads) == case.outputs
    assert list(model_state) == (["batch_stats"] if case.normalised else [])
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype("float32")}


@most_models
def test_jit_equals_no_jit(case: Case) -> None:
    params, model_state = case.init()
    inputs = jax.tree.map(jnp.array, case.batch()["inputs"])
    if case.zero_start:  # outputs that are all zero would agree whatever is computed
        params = jax.tree.map(
            lambda leaf: leaf + 0.1 * np.sin(np.arange(leaf.size)).reshape(leaf.shape), params
        )
    plain, _, _ = case.model.apply(params, model_state, inputs)
    compiled, _, _ = compiled_apply(case.model)(params, model_state, inputs)
    np.testing.assert_allclose(compiled, plain, rtol=1e-4, atol=1e-5)
    assert float(jnp.abs(plain).max()) > 1e-3


@most_models
def test_an_example_s_output_does_not_depend_on_the_others_of_its_batch(case: Case) -> None:
    params, model_state = case.init(1)
    inputs, apply = case.batch()["inputs"], compiled_apply(case.model)
    expected = np.asarray(apply(params, model_state, inputs)[0])[:3]
    moved = case.moved(inputs)
    np.testing.assert_allclose(
        apply(params, model_state, moved)[0][-3:], expected, rtol=1e-4, atol=1e-5
    )


WEIGHTS = (
    *("kernel", "kernels", "coefficient", "input", "recurrent"),
    *("embedding", "query", "direction", "combine", "positions"),
)


@most_models
def test_init_is_a_pure_function_of_the_key(case: Case) -> None:
    first, again, other = case.init(0)[0], case.init(0)[0], case.init(1)[0]
    jax.tree.map(np.testing.assert_array_equal, first, again)
    others = jax.tree.leaves(other)
    for (path, leaf), changed in zip(
        jax.tree_util.tree_leaves_with_path(first), others, strict=True
    ):
        # Biases and norms start alike for every key, weights do not; single layers start at zero
        # altogether (A2).
        starts_at_zero = case.zero_start or (case.zeros and case.zeros in str(path))
        random = path[-1].key in WEIGHTS and not starts_at_zero
        assert bool((leaf != changed).any()) == random, path


@every_model
def test_init_looks_at_the_shape_of_its_inputs_only(case: Case) -> None:
    assert case.shapes(batch_size=8) == case.shapes(batch_size=1)


DROPOUT = [
    pytest.param(models.mlp(10), models.mlp(10, dropout=0.5), id="mlp"),
    pytest.param(models.lenet(), models.lenet(dropout=0.5), id="lenet"),
]


@pytest.mark.parametrize(("plain", "model"), DROPOUT)
def test_dropout_works_only_while_training_and_follows_its_key(plain: Model, model: Model) -> None:
    inputs = jnp.asarray(np.random.default_rng(0).normal(size=(8, *PICTURE)), jnp.float32)
    # Dropout has no parameters: those of the model without it fit.
    params, model_state = compiled_init(plain)(jax.random.key(0), inputs[:1])
    compiled = compiled_apply(model)

    def outputs(*, train: bool, seed: int) -> np.ndarray:
        return np.asarray(
            compiled(params, model_state, inputs, train=train, key=jax.random.key(seed))[0]
        )

    np.testing.assert_array_equal(outputs(train=False, seed=0), outputs(train=False, seed=1))
    without = compiled_apply(plain)(params, model_state, inputs)[0]
    np.testing.assert_allclose(outputs(train=False, seed=0), without, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outputs(train=True, seed=0), outputs(train=True, seed=0))
    assert np.abs(outputs(train=True, seed=0) - outputs(train=True, seed=1)).max() > 1e-2
    assert np.abs(outputs(train=True, seed=0) - outputs(train=False, seed=0)).max() > 1e-2


def test_dropout_keeps_the_mean() -> None:
    # With weights of one, no bias and inputs of one, the output counts units: dropped ones are made
    # up for.
    model = models.mlp(1, hidden_sizes=(1000,), dropout=0.4, kernel_init=jax.nn.initializers.ones)
    inputs = jnp.ones((1, 1))
    params, _ = model.init(jax.random.key(0), inputs)
    params["output"]["kernel"] = jnp.ones_like(params["output"]["kernel"])
    got = float(model.apply(params, {}, inputs, train=True, key=jax.random.key(1))[0][0, 0])
    assert got == pytest.approx(1000, rel=0.1)
    assert got != 1000


# The shapes whose values are dropped, without the batch, and where: as the papers say.
DROPPED = {
    "alexnet": (models.alexnet(5, small=True), [(512,), (512,)]),
    "vgg": (models.vgg(11, 5, small=True), [(512,)]),
    "nin": (models.nin(5, small=True), [(16, 16, 96), (8, 8, 192)]),
    "googlenet": (models.googlenet(5, small=True), [(512,)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DROPPED)
def test_the_nets_of_the_papers_drop_what_the_papers_say(name: str) -> None:
    model, dropped = DROPPED[name]
    inputs, key = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32), jax.random.key(0)
    rows = model.layers(inputs)
    assert [row.output_shape for row in rows if row.name.startswith("dropout")] == dropped
    if name in ("alexnet", "vgg"):  # after the hidden layers of as many units, not before
        names = [row.name for row in rows if row.name.startswith(("dropout", "hidden", "output"))]
        assert [
            number % 2 for number, layer in enumerate(names) if layer.startswith("dropout")
        ] == [1] * len(dropped)
    params, model_state = jax.eval_shape(model.init, key, inputs)

    def traced(*, train: bool) -> str:
        return str(
            jax.make_jaxpr(partial(model.apply, train=train, key=key))(params, model_state, inputs)
        )

    assert "random_bits" in traced(train=True)
    assert "random_bits" not in traced(train=False)


@pytest.mark.parametrize("shape", [(16, 16, 1), (17, 30, 3), (32, 32, 3)])
def test_lenet_takes_other_pictures_that_are_large_enough(shape: tuple[int, ...]) -> None:
    model = models.lenet(7, features=(2, 3), hidden_size=5)
    rows = model.layers(jax.ShapeDtypeStruct((1, *shape), jnp.float32))
    assert rows[-1].output_shape == (7,)
    assert rows[0].parameters == 2 * (25 * shape[-1] + 1)


def test_mlp_flattens_pictures() -> None:
    model = models.mlp(10, hidden_sizes=(5,))
    pictures = jnp.asarray(np.random.default_rng(0).normal(size=(2, 4, 4, 3)), jnp.float32)
    params, _ = model.init(jax.random.key(0), pictures)
    flat = model.apply(params, {}, pictures.reshape(2, 48))[0]
    np.testing.assert_array_equal(model.apply(params, {}, pictures)[0], flat)


def test_mlp_without_hidden_layers_is_softmax_regression() -> None:
    shape = jax.ShapeDtypeStruct((1, 784), jnp.float32)
    rows = models.mlp(10, hidden_sizes=()).layers(shape)
    assert rows == models.softmax_regression(10).layers(shape)


def test_models_are_called_by_the_names_of_their_builders() -> None:
    built = [
        models.lenet(),
        models.lenet5(),
        models.mlp(2),
        models.perceptron(),
        models.logistic_regression(),
    ]
    assert [model.name for model in built] == [
        "lenet",
        "lenet5",
        "mlp",
        "perceptron",
        "logistic_regression",
    ]
    assert models.softmax_regression(3).name == "softmax_regression"
