"""Calls of one batch for sources that read their examples: threads read the next ones meanwhile.

Which examples a call has is a function of (seed, epoch, step), as for arrays, so that what is read
ahead changes nothing but the time.
"""

from collections.abc import Callable, Iterable

import jax
import numpy as np

from dl.data.sources.ahead import ahead
from dl.data.sources.batching import (
    IndexedBatch,
    evaluation_batches,
    train_batches,
    with_examples,
)
from dl.data.sources.source import TrainCalls


def train_calls_ahead(
    read: Callable[[np.ndarray, int], dict[str, np.ndarray]],
    *,
    examples: int,
    seed: int,
    batch_size: int,
    total_steps: int,
    rows: slice,
    prefetch: int = 0,
) -> TrainCalls:
    """The calls of a training on `examples` examples: `read(index, step)` gives those at `index`.

    A call has `rows` of its step's batch of `batch_size`. Up to step `total_steps`, `prefetch`
    calls are read ahead; 0 is one for each core.

    >>> read = lambda index, step: {"inputs": 10 * index}
    >>> whole = slice(None)
    >>> calls = train_calls_ahead(
    ...     read, examples=4, seed=0, batch_size=4, total_steps=9, rows=whole, prefetch=1
    ... )
    >>> [(number, call)] = calls(2, 3)
    >>> number, call.index.shape, sorted(call.examples["inputs"][0].tolist())
    (0, (1, 4), [0, 10, 20, 30])
    """

    def call(step: int) -> IndexedBatch:
        batch = train_batches(
            seed=seed, start=step, steps=1, examples=examples, batch_size=batch_size
        ).rows(rows)
        return with_examples(batch, read(batch.index[0], step))

    get = ahead(call, end=total_steps, depth=prefetch)
    return lambda start, end: ((0, get(step)) for step in range(start, end))


def evaluation_calls_ahead(
    read: Callable[[np.ndarray], dict[str, np.ndarray]],
    *,
    examples: int,
    batch_size: int,
    rows: slice,
    prefetch: int = 0,
) -> Callable[[], Iterable[IndexedBatch]]:
    """The calls of an evaluation, each example once: `read(index)` gives those at `index`.

    A call has `rows` of a batch of `batch_size`, and `prefetch` calls are read ahead; 0 is one for
    each core.

    >>> calls = evaluation_calls_ahead(
    ...     lambda index: {"inputs": 10 * index}, examples=3, batch_size=2, rows=slice(None)
    ... )
    >>> [(call.examples["inputs"].tolist(), call.mask.tolist()) for call in calls()]
    [([[0, 10]], [[1.0, 1.0]]), ([[20, 0]], [[1.0, 0.0]])]
    """
    batches = evaluation_batches(examples, batch_size)
    count = len(batches.index)

    def call(number: int) -> IndexedBatch:
        batch: IndexedBatch = jax.tree.map(lambda leaf: leaf[number][None], batches)
        own = batch.rows(rows)
        return with_examples(own, read(own.index[0]))

    return lambda: map(ahead(call, end=count, depth=prefetch), range(count))
