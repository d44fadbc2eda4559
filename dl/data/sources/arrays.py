"""Examples that are held in memory."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from dl.data.sources.batching import IndexedBatch, evaluation_batches, train_batches
from dl.data.sources.source import Call, TrainCalls
from dl.errors import InputError
from dl.types import Array, Batch


@dataclass(frozen=True)
class ArraySource:
    """Examples in memory: `inputs` [N, ...] and `targets` [N, ...].

    All of them are copied to the devices, where batches are gathered by index. `names` [N] says
    what the examples are called, such as the files of pictures; it is empty where they have none.

    >>> source = ArraySource(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    >>> len(source), source.gather(np.array([2]))["inputs"].tolist()
    (3, [[4.0, 5.0]])
    """

    inputs: np.ndarray
    targets: np.ndarray
    names: tuple[str, ...] = ()

    steps_per_call: ClassVar[int] = 0
    batches_per_call: ClassVar[int] = 8
    in_memory: ClassVar[bool] = True
    carries: ClassVar[bool] = False
    pads: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            raise InputError(
                f"{len(self.inputs)} inputs but {len(self.targets)} targets: "
                f"give one target for each input"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The examples at `index` [..., B]."""
        return {"inputs": self.inputs[index], "targets": self.targets[index]}

    def take(self, index: np.ndarray) -> "ArraySource":
        """The examples at `index` [M] as a source."""
        names = tuple(self.names[place] for place in index) if self.names else ()
        return ArraySource(self.inputs[index], self.targets[index], names)

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with every example in order."""
        for array in (self.inputs, self.targets):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)

    def resident(self) -> list[dict[str, np.ndarray]]:
        """All inputs and targets, as one set."""
        return [{"inputs": self.inputs, "targets": self.targets}]

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The examples at `indexed.index` [B]; see `batch_of_examples`."""
        return batch_of_examples(examples_of(arrays, indexed), indexed)

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """All batches from one step to another make one call."""
        batches = partial(train_batches, seed=seed, examples=len(self), batch_size=batch_size)

        def calls(start: int, end: int) -> list[Call]:
            return [(0, batches(start=start, steps=end - start))]

        return calls

    def evaluated(self) -> "ArraySource":
        """The source itself."""
        return self

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """Every example once, `batches_per_call` batches a call.

        Batches hold their examples, so that the compiled program does not depend on the size of the
        part.
        """
        batches, count = evaluation_batches(len(self), batch_size), self.batches_per_call

        def calls() -> Iterable[IndexedBatch]:
            for start in range(0, len(batches.index), count):
                index, mask = (rows[start : start + count] for rows in batches[:2])
                yield IndexedBatch(index, mask, examples=self.gather(index))

        return calls

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """None: batches hold their examples."""
        return {}


def batch_of_examples(examples: Mapping[str, Any], indexed: IndexedBatch) -> Batch:
    """The batch of inputs and targets [B, ...], with the mask and the index that belong to them."""
    return {
        "inputs": jnp.asarray(examples["inputs"]),
        "targets": jnp.asarray(examples["targets"]),
        "mask": jnp.asarray(indexed.mask),
        "index": jnp.asarray(indexed.index),
    }


def examples_of(arrays: dict[str, Array], indexed: IndexedBatch) -> dict[str, Any]:
    """The examples that a batch holds, or else those of `arrays` [N, ...] at its index; traced.

    >>> arrays = {"inputs": jnp.array([[1.0], [2.0]]), "targets": jnp.array([0, 1])}
    >>> examples_of(arrays, IndexedBatch(np.array([1]), np.ones(1)))["inputs"].tolist()
    [[2.0]]
    """
    return indexed.examples or {name: array[indexed.index] for name, array in arrays.items()}
