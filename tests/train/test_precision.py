"""Half precision: layers compute in bfloat16; what is kept, and statistics, stay in float32."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

import dl
from dl.jaxprs import equations
from dl.layers.precision import computing_in
from dl.train.answers import collect
from dl.types import Autoencoder

RNG = np.random.default_rng(0)
PICTURES = RNG.uniform(size=(8, 16, 16, 1)).astype(np.float32)
ROWS = RNG.normal(size=(8, 5, 6)).astype(np.float32)
SYMBOLS = RNG.integers(0, 7, (8, 5)).astype(np.int32)
FAMILIES = {
    "mlp": (lambda: dl.models.mlp(3, hidden_sizes=(8,)), PICTURES),
    "lenet": (lambda: dl.models.lenet(3), PICTURES),
    "resnet": (lambda: dl.models.cifar_resnet(8, 3), PICTURES),
    "lstm": (lambda: dl.models.sequence_model("lstm", 3, hidden_size=4), ROWS),
    "language": (
        lambda: dl.models.language_model("gru", 7, hidden_size=4, embedding_size=4, tied=True),
        SYMBOLS,
    ),
    "autoencoder": (lambda: dl.models.autoencoder((16, 16, 1), code_size=3), PICTURES),
    "belief_net": (lambda: dl.models.belief_net((16, 16, 1), (6,)), PICTURES),
}
QUICK = ("mlp", "lstm", "language")
every_family = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in FAMILIES],
)


@cache
def case(name: str) -> tuple[Any, Any, Any, dict[str, Any]]:
    build, inputs = FAMILIES[name]
    model, mask = build(), np.ones(SYMBOLS.shape if name == "language" else 8, np.float32)
    targets = SYMBOLS if name == "language" else np.arange(8, dtype=np.int32) % 3
    if isinstance(model, Autoencoder):
        objective, targets = dl.objectives.reconstruction.autoencoding(model), inputs
    elif name == "language":
        objective = dl.objectives.next_symbol(model)
    else:
        objective = dl.objectives.classification(model)
    optimizer = dl.optimizers.momentum(0.1)
    state = dl.init_state(model, optimizer, inputs[:1], seed=0)
    batch = {"inputs": inputs, "targets": targets, "mask": mask, "index": np.arange(8)}
    return objective, optimizer, state, batch


def products(program: Any, *arguments: Any) -> set[tuple[str, ...]]:
    """The types of the factors of all products and convolutions of a program."""
    return {
        tuple(str(variable.aval.dtype) for variable in equation.invars)
        for equation in equations(jax.make_jaxpr(program)(*arguments).jaxpr, platform="tpu")
        if equation.primitive.name in ("dot_general", "conv_general_dilated")
    }


@every_family
def test_all_products_of_a_prediction_have_factors_of_half_precision(name: str) -> None:
    objective, _, state, batch = case(name)
    half = dl.make_eval_step(objective, precision="bfloat16")
    assert products(half, state, batch) == {("bfloat16", "bfloat16")}
    assert products(dl.make_eval_step(objective), state, batch) == {("float32", "float32")}


@every_family
def test_what_is_kept_is_float32_and_the_loss_is_hardly_another(name: str) -> None:
    objective, optimizer, state, batch = case(name)
    halved, sums = jax.jit(dl.make_train_step(objective, optimizer, precision="bfloat16"))(
        state, batch
    )
    whole, full_sums = jax.jit(dl.make_train_step(objective, optimizer))(state, batch)
    kept = (halved.params, halved.model_state, halved.opt_state)
    types = {leaf.dtype for leaf in jax.tree.leaves(kept)}
    assert types <= {np.dtype(np.float32), np.dtype(np.int32)}
    loss, full = dl.metrics.compute(sums)["loss"], dl.metrics.compute(full_sums)["loss"]
    assert loss == pytest.approx(full, rel=0.03)
    moved, fully = (
        np.concatenate([np.ravel(a - b) for a, b in zip(*map(jax.tree.leaves, pair), strict=True)])
        for pair in ((halved.params, state.params), (whole.params, state.params))
    )
    assert np.corrcoef(moved, fully)[0, 1] > 0.98  # the gradients point the same way


def test_statistics_of_a_batch_are_computed_in_float32() -> None:
    """100 + noise of 1: bfloat16 has steps of ½ there, and of 64 at the squares."""
    x = 100 + RNG.normal(size=(256, 3)).astype(np.float32)
    norm = nn.BatchNorm(use_running_average=False, momentum=0.0)
    with computing_in("bfloat16"):
        variables = norm.init(jax.random.key(0), jnp.asarray(x))
        after: Any = norm.apply(variables, jnp.asarray(x), mutable=["batch_stats"])[1]
    np.testing.assert_allclose(after["batch_stats"]["var"], x.var(axis=0), rtol=1e-2)
    assert after["batch_stats"]["mean"].dtype == jnp.float32


def test_a_layer_with_a_type_of_its_own_keeps_it() -> None:
    class Two(nn.Module):
        @nn.compact
        def __call__(self, x: Any) -> Any:
            return nn.Dense(2, dtype=jnp.float32)(x), nn.Dense(2)(x)

    with computing_in("bfloat16"):
        (own, other), _ = Two().init_with_output(jax.random.key(0), jnp.ones((1, 2)))
    assert (own.dtype, other.dtype) == (jnp.float32, jnp.bfloat16)


@cache
def trained() -> dl.Trained:
    data = dl.load_data("digits", validation=0.1)
    model = dl.models.mlp(10, hidden_sizes=(16,))
    recipe = dl.Recipe(model, dl.objectives.classification(model))
    options = dl.TrainOptions(epochs=1, batch_size=64, devices=1, precision="bfloat16")
    return dl.fit(recipe, data, options, progress=False)


@pytest.mark.slow
def test_evaluation_prediction_and_report_have_the_precision_of_the_training() -> None:
    ours, data = trained(), trained().open_data()
    values, report = ours.evaluate("test"), ours.report("test")
    assert report.accuracy == pytest.approx(values["accuracy"], abs=1e-9)
    assert report.log_loss == pytest.approx(values["loss"], rel=1e-3)
    probabilities = ours.predict(data.test.inputs).probabilities
    right = probabilities[np.arange(len(data.test)), data.test.targets]
    assert -np.log(right).mean() == pytest.approx(values["loss"], rel=1e-3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)  # softmax in float32
    parts = (ours.model, ours.params, ours.model_state)
    full = dl.Network(*parts, ours.spec)
    assert np.abs(full.probabilities(data.test.inputs) - probabilities).max() > 1e-5
    kept = collect(
        *parts,
        data,
        "test",
        pick=lambda outputs, batch: {"outputs": outputs},
        batch_size=64,
        precision="bfloat16",
    )
    assert kept["outputs"].dtype == jnp.bfloat16


@pytest.mark.slow
def test_sampling_has_the_precision_that_it_is_given() -> None:
    model = dl.models.language_model("gru", 7, hidden_size=4)
    params, state = model.init(jax.random.key(0), jnp.asarray(SYMBOLS))
    half, full = (
        products(
            lambda p, precision=precision: _step(model, precision)(
                p, state, model.zero_carry(1), jnp.zeros(1, jnp.int32), jax.random.key(0), 0, 1.0
            ),
            params,
        )
        for precision in ("bfloat16", "float32")
    )
    assert (half, full) == ({("bfloat16", "bfloat16")}, {("float32", "float32")})


def _step(model: Any, precision: str) -> Any:
    from dl.sampling import _compiled_step

    return _compiled_step(model, 0, precision)


@pytest.mark.parametrize("name", ["mlp", pytest.param("lstm", marks=pytest.mark.slow)])
def test_micro_batches_are_the_large_batch_in_half_precision_too(name: str) -> None:
    objective, optimizer, state, batch = case(name)
    steps = [
        jax.jit(dl.make_train_step(objective, optimizer, accumulate=k, precision="bfloat16"))
        for k in (1, 4)
    ]
    whole, parts = (step(state, batch)[0].params for step in steps)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0.05, atol=2e-3), whole, parts)
