"""One training step as it is in a run, for tests that make a few steps or only compile one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax

from dl.data.dataset import Dataset
from dl.data.gather import make_gather
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import cut_calls
from dl.search.groups import options_of
from dl.search.trials import Candidate
from dl.train.fits import stages_of
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.state import TrainState
from dl.train.step import augmented, make_train_step
from dl.types import Array


def at_a_constant_rate(options: TrainOptions) -> TrainOptions:
    """The options without a schedule and without what belongs to one, for a single net.

    >>> at_a_constant_rate(TrainOptions(schedule="cosine", final_rate=0.1)).final_rate
    0.0
    """
    own = replace(options, members=1, patience=0)
    return options_of(own, Candidate({"schedule": "constant", "warm_up": 0}))


def make_one_step(
    recipe: Recipe, data: Dataset, options: TrainOptions
) -> Callable[[TrainState, dict[str, Array], IndexedBatch], tuple[TrainState, Array]]:
    """The pure function `step(state, arrays, indexed)`: the next state, the mean loss before it.

    It gathers the batch, augments it as in the first epoch, and trains on it.
    """
    gather, augment = make_gather(data.train, data.spec), stages_of(recipe).augments[0]
    step = make_train_step(
        recipe.objective,
        recipe.optimizer,
        padded=data.train.pads,
        ema=options.ema,
        average_after=options.averages_after(data.spec),
        **options.of_step,
    )
    step = step if augment is None else augmented(step, augment)

    def one_step(
        state: TrainState, arrays: dict[str, Array], indexed: IndexedBatch
    ) -> tuple[TrainState, Array]:
        state, sums = step(state, gather(arrays, indexed))
        return state, sums["loss"].sum / sums["loss"].count

    return one_step


def batches(data: Dataset, options: TrainOptions, *, steps: int) -> Iterator[tuple[int, Any]]:
    """For each step the number of a set of resident arrays, and which batch to take of it."""
    calls = data.train.train_calls(
        seed=options.seed, batch_size=options.batch_size, total_steps=steps
    )
    for number, group in calls(0, steps):
        for call in cut_calls(group, room=1, loops=False):
            yield number, jax.tree.map(lambda leaf: leaf[0], call)
