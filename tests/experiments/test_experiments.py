"""Every experiment builds and takes two steps; the quick ones reach their promised figures."""

import ast
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from small_data import SMALL_OPTIONS

import dl
from dl.cli.catalog import Catalog
from dl.data.augment import Stages
from dl.data.dataset import DataSpec
from dl.data.example import example_inputs
from dl.data.load import describe_data
from dl.runs.run import start_run
from dl.train.fits import check_recipe_fits
from dl.train.interrupt import StopRequest
from dl.train.state import init_state
from dl.train.step import augmented, make_eval_step, make_train_step

CATALOG = Catalog("experiments")
NAMES = CATALOG.names()
SEQUENCES = [name for name in NAMES if name in SMALL_OPTIONS]
"""Those on text and sequences have tests of their own."""
GAMES = [name for name in NAMES if name.endswith(("_connect_four", "_tic_tac_toe", "_go"))]
SMALL = [
    name
    for name in NAMES
    if not name.endswith("_imagenet") and name not in SEQUENCES and name not in GAMES
]
"""Those that can be run as they are; the others have tests of their own."""
DEEP = [
    name
    for name in SMALL
    if name.startswith(("alexnet", "cnn", "googlenet", "nin", "resnet", "vgg"))
]
"""Those that take longest to compile: narrow nets of their kinds train in tests/models,
test_imagenet.py runs two.
"""
ALIKE = [
    name
    for name in SMALL
    if (name.startswith("lenet") and name != "lenet_digits")
    or name in ("committee_mnist", "mlp_few_mnist", "mlp_permuted_mnist")
]
"""Those whose runs are that of lenet_digits or mlp_mnist on other pictures, or in small in
tests/lectures.
"""
TRACED = DEEP + ALIKE
"""Those whose steps are traced, and seldom run."""
CODES = [
    name for name in SMALL if name.startswith(("autoencoder_", "dbn_")) and "linear" not in name
]
"""Those whose runs are that of autoencoder_linear_mnist with another net or penalty, or in
test_belief.py.
"""
TWINS = ["mlp_spirals"]
"""Those whose runs are that of mlp_circles on other points and with more layers."""
PLANE = {"circles", "moons", "spirals"}
"""Data sets of 1,000 points."""
ROOT = Path(__file__).resolve().parents[2]


def run(name: str, folder: Path, **changes: Any) -> dict[str, Any]:
    experiment = CATALOG.load(name)
    options = experiment.options(**{"devices": 1, **changes})
    result = start_run(experiment, options, run_dir=folder, stop=StopRequest(), show=False).result
    assert result is not None
    return result


def _embedded(dataset: str) -> str:
    """Digits instead of pictures that would have to be downloaded."""
    return "digits" if dataset.endswith(("mnist", "cifar10")) else dataset


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in TRACED + CODES + TWINS))
        for name in SMALL
    ],
)
def test_two_steps(name: str, tmp_path: Path) -> None:
    defaults = CATALOG.load(name).options()
    dataset = _embedded(defaults.dataset)
    batch = min(defaults.batch_size, 16)
    sizes = {"train_examples": 2 * batch} if dataset in PLANE | {"digits"} else {}
    epochs = 2 if dataset == "xor" and batch == 4 else 1
    result = run(name, tmp_path / "run", dataset=dataset, epochs=epochs, batch_size=batch, **sizes)
    assert result["steps"] >= 2
    assert result["metrics"]["test"]["loss"] >= 0
    accuracies = [
        values["accuracy"] for values in result["metrics"].values() if "accuracy" in values
    ]
    assert accuracies
    assert all(0 <= accuracy <= 1 for accuracy in accuracies)
    assert result["parameters"] > 0


@pytest.mark.slow
def test_the_layers_of_several_members_are_looked_at_one_by_one(tmp_path: Path) -> None:
    figures = run("mlp_circles", tmp_path / "run", epochs=1, train_examples=100, members=2)
    layers = {"linear_on_inputs", "linear_on_hidden1", "linear_on_output"}
    assert layers <= set(figures["metrics"])
    assert all(0 <= figures["metrics"][layer]["accuracy"] <= 1 for layer in layers)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *(pytest.param(name, {}, marks=[pytest.mark.slow] * (name in DEEP)) for name in TRACED),
        pytest.param(
            "resnet20_cifar10",
            {"mixup": 0.2, "erase": 0.25},
            id="mixed stages",
            marks=pytest.mark.slow,
        ),
        pytest.param("lenet_mnist_fast", {"elastic": 1.0}, id="bent digits"),
    ],
)
def test_a_traced_step_takes_its_data_and_gives_a_state_for_the_next(
    name: str, changes: dict[str, float], tmp_path: Path
) -> None:
    options = CATALOG.load(name).options(**changes)
    described = describe_data(options.dataset, data_dir=tmp_path)
    spec = replace(described, train_size=2 * options.batch_size)
    recipe = CATALOG.load(name).recipe(options, spec)
    check_recipe_fits(recipe, spec)
    batch = {
        "inputs": jax.ShapeDtypeStruct((options.batch_size, *spec.input_shape), jnp.float32),
        "targets": jax.ShapeDtypeStruct((options.batch_size,), jnp.int32),
        "mask": jax.ShapeDtypeStruct((options.batch_size,), jnp.float32),
        "index": jax.ShapeDtypeStruct((options.batch_size,), jnp.int32),
    }
    state = jax.eval_shape(
        partial(init_state, recipe.model, recipe.optimizer, example_inputs(spec), seed=0)
    )
    evaluated = jax.eval_shape(make_eval_step(recipe.objective), state, batch)
    assert {"loss", "accuracy"} <= set(evaluated)
    for augment in (
        recipe.augment.augments if isinstance(recipe.augment, Stages) else [recipe.augment]
    ):
        step = make_train_step(recipe.objective, recipe.optimizer)
        after, trained = jax.eval_shape(augmented(step, augment) if augment else step, state, batch)
        assert after == state
        assert trained == evaluated


CONVOLUTIONAL = [
    name for name in NAMES if "net" in name.split("_")[0] or name.startswith(("cnn", "nin", "vgg"))
]
SHAPES = [
    pytest.param((28, 28, 1), id="grey", marks=pytest.mark.slow),
    pytest.param((32, 32, 3), id="colour", marks=pytest.mark.slow),
    pytest.param((40, 56, 3), id="oblong"),
]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [*CONVOLUTIONAL, "autoencoder_conv_fashion_mnist"])
def test_convolutional_nets_take_a_user_s_own_pictures(name: str, shape: tuple[int, ...]) -> None:
    experiment = CATALOG.load(name)
    of_channel = {"mean": (0.5,) * shape[2], "std": (0.2,) * shape[2]}
    spec = DataSpec(
        "folder:own", "classification", shape, "uint8", ("a", "b", "c"), 1024, **of_channel
    )
    model = experiment.recipe(experiment.options(), spec).model
    inputs = jax.ShapeDtypeStruct((2, *shape), jnp.float32)
    if name == "alexnet_imagenet" or (name, shape[0]) in (
        ("lenet5_mnist", 40),
        ("resnet50_imagenet", 28),
    ):
        with pytest.raises(
            dl.InputError, match="28×28 or 32×32" if name == "lenet5_mnist" else "at least"
        ):
            jax.eval_shape(model.init, jax.random.key(0), inputs)
        return
    params, model_state = jax.eval_shape(model.init, jax.random.key(0), inputs)
    outputs = jax.eval_shape(model.apply, params, model_state, inputs)[0]
    assert outputs.shape == ((2, *shape) if name.startswith("autoencoder") else (2, 3))


@pytest.mark.slow
def test_a_convolutional_experiment_trains_on_a_folder_of_colour_pictures(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for number in range(24):
        folder = tmp_path / "own" / "abc"[number % 3]
        folder.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (30 + number % 2, 50, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    changes = {
        "dataset": f"folder:{tmp_path / 'own'}",
        "image_size": 32,
        "epochs": 1,
        "batch_size": 8,
    }
    result = run("lenet_cifar10", tmp_path / "run", **changes)
    assert result["steps"] >= 2
    assert np.isfinite(result["metrics"]["test"]["loss"])
    assert dl.load(tmp_path / "run").spec.input_shape == (32, 32, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("autoencoder_mnist", {"tied": True, "hidden_size": 8}),
        ("autoencoder_sparse_mnist", {"sparsity": 0.0, "contraction": 0.1, "code_size": 20}),
    ],
)
def test_two_steps_of_autoencoders_that_must_not_copy(
    name: str, changes: Any, tmp_path: Path
) -> None:
    small = {"dataset": "digits", "epochs": 1, "batch_size": 16, "train_examples": 32}
    result = run(name, tmp_path / "run", **small, **changes)
    assert result["steps"] >= 2
    assert np.isfinite(result["metrics"]["test"]["loss"])


@pytest.mark.slow
def test_a_penalty_on_the_code_leaves_few_units_active(tmp_path: Path) -> None:
    small = {
        "dataset": "digits",
        "epochs": 3,
        "batch_size": 64,
        "train_examples": 640,
        "code_size": 100,
    }
    results = [
        run("autoencoder_sparse_mnist", tmp_path / str(weight), sparsity=weight, **small)["metrics"]
        for weight in (0.0, 3.0)
    ]
    dense, sparse = (metrics["code"]["active"] for metrics in results)
    assert 0 < sparse < dense / 4


@pytest.mark.slow
def test_two_steps_of_lenet5_as_published(tmp_path: Path) -> None:
    small = {"dataset": "digits", "epochs": 1, "batch_size": 16, "train_examples": 32}
    result = run("lenet5_mnist", tmp_path / "run", variant="1998", **small)
    assert result["parameters"] == 60_000
    assert np.isfinite(result["metrics"]["test"]["loss"])


LABELS = ("Lecture:", "Expected:", "Time:", "Command: python -m experiments run")


def test_docstrings_say_what_to_expect() -> None:
    missing = []
    for name in NAMES:
        labels = (*LABELS[:-1], f"{LABELS[-1]} {name}")
        docstring = CATALOG.docstring(name)
        missing += [f"{name}: {label}" for label in labels if label not in docstring]
    assert not missing


def test_modules_are_short_and_their_options_plain() -> None:
    wrong = []
    for name in NAMES:
        source = (ROOT / "experiments" / f"{name}.py").read_text()
        classes = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
        chosen = CATALOG.load(name).options()
        may_be_none = {
            field
            for field, hint in get_type_hints(type(chosen)).items()
            if NoneType in get_args(hint)
        }
        wrong += [f"{name}: {source.count(chr(10))} lines"] * (source.count("\n") > 85)
        wrong += [f"{name}: classes {classes}"] * (classes != ["Options"])
        wrong += [
            f"{name}: {field} is {value!r}"
            for field, value in vars(chosen).items()
            if not isinstance(value, str | int | float | bool)
            and not (value is None and field in may_be_none)
        ]
    assert not wrong


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in DEEP)) for name in SMALL]
)
def test_build_is_pure(name: str) -> None:
    """Two builds are one program, constants and all, from the key to the outputs."""
    experiment = CATALOG.load(name)
    options = experiment.options()
    spec = describe_data(_embedded(options.dataset))
    inputs = jax.ShapeDtypeStruct((2, *spec.input_shape), jnp.float32)

    def program() -> str:
        model = experiment.recipe(options, spec).model
        outputs = jax.jit(lambda key, inputs: model.apply(*model.init(key, inputs), inputs)[0])
        return outputs.lower(jax.random.key(1), inputs).as_text()

    assert program() == program()


def test_perceptrons_learn_the_gates_whatever_the_seed(tmp_path: Path) -> None:
    """A3: AND, OR, NAND and NOR are linearly separable, so the rule finds them."""
    for seed in range(3):
        assert (
            run("perceptron_gates", tmp_path / str(seed), seed=seed)["metrics"]["test"]["accuracy"]
            == 1.0
        )


def test_no_perceptron_learns_xor_and_three_composed_do(tmp_path: Path) -> None:
    """A3: XOR is not linearly separable; AND(OR, NAND) is XOR."""
    for seed in range(3):
        metrics = run("perceptron_xor", tmp_path / str(seed), seed=seed)["metrics"]
        assert metrics["test"]["accuracy"] <= 0.75
        assert metrics["composed"]["accuracy"] == 1.0


def test_mlp_learns_xor(tmp_path: Path) -> None:
    assert run("mlp_xor", tmp_path / "run")["metrics"]["test"]["accuracy"] == 1.0


@pytest.mark.slow
def test_logistic_regression_on_moons_stays_below_a_curved_boundary(tmp_path: Path) -> None:
    straight = run("logistic_moons", tmp_path / "run")["metrics"]["test"]["accuracy"]
    data = dl.load_data("moons", validation=0.1)
    model = dl.models.mlp(1, hidden_sizes=(16,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.adam(0.02))
    options = dl.TrainOptions(dataset="moons", epochs=40, batch_size=50, devices=1)
    curved = dl.fit(recipe, data, options, progress=False).history[-1].values["accuracy"]
    assert 0.8 < straight < 0.92 < curved
