"""The lectures' pictures of nets: what stands where in them, by the numbers of the slides."""

import jax
import jax.numpy as jnp
import numpy as np

import dl
from dl.layers.recurrent import init_layer


def test_e8_the_maps_of_lenet_stand_below_its_input_layer_by_layer() -> None:
    """E8: 28×28×1 → 24×24×20 → 12×12×20 → 8×8×50 → 4×4×50."""
    model = dl.models.lenet(10)
    picture = np.zeros((28, 28, 1), np.float32)
    net = dl.Network(model, *jax.jit(model.init)(jax.random.key(0), picture[None]))
    layers = ["conv1", "conv1.pool", "conv2", "conv2.pool"]
    maps = dl.inspect.feature_maps(net, picture[None], layers=layers)
    figure = dl.plots.feature_maps(picture, {name: each[0] for name, each in maps.items()})
    shapes = [axes.get_ylabel().split("\n")[1] for axes in figure.axes]
    assert shapes == ["28×28×1", "24×24×20", "12×12×20", "8×8×50", "4×4×50"]
    # Twenty maps of 24 pixels in two rows of ten, with a pixel between them.
    assert figure.axes[1].images[0].get_array().shape == (2 * 24 + 1, 10 * 24 + 9)


def test_e12_the_first_filters_of_alexnet_are_96_pictures_in_colour() -> None:
    """E12: 96 kernels of 11×11×3 as a grid; a kernel's largest weight is the end of its scale."""
    kernel = np.random.default_rng(0).normal(size=(11, 11, 3, 96))
    axes = dl.plots.filters(kernel, name="conv1").axes[0]
    assert axes.get_title() == "conv1: 96 of 11×11×3"
    grid = axes.images[0].get_array()
    first = grid[2:57:5, 2:57:5]  # each weight is 5 × 5 pixels
    scaled = 127.5 * (1 + kernel[..., 0] / np.abs(kernel[..., 0]).max())
    np.testing.assert_array_equal(first, np.rint(scaled))


def test_g2_halves_vanish_and_doubles_explode_on_the_logarithmic_axis() -> None:
    """G2: factors of ½ and 2 in each step are straight lines down and up."""
    norms = {}
    for name, factor in {"halves": 0.5, "doubles": 2.0}.items():
        # Of inputs and states of zeros the slope of tanh is 1.
        layer = {"input": jnp.zeros((1, 4)), "recurrent": factor * jnp.eye(4)}
        norms[name] = dl.inspect.gradient_norms("rnn", layer, jnp.zeros((9, 2, 1))).state
    halves, doubles = dl.plots.gradient_reach(norms).axes[0].lines
    np.testing.assert_allclose(np.log2(halves.get_ydata()), -np.arange(9), atol=1e-4)
    np.testing.assert_allclose(np.log2(doubles.get_ydata()), np.arange(9), atol=1e-4)


def test_g5_each_gate_is_a_map_with_the_characters_below() -> None:
    """G5: forget, input and output gate one by one, over a text."""
    text = "to be or not"
    symbols = sorted(set(text))
    layer = init_layer("lstm", jax.random.key(0), input_size=len(symbols), hidden_size=5)
    xs = np.eye(len(symbols), dtype=np.float32)[[symbols.index(symbol) for symbol in text]]
    values = dl.inspect.gate_activations("lstm", layer, jnp.asarray(xs[:, None]))
    activations = {name: np.asarray(each)[:, 0] for name, each in values.items()}
    figure = dl.plots.gates(dl.inspect.TextGates("layer", "lstm", text, activations), units=5)
    maps = {axes.get_ylabel(): axes.images[0] for axes in figure.axes if axes.get_ylabel()}
    assert set(maps) >= {"forget", "input", "output"}
    forget = maps["forget"].get_array()
    # σ(W_f x + b_f) at the first symbol, where the state is 0, by hand.
    weights, bias = (np.asarray(layer[name], np.float64) for name in ("input", "bias"))
    by_hand = 1 / (1 + np.exp(-(xs[0] @ weights + bias)[5:10]))
    np.testing.assert_allclose(np.sort(forget[:, 0]), np.sort(by_hand), rtol=1e-5)
    last = figure.axes[len(values) - 1]
    characters = "".join(label.get_text() for label in last.get_xticklabels())
    assert characters == text.replace(" ", "␣")
