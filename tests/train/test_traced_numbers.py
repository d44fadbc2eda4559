"""Options that are numbers: another value is the same compiled program, with the right results."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jax
import numpy as np
import pytest

import dl
from dl.runs.experiment import Experiment, load_experiment
from dl.runs.open_data import open_data
from dl.train.compiled import _make_train_call, compile_recipe
from dl.train.first import training_shapes
from dl.train.layout import make_layout
from dl.train.state import first_arguments, jit_init_state
from experiments._imagenet import ImageNetOptions, imagenet_recipe


@dataclass(frozen=True)
class Photographs(ImageNetOptions):
    """As the ImageNet experiments, on small pictures."""

    dataset: str = "digits"
    random_crops: bool = False
    warm_up_epochs: int = 1
    optimizer: dl.OptimizerName = "nesterov"


def photographs(options: Any, spec: Any) -> dl.Recipe:
    return imagenet_recipe(dl.models.cifar_resnet(8, spec.classes), options, spec)


EXPERIMENTS = {
    "mlp": load_experiment("experiments.mlp_mnist"),
    "lenet": load_experiment("experiments.lenet_mnist"),
    "lstm": load_experiment("experiments.lstm_mnist_rows"),
    "photographs": Experiment("photographs", __name__, Photographs, photographs),
}
SMALL = {"dataset": "digits", "train_examples": 80, "batch_size": 20, "epochs": 2, "devices": 1}
REGULARISED = {"weight_decay": 0.1, "l1": 0.01, "clip": 1.0, "ema": 0.9, "label_smoothing": 0.1}
CHANGES: dict[str, list[dict[str, Any]]] = {
    "mlp": [
        {"dropout": 0.3, **REGULARISED},
        {"dropout": 0.5, "learning_rate": 0.02} | {name: x / 2 for name, x in REGULARISED.items()},
    ],
    "lenet": [
        {"momentum": 0.5, "dropout": 0.5, **REGULARISED},
        {"momentum": 0.8, "dropout": 0.2, "learning_rate": 0.2}
        | {name: x / 2 for name, x in REGULARISED.items()},
    ],
    "lstm": [
        {"clip": 1.0, "ema": 0.5, "label_smoothing": 0.1},
        {"clip": 0.2, "ema": 0.9, "label_smoothing": 0.3, "learning_rate": 0.1},
    ],
    "photographs": [
        {"momentum": 0.5, "ema": 0.5},
        {"momentum": 0.7, "ema": 0.9, "weight_decay": 0.01, "label_smoothing": 0.3},
    ],
}

SLOW = ("lenet", "lstm", "photographs")


@cache
def data(options: Any) -> Any:
    return open_data(options)


def options_of(name: str, **changes: Any) -> Any:
    return EXPERIMENTS[name].options(**{**SMALL, **changes})


def program(name: str, options: Any) -> tuple[str, str]:
    """The train call and the first state as StableHLO, constants and all."""
    opened = data(options)
    recipe = EXPERIMENTS[name].recipe(options, opened.spec)
    layout = make_layout("jit", devices=1, batch_size=options.batch_size)
    compiled = compile_recipe(recipe, opened, options, layout)
    shapes = training_shapes(recipe, opened.spec, options)
    (_, call), *_ = compiled._calls(0, 1)
    train_call = _make_train_call(recipe, 0, opened, options, layout, loops=True)
    lowered = jax.jit(train_call).lower(shapes, compiled.arrays[0], call)
    first = jit_init_state(recipe, opened.spec, options)
    return lowered.as_text(), first.lower(*first_arguments(recipe, options)).as_text()


@pytest.mark.parametrize(
    "name",
    ["mlp", *(pytest.param(n, marks=pytest.mark.slow) for n in ("lenet", "lstm", "photographs"))],
)
def test_other_numbers_are_the_same_program(name: str) -> None:
    one, other = (program(name, options_of(name, **changes)) for changes in CHANGES[name])
    assert one == other


def test_a_number_that_is_0_is_left_out_of_the_program() -> None:
    """Without dropout nothing is drawn; without clipping or a mean the program is shorter."""
    regularised = {"dropout": 0.3, **REGULARISED}
    whole = program("mlp", options_of("mlp", **regularised))[0]
    assert "bernoulli" in whole
    for name in ("dropout", "clip", "ema"):
        text = program("mlp", options_of("mlp", **{**regularised, name: 0.0}))[0]
        assert text.count("\n") < whole.count("\n")
        assert ("bernoulli" in text) == (name != "dropout")


def fit(recipe: dl.Recipe, options: Any) -> dl.Trained:
    return dl.fit(recipe, data(options), options, progress=False)


def assert_close(left: Any, right: Any) -> None:
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5), left, right)


@pytest.mark.parametrize("name", ["mlp", pytest.param("lenet", marks=pytest.mark.slow)])
def test_a_number_that_is_an_argument_gives_what_it_gives_as_a_constant(name: str) -> None:
    options = options_of(name, **CHANGES[name][0])
    experiment, spec = EXPERIMENTS[name], data(options).spec
    build: Any = experiment.build  # whose recipe has its numbers as constants
    constant = fit(build(options, spec), options)
    traced = fit(experiment.recipe(options, spec), options)
    assert constant.recipe.hyperparams.keys() == {"ema"}
    assert traced.recipe.hyperparams.keys() >= {"learning_rate", "dropout", "clip"}
    assert_close(traced.params, constant.params)
    assert_close(traced.state.params, constant.state.params)
    assert traced.history[-1].values == pytest.approx(constant.history[-1].values, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("numbers", [{"learning_rate": 0.2}, {"dropout": 0.6}, {"momentum": 0.2}])
def test_each_number_arrives(numbers: dict[str, float]) -> None:
    """What `at` builds for traced values is what the options build for plain ones."""
    options = options_of("lenet", momentum=0.5, dropout=0.3)
    recipe = EXPERIMENTS["lenet"].recipe(options, data(options).spec)
    plain = EXPERIMENTS["lenet"].recipe(replace(options, **numbers), data(options).spec)
    inputs = np.ones((2, 28, 28, 1), np.float32)
    params, state = plain.model.init(jax.random.key(0), inputs)

    def seen(own: dl.Recipe) -> Any:
        key = jax.random.key(1)
        batch = {"inputs": inputs, "targets": np.array([1, 2]), "mask": np.ones(2)}
        loss = own.objective(params, state, batch, train=True, key=key)[0]["loss"].sum
        optimizer_state = own.optimizer.init(params)
        return loss, own.optimizer.update(params, optimizer_state, params)[0]

    traced = jax.jit(lambda given: seen(recipe.at(given)))(
        {name: np.float32(x) for name, x in {**recipe.hyperparams, **numbers}.items()}
    )
    assert_close(traced, jax.jit(lambda: seen(plain))())
    others = jax.jit(lambda: seen(recipe))()
    differs = jax.tree.map(lambda a, b: bool(np.abs(a - b).max() > 1e-6), traced, others)
    assert any(jax.tree.leaves(differs)) or "momentum" in numbers
