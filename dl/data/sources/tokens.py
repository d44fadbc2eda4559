"""One long stream of symbols as training data: successive segments, or windows at random places."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar, Literal, TypeAlias

import jax.numpy as jnp
import numpy as np

from dl.data.sources.batching import (
    IndexedBatch,
    epoch_generator,
    step_weights,
    steps_per_epoch,
)
from dl.data.sources.source import Call, TrainCalls
from dl.errors import InputError
from dl.ranges import check_fields
from dl.types import Array, Batch

Order: TypeAlias = Literal["segments", "windows"]

EVALUATION_STEPS = 256
"""Symbols in a segment of an evaluation; results do not depend on it."""


@dataclass(frozen=True)
class TokenSource:
    """A stream of symbols [N]; a training step reads `steps` of a row and predicts each next one.

    As `segments` the stream is cut into B lanes, one for each row of the batch. Step s of an epoch
    reads segment s of every lane, so that a row continues from the state at the end of its segment
    before. Each epoch starts at another symbol: the cuts fall elsewhere, and the symbols that are
    left out lie before or behind the lanes. No symbol is a target twice in an epoch. As `windows`
    rows start anywhere, from an empty state. Evaluation reads the whole stream
    (`dl.train.evaluation`).

    >>> source = TokenSource(np.arange(10), steps=2)
    >>> batches = source.batches(seed=0, start=0, steps=2, batch_size=2)
    >>> (batches.index - batches.index[0, 0]).tolist(), batches.fresh.tolist()
    ([[0, 4], [2, 6]], [[1.0, 1.0], [0.0, 0.0]])
    """

    tokens: np.ndarray
    steps: int
    order: Order = "segments"

    steps_per_call: ClassVar[int] = 0
    batches_per_call: ClassVar[int] = 1
    in_memory: ClassVar[bool] = True
    carries: ClassVar[bool] = True
    pads: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_fields(self)
        if self.steps < 1:
            raise InputError(f"a segment of {self.steps} symbols is none: give --segment 1 or more")
        if len(self.tokens) < 2:
            raise InputError(
                f"a text of {len(self.tokens)} symbol(s) has none to predict: give a longer one"
            )

    def __len__(self) -> int:
        """The number of segments to train on."""
        return max(0, (len(self.tokens) - self.steps) // self.steps)

    @property
    def inputs(self) -> np.ndarray:
        """A stream has no examples: raises an `InputError`."""
        raise InputError("a stream of text has no examples; its symbols are in `tokens`")

    targets = inputs

    def take(self, index: np.ndarray) -> "TokenSource":
        """The stream up to the end of the segments at `index`, which are the first ones."""
        return replace(self, tokens=self.tokens[: (len(index) + 1) * self.steps])

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with the stream."""
        digest.update(f"{self.tokens.dtype}{self.tokens.shape}{self.steps}{self.order}".encode())
        digest.update(np.ascontiguousarray(self.tokens).data)

    def resident(self) -> list[dict[str, np.ndarray]]:
        """The whole stream, as one set."""
        return [self.evaluation_arrays()]

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The segments that start at `indexed.index` [B]; see `cut_segments`."""
        return cut_segments(arrays["tokens"], indexed, steps=self.steps)

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """All batches from one step to another make one call."""

        def calls(start: int, end: int) -> list[Call]:
            steps = end - start
            return [(0, self.batches(seed=seed, start=start, steps=steps, batch_size=batch_size))]

        return calls

    def evaluated(self) -> "TokenSource":
        """The same stream in segments of `EVALUATION_STEPS` symbols."""
        return replace(self, steps=EVALUATION_STEPS)

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """The stream as one row: every symbol but the first is predicted from all before it."""
        starts = np.arange(0, len(self.tokens) - 1, self.steps, dtype=np.int32)
        counts = np.minimum(self.steps, len(self.tokens) - 1 - starts).astype(np.float32)
        return lambda: [IndexedBatch(starts[:, None], counts[:, None])]

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """The whole stream."""
        return {"tokens": self.tokens}

    def batches(self, *, seed: int, start: int, steps: int, batch_size: int) -> IndexedBatch:
        """The first symbols of the rows of `steps` training steps: index [steps, B].

        `mask` counts the targets of a row; `fresh` is 1 where a row starts from an empty state.
        """
        in_epoch = steps_per_epoch(len(self), batch_size)
        rows = [
            self._row(seed, *divmod(step, in_epoch), in_epoch, batch_size)
            for step in range(start, start + steps)
        ]
        index = np.stack(rows).astype(np.int32)
        first = np.array([step % in_epoch == 0 for step in range(start, start + steps)])
        fresh = first | (self.order == "windows")
        return IndexedBatch(
            index,
            np.full(index.shape, self.steps, np.float32),
            fresh=np.broadcast_to(fresh[:, None], index.shape).astype(np.float32),
        )

    def _row(
        self, seed: int, epoch: int, position: int, in_epoch: int, batch_size: int
    ) -> np.ndarray:
        if self.order == "windows":
            anywhere = _drawn(seed, epoch, len(self.tokens) - self.steps, in_epoch * batch_size)
            return anywhere[position * batch_size : (position + 1) * batch_size]
        shift = int(
            _drawn(seed, epoch, len(self.tokens) - in_epoch * batch_size * self.steps, 1)[0]
        )
        return shift + (np.arange(batch_size) * in_epoch + position) * self.steps


def cut_segments(tokens: Array, indexed: IndexedBatch, *, steps: int) -> Batch:
    """The symbols of a stream [N] from `index` [B] on: inputs and targets [B, T].

    Targets are the inputs one symbol later.
    """
    places = jnp.minimum(
        jnp.asarray(indexed.index)[:, None] + jnp.arange(steps + 1), len(tokens) - 1
    )
    rows = tokens[places].astype(jnp.int32)
    batch = {
        "inputs": rows[:, :-1],
        "targets": rows[:, 1:],
        "mask": step_weights(jnp.asarray(indexed.mask), steps),
        "index": jnp.asarray(indexed.index),
    }
    return batch if indexed.fresh is None else {**batch, "fresh": jnp.asarray(indexed.fresh)}


@lru_cache(maxsize=4)
def _drawn(seed: int, epoch: int, below: int, count: int) -> np.ndarray:
    """`count` random places in [0, below)."""
    places = epoch_generator(seed, epoch).integers(0, below, count)
    places.setflags(write=False)
    return places
