"""The pictures of trained nets and of their runs."""

from functools import cache
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

import dl
from dl.assess import ClassificationReport, classification_report
from docs.pictures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from dl.runs.trained import Trained

_TEXT = "the cat sat on the mat and the dog lay on the log. "
_CLOTHES = ("coat", "shirt", "ankle boot", "sandal")


@cache
def _lenet() -> "Trained":
    """A small LeNet that learned the embedded digits."""
    model = dl.models.lenet(10, features=(6, 10), hidden_size=32)
    recipe = dl.Recipe(model, dl.objectives.classification(model))
    options = dl.TrainOptions(epochs=2, batch_size=32, learning_rate=0.05)
    return dl.fit(recipe, dl.load_data("digits"), options, progress=False)


@cache
def _autoencoder() -> "Trained":
    data = dl.load_data("digits")
    model = dl.models.autoencoder(data.spec.input_shape, code_size=8, hidden_sizes=(64,))
    recipe = dl.Recipe(model, dl.objectives.autoencoding(model))
    options = dl.TrainOptions(epochs=10, batch_size=32, optimizer="adam", learning_rate=0.003)
    return dl.fit(recipe, data, options, progress=False)


@cache
def _boltzmann_machine() -> "Trained":
    data = dl.load_data("digits")
    spec = data.spec
    model = dl.models.belief_net(spec.input_shape, (36,), mean=spec.mean, std=spec.std)
    recipe = dl.Recipe(model, dl.objectives.contrastive_divergence(model))
    options = dl.TrainOptions(epochs=20, batch_size=32, learning_rate=0.05)
    return dl.fit(recipe, data, options, progress=False)


def _perceptrons(learning_rate: float) -> "Trained":
    """A population of three."""
    data = dl.load_data("digits", validation=0.2)
    model = dl.models.mlp(10, hidden_sizes=(8,))
    recipe = dl.Recipe(model, dl.objectives.classification(model))
    options = dl.TrainOptions(epochs=8, batch_size=32, learning_rate=learning_rate, members=3)
    return dl.fit(recipe, data, options, progress=False)


def _curves() -> "Figure":
    return dl.plots.curves({f"rate {rate:g}": _perceptrons(rate).history for rate in (0.01, 0.002)})


@cache
def _report() -> ClassificationReport:
    report = _lenet().report()
    assert isinstance(report, ClassificationReport)
    return report


def _mistakes() -> "Figure":
    report = _report()
    pictures = _lenet().open_data().test.inputs
    return dl.plots.mistakes(report, [pictures[each.index] for each in report.mistakes])


def _mistakes_in_texts() -> "Figure":
    texts = ["Not bad at all", "I wanted to like this film, and for an hour I nearly did"]
    texts += ["Surely the best sleep I had this week", "A film"]
    report = classification_report(
        [[0.97, 0.03], [0.08, 0.92], [0.2, 0.8], [0.4, 0.6]],
        [1, 0, 0, 0],
        class_names=("negative", "positive"),
        name="reviews",
        example_name=texts.__getitem__,
    )
    return dl.plots.mistakes(report)


def _confused_clothes() -> "Figure":
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 4, 400)
    close = np.array([[3, 2, 0, 0], [2, 3, 0, 0], [0, 0, 4, 2], [0, 0, 1, 4.0]])
    scores = np.exp(close[classes] + rng.normal(size=(400, 4)))
    report = classification_report(
        scores / scores.sum(1, keepdims=True), classes, class_names=_CLOTHES, name="clothes"
    )
    return dl.plots.confusion(report)


def _feature_maps() -> "Figure":
    picture = _lenet().open_data().test.inputs[0]
    layers = ["conv1", "conv1.pool", "conv2", "conv2.pool"]
    maps = dl.inspect.feature_maps(_lenet(), picture[None], layers=layers)
    return dl.plots.feature_maps(picture, {name: each[0] for name, each in maps.items()})


def _saliency() -> "Figure":
    pictures = _lenet().open_data().test.inputs[:5]
    titles = _lenet().predict(pictures).labels
    return dl.plots.saliency(pictures, dl.inspect.saliency(_lenet(), pictures), titles=titles)


def _occlusion() -> "Figure":
    pictures = _lenet().open_data().test.inputs[:5]
    place = {"patch": 7, "stride": 1}
    scores = dl.inspect.occlusion(_lenet(), pictures, **place)
    whole = dl.inspect.class_scores(_lenet(), pictures)[1]
    titles = _lenet().predict(pictures).labels
    return dl.plots.occlusion(pictures, scores, whole, **place, titles=titles)


def _gates() -> "Figure":
    from dl.inspect import TextGates
    from dl.layers.recurrent import init_layer

    symbols = sorted(set(_TEXT))
    layer = init_layer("lstm", jax.random.key(0), input_size=len(symbols), hidden_size=12)
    numbers = [symbols.index(symbol) for symbol in _TEXT]
    xs = 4.0 * jax.nn.one_hot(jnp.array(numbers), len(symbols))[:, None]
    values = dl.inspect.gate_activations("lstm", layer, xs)
    activations = {name: np.asarray(each)[:, 0] for name, each in values.items()}
    return dl.plots.gates(TextGates("a new layer", "lstm", _TEXT, activations))


def _gradient_reach() -> "Figure":
    first, second = jax.random.split(jax.random.key(0))
    noise = jax.random.normal(first, (60, 8, 16))
    kinds = dl.inspect.initial_gradient_norms(second, noise, hidden_size=32)
    norms = {name.upper(): each for name, each in kinds.items()}
    (norms["LSTM, forget bias 3"],) = dl.inspect.initial_gradient_norms(
        second, noise, hidden_size=32, kinds=["lstm"], forget_bias=3.0
    ).values()
    return dl.plots.gradient_reach(norms)


def _reconstructions() -> "Figure":
    pictures = _autoencoder().open_data().test.inputs[:8]
    spec = _autoencoder().spec
    answers = np.asarray(_autoencoder().outputs(pictures)) * spec.std + spec.mean
    return dl.plots.reconstructions(pictures / 255, answers)


def _code_space() -> "Figure":
    trained, part = _autoencoder(), _autoencoder().open_data().test
    codes = dl.inspect.encode(trained.autoencoder, trained.params, part.inputs, trained.spec)
    return dl.plots.code_space(codes, part.targets, class_names=trained.spec.class_names)


def _boltzmann_filters() -> "Figure":
    ((name, kernel),) = dl.inspect.dense_filters(_boltzmann_machine()).items()
    return dl.plots.filters(kernel, name=name)


def _fantasies() -> "Figure":
    start = _boltzmann_machine().open_data().test.inputs[:16]
    drawn = dl.inspect.fantasies(_boltzmann_machine(), jax.random.key(0), start=start, steps=20)
    return dl.plots.fantasies(drawn)


def _alignment() -> "Figure":
    """Multiplicative attention whose queries ask for the place of the same word."""
    source = ["the", "old", "man", "sleeps", "under", "a", "tree", "<end>"]
    written = ["under", "a", "tree", "sleeps", "the", "old", "man", "<end>"]
    places = 4.0 * jnp.eye(len(source))
    order = jnp.array([source.index(word) for word in written])
    queries = places[order] + 0.5 * jnp.roll(places[order], 1, axis=1)
    keys = jnp.broadcast_to(places / 4.0, (len(written), *places.shape))
    scores = dl.layers.attention.multiplicative_scores(queries, keys)
    weights = dl.layers.attention.attention_weights(scores, jnp.ones(scores.shape))
    return dl.plots.alignment(weights, source=source, written=written)


def _caption_attention() -> "Figure":
    """Two digits on a canvas, and attention that follows its ink."""
    canvas = np.zeros((64, 64, 1), np.uint8)
    canvas[2:30, 4:32], canvas[34:62, 30:58] = dl.load_data("digits").test.inputs[[2, 5]]
    ink = canvas.reshape(8, 8, 8, 8).sum(axis=(1, 3)) / canvas.sum()
    upper, lower = ink * (np.arange(8) < 4)[:, None], ink * (np.arange(8) >= 4)[:, None]
    words = ["one", "above", "another", "<end>"]
    maps = [each / each.sum() for each in (upper, ink, lower, np.ones((8, 8)))]
    return dl.plots.caption_attention(canvas, words, np.stack(maps))


def _transcription() -> "Figure":
    """Three tones in a hiss, and posteriors that were made by hand."""
    rate, rng = 8000, np.random.default_rng(0)
    sound = rng.normal(0, 0.003, int(1.5 * rate))
    posteriors = np.full((50, 4), 0.01)
    for label, (start, pitch) in enumerate(((0.15, 300), (0.6, 900), (1.05, 2200))):
        times = np.arange(int(0.3 * rate)) / rate
        sound[int(start * rate) :][: len(times)] += 0.3 * np.sin(2 * np.pi * pitch * times)
        posteriors[:, label + 1] += 0.95 * np.exp(
            -((np.arange(50) - (start + 0.25) / 0.03) ** 2) / 4
        )
    posteriors[:, 0] = 1 - posteriors[:, 1:].sum(axis=1)
    energies = dl.layers.spectra.log_mel(jnp.asarray(sound)[None], rate)[0]
    return dl.plots.transcription(energies, posteriors, ["low", "middle", "high"])


def _range_test() -> "Figure":
    data, options = dl.load_data("moons"), dl.TrainOptions(batch_size=50)
    model = dl.models.mlp(1, hidden_sizes=(8,))
    recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.1))
    return dl.plots.range_test_curve(dl.search.range_test(recipe, data, options, steps=60))


PICTURES: dict[str, Picture] = {
    "examples": Picture(
        "Examples of a data set with their labels.",
        lambda: dl.plots.examples(dl.load_data("digits")),
    ),
    "examples_of_sequences": Picture(
        "Examples of sequences with their targets: the numbers above, and marks at the two of them "
        "that are to be added.",
        lambda: dl.plots.examples(dl.load_data("adding:30"), count=4),
    ),
    "curves": Picture(
        "Loss and accuracy at two learning rates: mean and standard deviation of three nets each.",
        _curves,
    ),
    "confusion": Picture(
        "The confusion matrix: counts, and shares of each class.",
        lambda: dl.plots.confusion(_report()),
    ),
    "confusion_names": Picture(
        "A confusion matrix of classes with names: coats and shirts are taken for each other, and "
        "so are boots and sandals.",
        _confused_clothes,
    ),
    "mistakes": Picture("The mistakes that the net was most sure of.", _mistakes),
    "mistakes_texts": Picture("The same for texts: a table.", _mistakes_in_texts),
    "filters": Picture(
        "The filters of the first convolution, as AlexNet's are shown (E12).",
        lambda: dl.plots.filters(_lenet().params["conv1"]["kernel"], name="conv1"),
    ),
    "feature_maps": Picture(
        "A digit, and the maps that convolutions and poolings make of it (E8).", _feature_maps
    ),
    "saliency": Picture(
        "Above digits, below the pixels to which the score of the answer reacts most.", _saliency
    ),
    "occlusion": Picture(
        "Above digits, below the places that the net needs: covering them lowers the score.",
        _occlusion,
    ),
    "gates": Picture(
        "The gates of a new LSTM while it reads a sentence, one gate a map (G5).", _gates
    ),
    "gradient_reach": Picture(
        "How the gradient fades with the distance in time in new recurrent nets (G2).",
        _gradient_reach,
    ),
    "reconstructions": Picture(
        "What an auto-encoder with a code of 8 numbers gives back, and its errors (F1).",
        _reconstructions,
    ),
    "code_space": Picture(
        "The codes of the digits in the plane of their first two principal components (F1).",
        _code_space,
    ),
    "boltzmann_filters": Picture(
        "The weights of each hidden unit of a restricted Boltzmann machine (F4).",
        _boltzmann_filters,
    ),
    "fantasies": Picture(
        "Pictures that the machine draws, 20 Gibbs steps away from a digit (F4).", _fantasies
    ),
    "reliability": Picture(
        "How often the net is right, over how sure it was.",
        lambda: dl.plots.reliability_diagram(_report().calibration),
    ),
    "alignment": Picture(
        "Which words were looked at while a sentence was written in another order (H6).",
        _alignment,
    ),
    "caption_attention": Picture(
        "A picture, and the places that were looked at for each word of its caption (H2).",
        _caption_attention,
    ),
    "transcription": Picture(
        "A spectrogram, and below it the posteriors of the labels that are emitted (H4).",
        _transcription,
    ),
    "range_test": Picture(
        "A range test: the loss while the learning rate rises, and the rate to try (D3).",
        _range_test,
    ),
}
