"""A net that begins as a belief net tells the state of each frame; hidden Markov models join them.

Lecture: H4, the second generation; F4. Paper: Mohamed, Dahl & Hinton 2009. Data: the strings of
    `ctc_spoken_digits`. The models of `hmm_spoken_digits` align the training strings; a net with
    the weights of a belief net learns which state each frame is in, from 11 frames of log-mel
    energies; Viterbi over the same loop of words takes p(state | frames) / p(state).
Expected: not measured yet.
Time: not measured yet.
Command: python -m experiments run dbn_spoken_digits --dataset spoken_strings:PATH
"""

from dataclasses import dataclass

import jax
import numpy as np

import dl
from dl import Count, Dataset, Positive, Recipe, Trained, TrainOptions, models, objectives
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.hmm import WordModels
from dl.lessons import speech
from dl.train.options import DataOptions
from dl.train.sound_options import StringFields
from experiments._belief import MachineOptions, greedy_recipe, sizes_of
from experiments._words import WordFields, cut_tenth, figures_of, fit_words, in_frames


@dataclass(frozen=True)
class Options(WordFields, StringFields, DataOptions):
    """Options of dbn_spoken_digits."""

    dataset: str = ""
    validation: float = 0.0
    longest: float = 1.0
    strings: int = 1500
    layers: str = "512-512"
    """Units of the layers, from the inputs up."""
    pretraining: Count = 4
    """Epochs of the belief net, all layers together."""
    epochs: Count = 5
    """Epochs of the classifier of frames."""
    scale: Positive = 0.3
    """How much the net's answers weigh beside the models' steps: frames are not independent."""


def count(options: Options, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Align, pre-train, train, and decode the test strings."""
    fitted, held_out = cut_tenth(in_frames(data.train, data))
    test = in_frames(data.test, data)
    words = fit_words(options, fitted, data)
    frames = _frames(words, fitted, held_out)
    net = _train(options, frames)
    shares = np.bincount(frames.train.targets, minlength=len(words.mixtures)) + 1.0
    log_shares = np.log(shares / shares.sum())
    first, second = (
        [_log_posteriors(net, each) - log_shares for each in part.energies]
        for part in (held_out, test)
    )
    figures = figures_of(words, (first, held_out), (second, test), scale=options.scale)
    figures["frames"] = net.evaluate("test")
    return figures, dl.count_parameters(net.params) + words.parameters


def _frames(words: WordModels, train: speech.Strings, test: speech.Strings) -> Dataset:
    """All frames with their states, as pictures of 11 frames."""
    sources = [
        ArraySource(
            np.concatenate([speech.patches(each) for each in part.energies]),
            np.concatenate(speech.frame_states(words, part)).astype(np.int32),
        )
        for part in (train, test)
    ]
    names = tuple(str(state) for state in range(len(words.mixtures)))
    return dataset_of_parts("frames", *sources, class_names=names)


def _train(options: Options, frames: Dataset) -> Trained:
    """The classifier of frames, which begins with the weights of a belief net."""
    sizes = sizes_of(options.layers)
    greedy = MachineOptions(
        dataset="frames", epochs=options.pretraining, seed=options.seed, batch_size=128
    )
    machines = dl.fit(greedy_recipe(greedy, frames.spec, sizes), frames, greedy)
    net = models.mlp(
        frames.spec.classes,
        hidden_sizes=sizes,
        activation=jax.nn.sigmoid,
        kernel_init=jax.nn.initializers.glorot_normal(),
    )
    model = models.unnormalised(net, mean=frames.spec.mean, std=frames.spec.std)
    tuning = TrainOptions(
        dataset="frames",
        epochs=options.epochs,
        seed=options.seed,
        batch_size=256,
        learning_rate=1e-3,
        optimizer="adam",
        schedule="one-cycle",
        validation=0.0,
    )
    recipe = Recipe(model, objectives.classification(model))
    fresh = model.init(jax.random.key(options.seed), frames.train.inputs[:1].astype(np.float32))
    begun = {  # a layer of the net has no use for the bias of a machine's visible units
        name: {part: machines.params[name][part] for part in own} if name != "output" else own
        for name, own in fresh[0].items()
    }
    return dl.fit(recipe, frames, tuning, init=(begun, fresh[1]))


def _log_posteriors(net: Trained, energies: np.ndarray) -> np.ndarray:
    """ln p(state | frames) of an utterance's frames [F, M]: [F, S]; few shapes are compiled."""
    pictures = speech.patches(energies)
    rows = -(-len(pictures) // 256) * 256
    padded = np.zeros((rows, *pictures.shape[1:]), np.uint8)
    padded[: len(pictures)] = pictures
    probabilities = np.asarray(net.probabilities(padded), np.float64)[: len(pictures)]
    return np.log(np.maximum(probabilities, 1e-12))
