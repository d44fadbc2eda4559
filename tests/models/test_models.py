"""Every model against every invariant."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import dl
from dl import metrics, models, objectives, optimizers
from dl.errors import InputError
from dl.types import Model, Objective, Params


@cache
def compiled_init(model: Model) -> Any:
    return jax.jit(model.init)


@cache
def compiled_apply(model: Model) -> Any:
    return jax.jit(model.apply, static_argnames="train")


@dataclass(frozen=True)
class Case:
    """A model, what goes in, what comes out, how many parameters, and how it is trained."""

    name: str
    model: Model
    input_shape: tuple[int, ...]
    outputs: int
    parameters: int
    objective: Objective
    optimizer: optax.GradientTransformation
    zero_start: bool = False

    @property
    def binary(self) -> bool:
        return self.model.name in ("perceptron", "logistic_regression")

    def batch(self, size: int = 8) -> dict[str, np.ndarray]:
        """Random inputs with random labels: nothing but learning by heart fits them."""
        rng = np.random.default_rng(0)
        bits = rng.integers(0, 2, (size, self.outputs)).astype(np.float32)
        classes = rng.integers(0, self.outputs, size).astype(np.int32)
        return {
            "inputs": rng.normal(size=(size, *self.input_shape)).astype(np.float32),
            "targets": bits if self.binary else classes,
            "mask": np.ones(size, np.float32),
            "index": np.arange(size, dtype=np.int32),
        }

    def init(self, seed: int = 0) -> tuple[Params, Any]:
        return compiled_init(self.model)(jax.random.key(seed), jnp.zeros((1, *self.input_shape)))


def case(name: str, model: Model, shape: tuple[int, ...], outputs: int, count: int, **training: Any) -> Any:
    build = training.pop("objective", objectives.classification)
    optimizer = training.pop("optimizer", optimizers.adam(3e-3))
    return pytest.param(Case(name, model, shape, outputs, count, build(model), optimizer, **training), id=name)


PICTURE = (28, 28, 1)
# The counts are the lectures' and the papers': E8, E9, W x + b for one layer, C1 for 3 -> 4 -> 1.
# Eight random points in 20 and more dimensions are linearly separable: the single layers over-fit them too.
TABLE = [
    case(
        "perceptron",
        models.perceptron(3),
        (20,),
        3,
        3 * (20 + 1),
        objective=objectives.perceptron,
        optimizer=optimizers.sgd(1.0),
        zero_start=True,
    ),
    case(
        "logistic_regression",
        models.logistic_regression(2),
        (20,),
        2,
        2 * (20 + 1),
        objective=objectives.binary,
        optimizer=optimizers.adam(0.3),
        zero_start=True,
    ),
    case("softmax_regression", models.softmax_regression(10), PICTURE, 10, 7_850, zero_start=True),
    case("mlp", models.mlp(10), PICTURE, 10, 101_770),
    case(
        "mlp_c1",
        models.mlp(2, hidden_sizes=(32, 16)),
        (3,),
        2,
        32 * 4 + 16 * 33 + 2 * 17,
        optimizer=optimizers.adam(0.03),
    ),
    case("lenet", models.lenet(), PICTURE, 10, 431_080),
    case("lenet5", models.lenet5(), PICTURE, 10, 61_706),
]
every_model = pytest.mark.parametrize("case", TABLE)


def as_loss(case: Case) -> Any:
    """Mean loss as a function of the parameters, on the case's batch."""
    batch, model_state = case.batch(), case.init()[1]

    def loss(params: Params) -> jax.Array:
        sums, _, _ = case.objective(params, model_state, batch, train=True, key=jax.random.key(1))
        return sums["loss"].sum / sums["loss"].count

    return loss


@every_model
def test_outputs_have_their_shape_and_type_and_are_finite(case: Case) -> None:
    params, model_state = case.init()
    outputs, new_state, carry = compiled_apply(case.model)(params, model_state, case.batch()["inputs"])
    assert outputs.shape == (8, case.outputs)
    assert outputs.dtype == jnp.float32
    assert bool(jnp.isfinite(outputs).all())
    assert (new_state, carry) == ({}, ())


@every_model
def test_parameters_are_as_many_as_published_and_layers_sum_to_them(case: Case) -> None:
    params, model_state = case.init()
    rows = case.model.layers(jax.ShapeDtypeStruct((1, *case.input_shape), jnp.float32))
    assert dl.count_parameters(params) == case.parameters
    assert sum(row.parameters for row in rows) == case.parameters
    assert rows[-1].output_shape == (case.outputs,)
    assert model_state == {}
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype("float32")}


@every_model
def test_gradients_are_finite_and_reach_every_layer(case: Case) -> None:
    gradients = jax.jit(jax.grad(as_loss(case)))(case.init()[0])
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradients):
        assert bool(jnp.isfinite(leaf).all()), path
        assert bool((leaf != 0).any()), path


@every_model
def test_jit_equals_no_jit(case: Case) -> None:
    params, model_state = case.init()
    inputs = jnp.array(case.batch()["inputs"])
    if case.zero_start:  # outputs that are all zero would agree whatever is computed
        params = jax.tree.map(lambda leaf: leaf + 0.1 * np.sin(np.arange(leaf.size)).reshape(leaf.shape), params)
    plain, _, _ = case.model.apply(params, model_state, inputs)
    compiled, _, _ = compiled_apply(case.model)(params, model_state, inputs)
    np.testing.assert_allclose(compiled, plain, rtol=1e-4, atol=1e-5)
    assert float(jnp.abs(plain).max()) > 1e-3


@every_model
def test_an_example_s_output_does_not_depend_on_its_batch(case: Case) -> None:
    params, model_state = case.init(1)
    inputs, apply = case.batch()["inputs"], compiled_apply(case.model)
    together = np.asarray(apply(params, model_state, inputs)[0])
    alone = np.concatenate([apply(params, model_state, inputs[i : i + 1])[0] for i in range(4)])
    np.testing.assert_allclose(together[:4], alone, rtol=1e-4, atol=1e-5)


@every_model
def test_one_batch_of_eight_is_learned_by_heart(case: Case) -> None:
    batch = jax.tree.map(jnp.array, case.batch())
    step = jax.jit(dl.make_train_step(case.objective, case.optimizer))
    params, model_state = case.init()
    opt_state = case.optimizer.init(params)
    state = dl.TrainState(jnp.int32(0), jax.random.key(0), params, model_state, opt_state)
    history = []
    for _ in range(40):
        state, sums = step(state, batch)  # a step's metrics are those of the parameters before it
        history.append(sums)
    before, after = metrics.compute(history[0]), metrics.compute(history[-1])
    assert before["accuracy"] < 1.0, "it knew the labels before training"
    assert after["accuracy"] == 1.0
    assert after["loss"] < 0.2


@every_model
def test_init_is_a_pure_function_of_the_key(case: Case) -> None:
    first, again, other = case.init(0)[0], case.init(0)[0], case.init(1)[0]
    jax.tree.map(np.testing.assert_array_equal, first, again)
    changed = [bool((a != b).any()) for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(other), strict=True)]
    # Biases start at zero for every key, kernels do not; single layers start at zero altogether (A2).
    assert sum(changed) == (0 if case.zero_start else len(changed) / 2)


@every_model
def test_init_looks_at_the_shape_of_its_inputs_only(case: Case) -> None:
    key = jax.random.key(0)
    shapes = jax.eval_shape(case.model.init, key, jax.ShapeDtypeStruct((8, *case.input_shape), jnp.float32))
    assert jax.tree.map(jnp.shape, shapes[0]) == jax.tree.map(jnp.shape, case.init()[0])


@every_model
def test_without_dropout_training_and_evaluation_are_the_same_function(case: Case) -> None:
    params, model_state = case.init(2)
    inputs, apply = case.batch()["inputs"], compiled_apply(case.model)
    evaluated = apply(params, model_state, inputs)[0]
    trained = apply(params, model_state, inputs, train=True, key=jax.random.key(0))[0]
    np.testing.assert_allclose(trained, evaluated, rtol=1e-5, atol=1e-6)


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
        return np.asarray(compiled(params, model_state, inputs, train=train, key=jax.random.key(seed))[0])

    np.testing.assert_array_equal(outputs(train=False, seed=0), outputs(train=False, seed=1))
    without = compiled_apply(plain)(params, model_state, inputs)[0]
    np.testing.assert_allclose(outputs(train=False, seed=0), without, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(outputs(train=True, seed=0), outputs(train=True, seed=0))
    assert np.abs(outputs(train=True, seed=0) - outputs(train=True, seed=1)).max() > 1e-2
    assert np.abs(outputs(train=True, seed=0) - outputs(train=False, seed=0)).max() > 1e-2


def test_dropout_keeps_the_mean() -> None:
    # With weights of one, no bias and inputs of one, the output counts units: dropped ones are made up for.
    model = models.mlp(1, hidden_sizes=(1000,), dropout=0.4, kernel_init=jax.nn.initializers.ones)
    inputs = jnp.ones((1, 1))
    params, _ = model.init(jax.random.key(0), inputs)
    params["output"]["kernel"] = jnp.ones_like(params["output"]["kernel"])
    got = float(model.apply(params, {}, inputs, train=True, key=jax.random.key(1))[0][0, 0])
    assert got == pytest.approx(1000, rel=0.1)
    assert got != 1000


REFUSED = [
    pytest.param(models.lenet(), (12, 12, 1), r"16×16.*12×12×1", id="lenet-12"),
    pytest.param(models.lenet(), (28, 8, 3), r"16×16.*28×8×3", id="lenet-narrow"),
    pytest.param(models.lenet(), (784,), r"16×16.*784", id="lenet-flat"),
    pytest.param(models.lenet5(), (20, 20, 1), r"28×28 or 32×32.*20×20×1", id="lenet5-20"),
    pytest.param(models.lenet5(), (32, 28, 1), r"28×28 or 32×32.*32×28×1", id="lenet5-oblong"),
    pytest.param(models.lenet5(), (784,), r"28×28 or 32×32.*784", id="lenet5-flat"),
    pytest.param(models.lenet5(), (28, 28), r"28×28", id="lenet5-no-channel-axis"),
]


@pytest.mark.parametrize(("model", "shape", "message"), REFUSED)
def test_pictures_that_do_not_fit_are_refused_with_both_shapes(
    model: Model, shape: tuple[int, ...], message: str
) -> None:
    inputs = jnp.zeros((2, *shape))
    with pytest.raises(InputError, match=message):
        jax.eval_shape(model.init, jax.random.key(0), inputs)


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
    built = [models.lenet(), models.lenet5(), models.mlp(2), models.perceptron(), models.logistic_regression()]
    assert [model.name for model in built] == ["lenet", "lenet5", "mlp", "perceptron", "logistic_regression"]
    assert models.softmax_regression(3).name == "softmax_regression"
