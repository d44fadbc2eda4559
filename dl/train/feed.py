"""How examples reach the compiled step: a part lies on the devices whole, or its batches are handed over."""

from collections.abc import Callable, Iterable

import numpy as np

from dl.data.ahead import ahead
from dl.data.batching import IndexedBatch, evaluation_batches, train_batches
from dl.data.dataset import Part
from dl.data.stream import StreamedSource
from dl.train.options import TrainOptions

NO_STEP = -1
"""The index of rows that are no step of a compiled loop."""

Feed = Callable[[int, int], Iterable[IndexedBatch]]
"""From a step to another: what the calls in between take, leaves [k, B, ...]."""


def resident_arrays(part: Part) -> dict[str, np.ndarray]:
    """What of a part is put on every device: all of it, or nothing of one that is streamed."""
    return {} if isinstance(part, StreamedSource) else {"inputs": part.inputs, "targets": part.targets}


def make_train_feed(part: Part, options: TrainOptions, *, rows: int, loops: bool, end: int) -> Feed:
    """The batches of training on `part` up to the step `end`: `rows` a call when it `loops`, else one."""

    def batches(start: int, steps: int) -> IndexedBatch:
        return train_batches(
            seed=options.seed, start=start, steps=steps, examples=len(part), batch_size=options.batch_size
        )

    if not isinstance(part, StreamedSource):
        return lambda start, end: _cut(batches(start, end - start), rows=rows, loops=loops)

    def read(step: int) -> IndexedBatch:
        row = batches(step, 1)
        return _with_examples(row, part.draw(row.index[0], seed=options.seed, step=step))

    read_ahead = ahead(read, end=end)
    return lambda start, end: map(read_ahead, range(start, end))


def make_evaluation_feed(part: Part, *, batch_size: int, loops: bool) -> Callable[[], Iterable[IndexedBatch]]:
    """Every example of `part` once, the last batch padded and masked."""
    batches = evaluation_batches(len(part), batch_size)
    if not isinstance(part, StreamedSource):
        return lambda: [batches] if loops else _one_by_one(batches)
    rows = _one_by_one(batches)

    def read(number: int) -> IndexedBatch:
        return _with_examples(rows[number], part.gather(rows[number].index[0]))

    return lambda: map(ahead(read, end=len(rows)), range(len(rows)))


def _with_examples(row: IndexedBatch, examples: dict[str, np.ndarray]) -> IndexedBatch:
    return row._replace(examples={name: values[None] for name, values in examples.items()})


def _cut(batches: IndexedBatch, *, rows: int, loops: bool) -> list[IndexedBatch]:
    return [_padded(batches, rows)] if loops else _one_by_one(batches)


def _padded(batches: IndexedBatch, rows: int) -> IndexedBatch:
    """As many rows as the compiled loop takes; those that are no step of it are told by their index."""
    missing = ((0, rows - len(batches.index)), (0, 0))
    return IndexedBatch(np.pad(batches.index, missing, constant_values=NO_STEP), np.pad(batches.mask, missing))


def _one_by_one(batches: IndexedBatch) -> list[IndexedBatch]:
    return [
        IndexedBatch(batches.index[row : row + 1], batches.mask[row : row + 1]) for row in range(len(batches.index))
    ]
