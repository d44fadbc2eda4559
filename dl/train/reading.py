"""The calls of training and evaluation with the rows of this process alone.

The order of the data is a pure function of (seed, epoch, step), which every process knows. In
memory, a process takes its rows of a batch; a source that reads while it is used reads no others.
"""

from collections.abc import Callable, Iterable

from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import Call, ReadsRows, Source, TrainCalls
from dl.train.processes import ALL_ROWS, rows_here


def train_calls_here(source: Source, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
    """The calls of training; their leaves are [k, B / processes, ...]."""
    source, rows = _read_here(source, batch_size)
    calls = source.train_calls(seed=seed, batch_size=batch_size, total_steps=total_steps)
    if rows == ALL_ROWS:
        return calls

    def own(start: int, end: int) -> Iterable[Call]:
        return ((number, batches.rows(rows)) for number, batches in calls(start, end))

    return own


def evaluation_calls_here(
    source: Source, *, batch_size: int
) -> Callable[[], Iterable[IndexedBatch]]:
    """The calls of an evaluation; their leaves are [k, B / processes, ...]."""
    source, rows = _read_here(source, batch_size)
    calls = source.evaluation_calls(batch_size=batch_size)
    if rows == ALL_ROWS:
        return calls
    return lambda: (batches.rows(rows) for batches in calls())


def _read_here(source: Source, batch_size: int) -> tuple[Source, slice]:
    """The source as this process reads it, and the rows to take of the batches that it gives."""
    rows = rows_here(batch_size)
    if isinstance(source, ReadsRows) and rows != ALL_ROWS:
        return source.of_rows(rows), ALL_ROWS
    return source, rows
