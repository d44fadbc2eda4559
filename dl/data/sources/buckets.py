"""Batches of sequences of similar lengths: examples lie sorted by bucket, the shortest first.

`fitting` [K] says how many examples lie in each bucket and those before it. A bucket has one shape
of batches, so that a training step is compiled once for each.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

import numpy as np

from dl.data.sources.batching import (
    IndexedBatch,
    epoch_generator,
    evaluation_batches,
    steps_per_epoch,
    with_examples,
)
from dl.data.sources.source import Call, TrainCalls

BUCKETS = 4
"""The largest number of shapes of batches, if nothing else is said."""

Fitting = tuple[int, ...]
Gather = Callable[[np.ndarray], dict[str, np.ndarray]]


def bucket_calls(fitting: Fitting, *, seed: int, batch_size: int) -> TrainCalls:
    """The calls of training: successive batches of one bucket make one call.

    >>> calls = bucket_calls((1, 4), seed=0, batch_size=2)
    >>> [(bucket, call.index.shape) for bucket, call in calls(0, 2)]
    [(1, (2, 2))]
    """

    def calls(start: int, end: int) -> Iterable[Call]:
        batches = bucket_batches(fitting, seed=seed, start=start, end=end, batch_size=batch_size)
        for bucket, group in groupby(batches, key=itemgetter(0)):
            yield bucket, _joined([batch for _, batch in group])

    return calls


def bucket_batches(
    fitting: Fitting, *, seed: int, start: int, end: int, batch_size: int
) -> list[tuple[int, IndexedBatch]]:
    """Bucket and batch, index and mask [1, B], of each step from `start` to before `end`."""
    in_epoch = steps_per_epoch(fitting[-1], batch_size)
    numbered = []
    for step in range(start, end):
        index, buckets = bucket_epoch(fitting, seed, step // in_epoch, batch_size)
        row = index[step % in_epoch][None]
        numbered.append(
            (int(buckets[step % in_epoch]), IndexedBatch(row, np.ones(row.shape, np.float32)))
        )
    return numbered


@lru_cache(maxsize=4)
def bucket_epoch(
    fitting: Fitting, seed: int, epoch: int, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """The batches of an epoch, index [steps, B], and the bucket of each, [steps].

    Batches mix the examples of a bucket at random; those left over go to the next wider bucket.

    >>> index, buckets = bucket_epoch((1, 4), 0, 0, 2)
    >>> sorted(index.ravel().tolist()), buckets.tolist()
    ([0, 1, 2, 3], [1, 1])
    """
    generator = epoch_generator(seed, epoch)
    order = generator.permutation(fitting[-1]).astype(np.int32)
    bucket_of = np.searchsorted(fitting, order, side="right")
    left, batches, buckets = order[:0], [], []
    for bucket in range(len(fitting)):
        waiting = np.concatenate([left, order[bucket_of == bucket]])
        full = len(waiting) // batch_size
        batches.append(waiting[: full * batch_size].reshape(full, batch_size))
        buckets += [bucket] * full
        left = waiting[full * batch_size :]
    shuffled = generator.permutation(len(buckets))
    index, which = np.concatenate(batches)[shuffled], np.array(buckets, np.int32)[shuffled]
    index.setflags(write=False)
    which.setflags(write=False)
    return index, which


def whole_evaluation(
    gather: Gather, examples: int, batch_size: int
) -> Callable[[], Iterable[IndexedBatch]]:
    """Every example once, one batch a call, which holds what `gather` gives for its index.

    So the compiled program depends on the shape of a batch and not on the size of the part.
    """
    batches = evaluation_batches(examples, batch_size)

    def calls() -> Iterable[IndexedBatch]:
        for index, mask in zip(batches.index, batches.mask, strict=True):
            yield with_examples(IndexedBatch(index[None], mask[None]), gather(index))

    return calls


def widened(rows: np.ndarray, width: int) -> np.ndarray:
    """[B, W, ...] cut or padded with zeros to `width` steps.

    >>> widened(np.array([[1, 2]]), 3).tolist(), widened(np.array([[1, 2]]), 1).tolist()
    ([[1, 2, 0]], [[1]])
    """
    missing = max(0, width - rows.shape[1])
    return np.pad(rows[:, :width], ((0, 0), (0, missing), *[(0, 0)] * (rows.ndim - 2)))


def _joined(rows: list[IndexedBatch]) -> IndexedBatch:
    index, mask = ([getattr(row, name) for row in rows] for name in ("index", "mask"))
    return IndexedBatch(np.concatenate(index), np.concatenate(mask))
