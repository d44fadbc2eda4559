"""A classifier of frames of speech that begins with the weights of a belief net."""

from typing import Any

import jax
import numpy as np

import dl
from dl import Dataset, Recipe, Trained, TrainOptions, models, objectives
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource
from dl.hmm import WordModels
from dl.lessons import speech
from experiments._belief import MachineOptions, greedy_recipe, sizes_of


def frames_of(words: WordModels, train: speech.Strings, test: speech.Strings) -> Dataset:
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


def train_on_frames(options: Any, frames: Dataset) -> Trained:
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
        dropout=options.dropout,
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


def log_posteriors(net: Trained, energies: np.ndarray) -> np.ndarray:
    """ln p(state | frames) of an utterance's frames [F, M]: [F, S]; few shapes are compiled."""
    pictures = speech.patches(energies)
    rows = -(-len(pictures) // 256) * 256
    padded = np.zeros((rows, *pictures.shape[1:]), np.uint8)
    padded[: len(pictures)] = pictures
    probabilities = np.asarray(net.probabilities(padded), np.float64)[: len(pictures)]
    return np.log(np.maximum(probabilities, 1e-12))
