"""What is checked: a recipe on its data, with batches and a first state to try it on."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import Dataset
from dl.data.gather import make_gather
from dl.train.layout import Layout
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.state import TrainState, first_state
from dl.types import Batch, Pair, Ragged


@dataclass(frozen=True)
class Subject:
    """A recipe, its data, the options of its training, and the layout that it is trained with."""

    recipe: Recipe
    data: Dataset
    options: TrainOptions
    layout: Layout

    @cached_property
    def state(self) -> TrainState:
        """The state before the first step, on the first device."""
        return first_state(self.recipe, self.data.spec, self.options)

    def batch(self, rows: int) -> Batch:
        """The first batch of a training with batches of `rows` examples, not augmented.

        There are fewer rows where the training part is smaller.
        """
        source = self.data.train
        rows = min(rows, len(source))
        calls = source.train_calls(seed=self.options.seed, batch_size=rows, total_steps=1)
        number, call = next(iter(calls(0, 1)))
        first = jax.tree.map(lambda leaf: leaf[0], call)
        batch = make_gather(source, self.data.spec)(source.resident()[number], first)
        return jax.tree.map(jnp.asarray, dict(batch))

    def state_for(self, batch: Batch) -> TrainState:
        """The first state with a carry for the rows of `batch`, if training carries one."""
        carries = self.data.spec.carried or self.recipe.model.always_carries
        rows = len(batch["mask"]) if carries else 0
        return replace(self.state, carry=self.recipe.model.zero_carry(rows) if rows else ())


def values_of(inputs: Any) -> np.ndarray:
    """The numbers of the inputs of a batch; of sequences, up to the end of the shortest.

    Of a `Pair` those of its source.

    >>> values_of(Ragged(np.ones((2, 5)), np.array([3, 4]))).shape
    (2, 3)
    """
    if isinstance(inputs, Pair):
        return values_of(inputs.source)
    if isinstance(inputs, Ragged):
        return np.asarray(inputs.values)[:, : int(np.min(inputs.lengths))]
    return np.asarray(inputs)
