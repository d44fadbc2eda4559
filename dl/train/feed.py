"""How examples reach the compiled step: a part lies on the devices whole, or its batches are handed
over.
"""

from collections.abc import Callable, Iterable
from itertools import groupby

import numpy as np

from dl.data.ahead import ahead
from dl.data.batching import IndexedBatch, evaluation_batches, train_batches
from dl.data.dataset import ArraySource, Part
from dl.data.ragged import RaggedSource
from dl.data.stream import StreamedSource
from dl.data.tokens import TokenSource
from dl.train.options import TrainOptions

NO_STEP = -1
"""The index of rows that are no step of a compiled loop."""

Call = tuple[int, IndexedBatch]
"""What a call of a compiled function takes: which of the resident arrays, and batches with leaves
[k, B, ...].
"""
Feed = Callable[[int, int], Iterable[Call]]
"""From a step to another: what the calls in between take."""


def resident_arrays(part: Part) -> list[dict[str, np.ndarray]]:
    """What of a part is put on every device: all of it, by buckets if it has some; nothing of one
    that is read late.
    """
    if isinstance(part, RaggedSource):
        return [part.resident(bucket) for bucket in range(len(part.widths))]
    if isinstance(part, TokenSource):
        return [{"tokens": part.tokens}]
    return [
        {} if isinstance(part, StreamedSource) else {"inputs": part.inputs, "targets": part.targets}
    ]


def make_train_feed(part: Part, options: TrainOptions, *, rows: int, loops: bool, end: int) -> Feed:
    """The batches of training on `part` up to the step `end`: `rows` a call when it `loops`, else
    one.
    """
    if isinstance(part, RaggedSource):
        return _ragged_feed(part, options, rows=rows, loops=loops)
    if isinstance(part, StreamedSource):
        return _streamed_feed(part, options, end=end)

    def feed(start: int, end: int) -> Iterable[Call]:
        return _cut(_batches(part, options, start=start, steps=end - start), rows=rows, loops=loops)

    return feed


def _batches(
    part: ArraySource | StreamedSource | TokenSource,
    options: TrainOptions,
    *,
    start: int,
    steps: int,
) -> IndexedBatch:
    seed, batch_size = options.seed, options.batch_size
    if isinstance(part, TokenSource):
        return part.batches(seed=seed, start=start, steps=steps, batch_size=batch_size)
    return train_batches(
        seed=seed, start=start, steps=steps, examples=len(part), batch_size=batch_size
    )


def _streamed_feed(part: StreamedSource, options: TrainOptions, *, end: int) -> Feed:
    """One batch a call, read ahead of it."""

    def read(step: int) -> IndexedBatch:
        row = _batches(part, options, start=step, steps=1)
        return _with_examples(row, part.draw(row.index[0], seed=options.seed, step=step))

    read_ahead = ahead(read, end=end)
    return lambda start, end: ((0, read_ahead(step)) for step in range(start, end))


def _ragged_feed(part: RaggedSource, options: TrainOptions, *, rows: int, loops: bool) -> Feed:
    """Neighbours that have one width go into one call."""

    def feed(start: int, end: int) -> Iterable[Call]:
        found = part.batches(
            seed=options.seed, start=start, steps=end - start, batch_size=options.batch_size
        )
        for bucket, group in groupby(found, key=lambda one: one[0]):
            alike = _joined([row for _, row in group])
            for _, call in _cut(alike, rows=rows, loops=loops):
                yield bucket, call

    return feed


def make_evaluation_feed(
    part: Part, *, batch_size: int, loops: bool
) -> Callable[[], Iterable[Call]]:
    """Every example of `part`, which is no stream of text, once; the last batch is padded and
    masked.
    """
    batches = evaluation_batches(len(part), batch_size)
    rows = _one_by_one(batches)
    if isinstance(part, RaggedSource):
        # Handed over, so that what is compiled depends on the width of a batch and not on the size
        # of the part.
        return lambda: ((0, _with_examples(row, part.gather(row.index[0]))) for _, row in rows)
    if not isinstance(part, StreamedSource):
        return lambda: [(0, batches)] if loops else rows

    def read(number: int) -> Call:
        row = rows[number][1]
        return 0, _with_examples(row, part.gather(row.index[0]))

    return lambda: map(ahead(read, end=len(rows)), range(len(rows)))


def _with_examples(row: IndexedBatch, examples: dict[str, np.ndarray]) -> IndexedBatch:
    return row._replace(examples={name: values[None] for name, values in examples.items()})


def _cut(batches: IndexedBatch, *, rows: int, loops: bool) -> list[Call]:
    return [(0, _padded(batches, rows))] if loops else _one_by_one(batches)


def _padded(batches: IndexedBatch, rows: int) -> IndexedBatch:
    """As many rows as the compiled loop takes; those that are no step of it are told by their
    index.
    """
    missing = ((0, rows - len(batches.index)), (0, 0))
    return IndexedBatch(
        np.pad(batches.index, missing, constant_values=NO_STEP),
        np.pad(batches.mask, missing),
        None if batches.fresh is None else np.pad(batches.fresh, missing),
    )


def _one_by_one(batches: IndexedBatch) -> list[Call]:
    def row(number: int) -> IndexedBatch:
        fresh = None if batches.fresh is None else batches.fresh[number : number + 1]
        return IndexedBatch(
            batches.index[number : number + 1], batches.mask[number : number + 1], fresh
        )

    return [(0, row(number)) for number in range(len(batches.index))]


def _joined(rows: list[IndexedBatch]) -> IndexedBatch:
    return IndexedBatch(
        np.concatenate([row.index for row in rows]), np.concatenate([row.mask for row in rows])
    )
