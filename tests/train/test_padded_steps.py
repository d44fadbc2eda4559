"""Batch norm in a training on sequences of several lengths does not see their padding."""

from typing import Any

import jax
import numpy as np
from flax import linen as nn

import dl
from dl.data.readers.sequences import frames
from dl.types import Pair

MASK = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]], np.float32)
PICTURES = np.random.default_rng(1).normal(size=(3, 4, 4, 1)).astype(np.float32)


class OfFrames(nn.Module):
    """Logits of each frame, after batch norm that keeps the last batch's statistics alone."""

    @nn.compact
    def __call__(self, inputs: Any, *, train: bool = False) -> Any:
        norm = nn.BatchNorm(use_running_average=not train, momentum=0.0, name="norm")
        return nn.Dense(2)(norm(inputs.values.astype(np.float32)))


class OfPairs(nn.Module):
    """Logits of three symbols at each of four steps, from pictures and nothing else."""

    @nn.compact
    def __call__(self, inputs: Pair, *, train: bool = False) -> Any:
        norm = nn.BatchNorm(use_running_average=not train, momentum=0.0, name="norm")
        seen = norm(inputs.source).mean(axis=(1, 2))
        return nn.Dense(12)(seen).reshape(-1, 4, 3)


def test_padding_of_songs_is_not_in_the_statistics_that_a_training_keeps() -> None:
    generator = np.random.default_rng(0)
    songs = [generator.integers(0, 2, (steps, 2)).astype(np.float32) for steps in (3, 4, 6, 9)]
    data = frames("songs", songs, None, songs, class_names=("low", "high"))
    model = dl.models.from_linen(OfFrames(), ragged=True)
    recipe = dl.Recipe(model, dl.objectives.frames(model))
    options = dl.TrainOptions(batch_size=4, epochs=1, parallel="jit", devices=1)
    trained = dl.fit(recipe, data, options, progress=False)
    before = np.concatenate([song[:-1] for song in songs]).sum(axis=0)
    mean = before / sum(map(len, songs))  # a frame of silence begins each song
    np.testing.assert_allclose(trained.state.model_state["batch_stats"]["norm"]["mean"], mean)


def test_the_mask_of_symbols_is_not_taken_for_one_of_rows_of_pixels() -> None:
    model = dl.models.from_linen(OfPairs())
    inputs = Pair(PICTURES, np.zeros((3, 4), np.int32))
    state = dl.init_state(model, dl.optimizers.sgd(0.1), inputs, seed=0)
    step = jax.jit(dl.make_train_step(dl.objectives.next_symbol(model), dl.optimizers.sgd(0.1)))
    batch = {"inputs": inputs, "targets": np.zeros((3, 4), np.int32), "mask": MASK}
    state, _ = step(state, {**batch, "index": np.arange(3)})
    kept = state.model_state["batch_stats"]["norm"]["mean"]
    np.testing.assert_allclose(kept, PICTURES.mean(axis=(0, 1, 2)), rtol=1e-4)
