"""What training and evaluation ask of data of any kind."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Protocol, Self, TypeAlias, runtime_checkable

import jax
import numpy as np

from dl.data.sources.batching import IndexedBatch
from dl.types import Array, Batch

NO_STEP = -1
"""The index of steps that only fill a call up to its length: the compiled loop leaves them out."""

Call: TypeAlias = tuple[int, IndexedBatch]
"""What a compiled call takes: the number of a set of arrays, and batches [k, B, ...]."""
TrainCalls: TypeAlias = Callable[[int, int], Iterable[Call]]
"""From two steps to the calls between them; successive batches of one shape make one call."""


class Source(Protocol):
    """A part of a data set. It says which arrays lie on the devices, and makes the compiled calls.

    `steps_per_call` limits the steps of one compiled call: 0 is no limit, 1 is for batches that
    seldom have the shape of the one before. A call of an evaluation has `batches_per_call`, of
    which the last ones may be padding, so that one program serves parts of all sizes. A source that
    is not `in_memory` gives its batches one by one, so that no compiled loop can run over them. If
    it `carries`, an evaluation passes the recurrent state from each batch to the next; its batches
    have one row. If it `pads`, batches of training may have steps whose mask is 0.
    """

    steps_per_call: ClassVar[int]
    batches_per_call: ClassVar[int]
    in_memory: ClassVar[bool]
    carries: ClassVar[bool]
    pads: ClassVar[bool]

    def __len__(self) -> int:
        """The number of examples, each of which an epoch visits once."""
        ...

    @property
    def inputs(self) -> np.ndarray:
        """All inputs [N, ...]; raises an `InputError` if they are not in memory."""
        ...

    @property
    def targets(self) -> np.ndarray:
        """All targets [N, ...]; raises an `InputError` if they are not in memory."""
        ...

    def take(self, index: np.ndarray) -> Self:
        """The examples at `index` [M] as a source."""
        ...

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with every example in order."""
        ...

    def resident(self) -> list[dict[str, np.ndarray]]:
        """The sets of arrays that lie on every device, one for each shape of batches."""
        ...

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The batch that `indexed` names, from one of the resident sets; pure, and traced."""
        ...

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """A function of two steps that gives the calls between them, up to step `total_steps`."""
        ...

    def evaluated(self) -> "Source":
        """The source in the form in which an evaluation reads it."""
        ...

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """Every example once; the last batch is padded and masked. Leaves are [k, B, ...]."""
        ...

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """The arrays that lie on every device during an evaluation."""
        ...


@runtime_checkable
class ReadsRows(Protocol):
    """A source that can read some rows of each batch alone, as one of several processes does."""

    def of_rows(self, rows: slice) -> Source:
        """The same examples in batches that have only these of their rows."""
        ...


def distinct_arrays(sets: Iterable[Mapping[str, np.ndarray]]) -> dict[int, np.ndarray]:
    """The arrays of all sets by `id`; one that several sets hold stands there once.

    >>> pictures = np.zeros(3)
    >>> len(distinct_arrays([{"a": pictures, "b": np.ones(2)}, {"a": pictures}]))
    2
    """
    return {id(array): array for arrays in sets for array in arrays.values()}


def cut_calls(batches: IndexedBatch, *, room: int, loops: bool) -> list[IndexedBatch]:
    """Batches [n, B] as one call of a compiled loop, padded to its `room`, or as a call a step.

    >>> batches = IndexedBatch(np.array([[3], [4]]), np.ones((2, 1)))
    >>> [call.index.tolist() for call in cut_calls(batches, room=3, loops=True)]
    [[[3], [4], [-1]]]
    >>> [call.index.tolist() for call in cut_calls(batches, room=3, loops=False)]
    [[[3]], [[4]]]
    """
    count = len(batches.index)
    if loops:
        return [_padded(batches, room - count)]
    return [_rows(batches, slice(row, row + 1)) for row in range(count)]


def _rows(batches: IndexedBatch, rows: slice) -> IndexedBatch:
    return jax.tree.map(lambda leaf: leaf[rows], batches)


def _padded(batches: IndexedBatch, missing: int) -> IndexedBatch:
    def pad(leaf: Any) -> np.ndarray:
        return np.pad(leaf, ((0, missing), *[(0, 0)] * (leaf.ndim - 1)))

    padded: IndexedBatch = jax.tree.map(pad, batches)
    padded.index[len(batches.index) :] = NO_STEP
    return padded
