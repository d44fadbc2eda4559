"""Items that users took, each to be predicted from all others that the same user took."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from dl.data.sources.batching import IndexedBatch, evaluation_batches, train_batches
from dl.data.sources.source import Call, TrainCalls
from dl.errors import InputError
from dl.types import Array, Batch

_MOST_INPUTS = 2**28


@dataclass(frozen=True)
class HistorySource:
    """Examples n: the user `users[n]` took the item `targets[n]`, both int32 [N].

    `taken` uint8 [U, I] is 1 where a user took an item in training. Its rows are the inputs of a
    model, float32 [B, I], in which the target itself is 0. They lie on the devices once.

    >>> source = HistorySource(np.array([[1, 1, 0]], np.uint8), np.zeros(1, int), np.array([1]))
    >>> source.gather(np.array([0]))["inputs"].tolist()
    [[1.0, 0.0, 0.0]]
    """

    taken: np.ndarray
    users: np.ndarray
    targets: np.ndarray

    steps_per_call: ClassVar[int] = 0
    batches_per_call: ClassVar[int] = 8
    in_memory: ClassVar[bool] = True
    carries: ClassVar[bool] = False
    pads: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if len(self.users) != len(self.targets):
            raise InputError(
                f"{len(self.users)} users but {len(self.targets)} items that they took"
            )

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def inputs(self) -> np.ndarray:
        """The history of each example, [N, I]."""
        if len(self) * self.taken.shape[1] > _MOST_INPUTS:
            raise InputError(
                f"{len(self):,} histories of {self.taken.shape[1]:,} items are not kept in memory "
                "together: look at `taken` and `users`"
            )
        return self.gather(np.arange(len(self)))["inputs"]

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The examples at `index` [..., B]."""
        targets = self.targets[index]
        inputs = self.taken[self.users[index]].astype(np.float32)
        np.put_along_axis(inputs, targets[..., None], 0.0, axis=-1)
        return {"inputs": inputs, "targets": targets}

    def take(self, index: np.ndarray) -> "HistorySource":
        """The examples at `index` [M] as a source, with the same histories."""
        return replace(self, users=self.users[index], targets=self.targets[index])

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with every history and every example in order."""
        for array in (self.taken, self.users, self.targets):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)

    def resident(self) -> list[dict[str, np.ndarray]]:
        """Histories, users and items, as one set."""
        return [{"taken": self.taken, "users": self.users, "targets": self.targets}]

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The examples at `indexed.index` [B], traced."""
        examples = indexed.examples or {
            name: arrays[name][indexed.index] for name in ("users", "targets")
        }
        users, targets = (jnp.asarray(examples[name]) for name in ("users", "targets"))
        history = jnp.asarray(arrays["taken"])[users].astype(jnp.float32)
        items = jnp.arange(history.shape[1])
        return {
            "inputs": jnp.where(items[None] == targets[:, None], 0.0, history),
            "targets": targets,
            "mask": jnp.asarray(indexed.mask),
            "index": jnp.asarray(indexed.index),
        }

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """All batches from one step to another make one call."""
        batches = partial(train_batches, seed=seed, examples=len(self), batch_size=batch_size)

        def calls(start: int, end: int) -> list[Call]:
            return [(0, batches(start=start, steps=end - start))]

        return calls

    def evaluated(self) -> "HistorySource":
        """The source itself."""
        return self

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """Every example once, `batches_per_call` batches a call, which hold users and items."""
        batches, count = evaluation_batches(len(self), batch_size), self.batches_per_call

        def calls() -> Iterable[IndexedBatch]:
            for start in range(0, len(batches.index), count):
                index, mask = (rows[start : start + count] for rows in batches[:2])
                examples = {"users": self.users[index], "targets": self.targets[index]}
                yield IndexedBatch(index, mask, examples=examples)

        return calls

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """The histories, which are the same for all parts."""
        return {"taken": self.taken}
