"""The pictures of the lectures' own demonstrations."""

import math
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

import dl
from dl import inspect, lessons, plots, search
from dl.lessons import convolution, descent, initialisation, vanishing
from docs.pictures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _optimizer_paths() -> "Figure":
    paths = {name: lessons.trajectory(optimizer) for name, optimizer in descent.OPTIMIZERS.items()}
    return plots.optimizer_paths(paths)


RATES = (0.01, 0.1, 0.5, 0.95, 1.0, 1.05)


@cache
def _paths_of_rates() -> dict[str, jax.Array]:
    return dict(zip(map("α = {}".format, RATES), lessons.sweep_rates(RATES), strict=True))


def _activation_histograms() -> "Figure":
    keys = jax.random.split(jax.random.key(0))
    inputs = jax.random.normal(keys[0], (1000, 100))
    outputs = {}
    for name in initialisation.INITIALIZERS:
        weights = initialisation.draw_weights(keys[1], name)
        outputs[name] = initialisation.propagate(weights, inputs)[1]
    return plots.activation_histograms(outputs)


def _gradients_by_layer() -> "Figure":
    keys = jax.random.split(jax.random.key(0), 3)
    inputs, errors = (jax.random.normal(key, (100, 100)) for key in keys[:2])
    norms = {}
    for name, (activation, initializer) in vanishing.NETS.items():
        weights = initialisation.draw_weights(keys[2], initializer, depth=20)
        norms[name] = lessons.gradient_norms(weights, inputs, activation, errors).errors
    return plots.gradients_by_layer(norms)


@cache
def _moons_in_training() -> tuple[dict[str, inspect.Decisions], dict[str, Any]]:
    """The decisions of a net for the moons after some of its steps, and points to draw on them."""
    data = dl.load_data("moons")
    model = dl.models.mlp(1, hidden_sizes=(16, 16), activation=jnp.tanh)
    objective, optimizer = dl.objectives.binary(model), dl.optimizers.adam(0.01)
    step = dl.make_train_step(objective, optimizer, padded=False)
    inputs, targets = jnp.asarray(data.train.inputs), jnp.asarray(data.train.targets)
    count = len(inputs)
    whole = {"inputs": inputs, "targets": targets, "mask": jnp.ones(count)}
    batch = whole | {"index": jnp.arange(count)}

    def one(_: Any, state: dl.TrainState) -> dl.TrainState:
        return step(state, batch)[0]

    train = jax.jit(lambda state: jax.lax.fori_loop(0, 10, one, state))
    answer = jax.jit(lambda params, points: jax.nn.sigmoid(model.apply(params, {}, points)[0]))
    state = dl.init_state(model, optimizer, inputs[:1], seed=1)
    grids = {}
    for done in range(0, 151, 10):
        predict = partial(answer, state.params)
        grids[f"step {done}"] = inspect.decision_grid(predict, x=(-1.7, 2.7), y=(-1.2, 1.7))
        state = train(state)
    drawn = {"points": inputs[:200], "labels": targets[:200], "class_names": ("upper", "lower")}
    return grids, drawn


def _decision_regions() -> "Figure":
    grids, drawn = _moons_in_training()
    some = {name: grids[name] for name in ("step 0", "step 30", "step 150")}
    return plots.decision_regions(some, **drawn)


def _decision_frames() -> "list[Figure]":
    grids, drawn = _moons_in_training()
    return plots.decision_frames(grids, **drawn)


@cache
def _spirals_by_layer() -> tuple[dict[str, inspect.Plane], dict[str, float], np.ndarray]:
    data = dl.load_data("spirals")
    model = dl.models.mlp(1, hidden_sizes=(8, 8, 2), activation=jnp.tanh)
    found = lessons.train_seeds(model, data, seeds=1, steps=1000, learning_rate=0.03)
    params = jax.tree.map(lambda leaf: leaf[0], found.states.params)
    network = dl.Network(model, params, spec=data.spec)
    points = data.test.inputs
    planes = inspect.plane_by_layer(network, points, activation=jnp.tanh)
    shares = inspect.separability(network, data, activation=jnp.tanh)
    return planes, shares, data.test.targets


def _space_transformation() -> "Figure":
    planes, shares, labels = _spirals_by_layer()
    names = ("one spiral", "the other")
    return plots.space_transformation(planes, labels, separability=shares, class_names=names)


@cache
def _convolution() -> convolution.Steps:
    return lessons.convolve_step_by_step(convolution.EXAMPLE, convolution.EXAMPLE_KERNEL)


def _receptive_fields() -> "Figure":
    from sklearn.datasets import load_sample_image

    photograph = load_sample_image("flower.jpg")[100:327, 200:427]
    summary = dl.summarize(dl.models.alexnet(), photograph.shape)
    return plots.receptive_fields(photograph, inspect.fields_of_unit(summary))


def _unfolded_rnn() -> "Figure":
    params = {"input": jnp.ones((1, 1)), "recurrent": jnp.full((1, 1), 0.5)}
    xs = [1.0, 0.0, 0.0, -1.0]
    (states,) = inspect.unroll("rnn", params, jnp.array(xs).reshape(4, 1, 1))
    return plots.unfolded_rnn(4, inputs=xs, states=states.ravel().tolist())


def _cell_diagram(kind: str, blocks: int) -> "Figure":
    """A layer of four units with weights drawn at random, at the last of five steps."""
    keys = jax.random.split(jax.random.key(0), 3)
    params = {
        "input": jax.random.normal(keys[0], (3, 4 * blocks)),
        "recurrent": jax.random.normal(keys[1], (4, 4 * blocks)),
    }
    xs = jax.random.normal(keys[2], (5, 1, 3))
    return plots.cell_diagram(inspect.cell_step(kind, params, xs, unit=1))


@cache
def _search() -> search.Found:
    """A random search for the optimizer, its rate and the number of steps on D2's valley."""
    space = {
        "optimizer": search.Choice(("sgd", "momentum", "adam")),
        "learning_rate": search.LogUniform(1e-3, 10.0),
        "steps": search.Whole(10, 60),
    }

    def score(candidates: list[search.Candidate]) -> list[float]:
        """log₁₀ f where each path ends; those that end above 100 have diverged."""
        rates = [each["learning_rate"] for each in candidates]
        paths = {
            name: lessons.sweep_rates(rates, descent.OPTIMIZERS[name], steps=60)
            for name in space["optimizer"].values
        }
        ends = [
            float(descent.surface(paths[each["optimizer"]][number, each["steps"]]))
            for number, each in enumerate(candidates)
        ]
        return [math.log10(end) if end < 100 else math.inf for end in ends]

    found = search.minimise(score, space, search.RandomSearch(24, seed=0))
    return replace(found, metric="log₁₀ f at the end")


PICTURES: dict[str, Picture] = {
    "activations": Picture(
        "The activations of the lectures with their derivatives: where the ground is shaded the "
        "function saturates, and hardly any error passes back (A6).",
        plots.activations,
    ),
    "optimizer_paths": Picture(
        "30 steps of each optimizer over the valley f = x²/20 + y²: gradient descent zig-zags, "
        "momentum and the others take smoother paths (D2).",
        _optimizer_paths,
    ),
    "rate_paths": Picture(
        "Gradient descent at six rates α: too small is slow, from ½ on it zig-zags, at 1 it goes "
        "to and fro for ever, above it diverges (D3).",
        lambda: plots.optimizer_paths(_paths_of_rates()),
    ),
    "rate_values": Picture(
        "The same six rates: the value of f after each step (D3).",
        lambda: plots.path_values(_paths_of_rates()),
    ),
    "activation_histograms": Picture(
        "Outputs of five tanh layers with 100 units: with N(0, 1) they saturate, with N(0, 0.01) "
        "they fade away, with Xavier's and He's weights their spread shrinks slowly (D4).",
        _activation_histograms,
    ),
    "gradients_by_layer": Picture(
        "The error on its way back through 20 layers: it vanishes in a net of logistic units (C7).",
        _gradients_by_layer,
    ),
    "decision_regions": Picture(
        "What a net with two hidden layers answers everywhere in the plane, before and during its "
        "training on the moons (C1).",
        _decision_regions,
        _decision_frames,
    ),
    "space_transformation": Picture(
        "What three hidden layers make of the plane: they scale, rotate, translate and bend it "
        "until a line separates the two spirals (D11).",
        _space_transformation,
    ),
    "convolution_step": Picture(
        "One step of a convolution: nine pixels times nine weights, summed (E3).",
        lambda: plots.convolution_step(_convolution(), 4),
        lambda: plots.convolution_frames(_convolution()),
    ),
    "convolution_steps": Picture(
        "All nine steps of the lecture's convolution; the small numbers are the weights of the "
        "kernel (E3).",
        lambda: plots.convolution_steps(_convolution()),
    ),
    "receptive_fields": Picture(
        "What one unit of each map of AlexNet sees of a picture of 227 × 227 pixels: from 11 to "
        "195 pixels a side (E7).",
        _receptive_fields,
    ),
    "unfolded_rnn": Picture(
        "A recurrent net with one unit, W = 1 and U = ½, unfolded over four steps: all steps have "
        "the same weights (G1).",
        _unfolded_rnn,
    ),
    "lstm_cell": Picture(
        "One unit of an LSTM at one step: f keeps a part of the cell, i writes, o shows (G3).",
        lambda: _cell_diagram("lstm", 4),
    ),
    "gru_cell": Picture(
        "One unit of the lecture's GRU at one step: r resets h before the candidate is made, z "
        "weighs the new state (G4).",
        lambda: _cell_diagram("gru", 3),
    ),
    "score_by_option": Picture(
        "A random search on a log scale: where 24 paths over the valley of D2 end, against the "
        "learning rate (D8).",
        lambda: plots.score_by_option(_search()),
    ),
    "parallel_coordinates": Picture(
        "The same search: a line for each trial, the best is thick (D8).",
        lambda: plots.parallel_coordinates(_search()),
    ),
    "architecture": Picture(
        "LeNet as it is computed: the shape of each layer's outputs, and its parameters (E8).",
        lambda: plots.architecture(dl.models.lenet(), (28, 28, 1)),
    ),
    "residual_architecture": Picture(
        "ResNet-8: residual blocks, where a sum joins a path with its short cut (E13).",
        lambda: plots.architecture(dl.models.cifar_resnet(8), (32, 32, 3)),
    ),
}
