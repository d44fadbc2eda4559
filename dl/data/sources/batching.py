"""Batches as a pure function of (seed, epoch, step): which examples, in which order.

There is no iterator and so no state of one. A run that resumes at step n asks for step n, and all
layouts of devices and all numbers of steps per call see the same batches.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.types import Array


class IndexedBatch(NamedTuple):
    """Which examples make a batch: `index` [..., B] int32, `mask` [..., B] (0 for padding).

    For a stream `index` is the first symbol of a row and `mask` counts its targets; `fresh` [...,
    B] is 1 where a row starts from an empty state instead of the state of the row before.
    `examples` are `inputs` [..., B, ...], `targets` [..., B] and, for sequences of several lengths,
    `lengths` [..., B]; they are given where nothing is gathered on the devices.
    """

    index: np.ndarray
    mask: np.ndarray
    fresh: np.ndarray | None = None
    examples: dict[str, np.ndarray] | None = None

    def rows(self, rows: slice) -> "IndexedBatch":
        """These rows of batches [k, B, ...]."""
        return jax.tree.map(lambda leaf: leaf[:, rows], self)


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Full batches in an epoch. The incomplete last batch is dropped.

    Which examples it holds changes each epoch.

    >>> steps_per_epoch(1437, 128)
    11
    """
    if not examples:
        raise InputError("there are no training examples: give data with some")
    if batch_size > examples:
        raise InputError(
            f"batch size {batch_size} is larger than the {examples} training examples: "
            f"use --batch-size {examples} or less"
        )
    return examples // batch_size


def epoch_generator(seed: int, epoch: int) -> np.random.Generator:
    """The random numbers from which the order of an epoch is drawn: those of (seed, epoch).

    >>> bool(epoch_generator(0, 3).random() == epoch_generator(0, 3).random())
    True
    """
    return np.random.Generator(np.random.Philox(key=np.array([seed, epoch], np.uint64)))


@lru_cache(maxsize=4)
def epoch_order(seed: int, epoch: int, examples: int) -> np.ndarray:
    """The permutation [N] in which an epoch visits the examples.

    >>> sorted(epoch_order(0, 3, 4).tolist())
    [0, 1, 2, 3]
    """
    order = epoch_generator(seed, epoch).permutation(examples).astype(np.int32)
    order.setflags(write=False)
    return order


def train_batches(
    *, seed: int, start: int, steps: int, examples: int, batch_size: int
) -> IndexedBatch:
    """The batches of `steps` steps from step `start` on: index and mask [steps, B].

    >>> train_batches(seed=0, start=0, steps=2, examples=5, batch_size=2).index.shape
    (2, 2)
    """
    in_epoch = steps_per_epoch(examples, batch_size)
    rows = []
    for step in range(start, start + steps):
        epoch, position = divmod(step, in_epoch)
        rows.append(
            epoch_order(seed, epoch, examples)[position * batch_size : (position + 1) * batch_size]
        )
    index = np.stack(rows)
    return IndexedBatch(index, np.ones(index.shape, np.float32))


def evaluation_batches(examples: int, batch_size: int) -> IndexedBatch:
    """Every example exactly once, in order: index and mask [batches, B].

    The last batch is padded and masked.

    >>> batches = evaluation_batches(5, 2)
    >>> batches.index.tolist(), batches.mask.tolist()
    ([[0, 1], [2, 3], [4, 0]], [[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    """
    batches = -(-examples // batch_size)
    position = np.arange(batches * batch_size).reshape(batches, batch_size)
    real = position < examples
    return IndexedBatch(np.where(real, position, 0).astype(np.int32), real.astype(np.float32))


def with_examples(row: IndexedBatch, examples: dict[str, np.ndarray]) -> IndexedBatch:
    """A call of one batch, `index` [1, B], that holds its `examples` [B, ...]."""
    return row._replace(examples={name: values[None] for name, values in examples.items()})


def step_weights(lengths: Array, steps: int) -> Array:
    """1 for the first `lengths` [B] of `steps` steps, then 0: float32 [B, T].

    >>> step_weights(jnp.array([0, 2]), 3).tolist()
    [[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    """
    return (jnp.arange(steps) < lengths[:, None]).astype(jnp.float32)
