"""Examples of any object with a length and items: each is read when a batch needs it."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Protocol

import numpy as np

from dl.data.naming import shown
from dl.data.sources.arrays import batch_of_examples, examples_of
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.calls_ahead import evaluation_calls_ahead, train_calls_ahead
from dl.data.sources.source import TrainCalls
from dl.data.split import permutation
from dl.errors import InputError, RunError
from dl.types import Array, Batch

LOOKED_AT = 64
"""Items that show what all of them are, and that a fingerprint holds."""
_SEED = 20_17_06  # fixed for ever: a data set keeps its fingerprint


class Items(Protocol):
    """Random access to examples, each a pair (input, target) or a mapping that has both.

    Threads read several items at the same time.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


@dataclass(frozen=True)
class ItemSource:
    """The examples `index` [N] of `items`, whose inputs have one `shape` and `dtype`.

    `keys` are those of input and target in items that are mappings; `encode` makes targets of the
    task from those of a batch. `prefetch` batches are read ahead; 0 is one for each core. Batches
    have the `rows` that this process reads, of several that train together.
    """

    items: Items
    name: str
    keys: tuple[str, str]
    shape: tuple[int, ...]
    dtype: str
    encode: Callable[[list[Any]], np.ndarray]
    index: np.ndarray
    prefetch: int = 0
    rows: slice = field(default_factory=partial(slice, None))

    steps_per_call: ClassVar[int] = 1
    batches_per_call: ClassVar[int] = 1
    in_memory: ClassVar[bool] = False
    carries: ClassVar[bool] = False
    pads: ClassVar[bool] = False

    def __len__(self) -> int:
        return len(self.index)

    @property
    def inputs(self) -> np.ndarray:
        """Not in memory: raises an `InputError`."""
        raise InputError(f"{self.name} is not in memory: read some examples with gather(index)")

    targets = inputs

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The examples at `index` [B].

        Raises:
            RunError: for an item that cannot be read, or is unlike the others; it is named.
        """
        stored = self.index[index].tolist()
        pairs = [read_item(self.items, place, self.keys, name=self.name) for place in stored]
        inputs = np.empty((len(stored), *self.shape), self.dtype)
        for row, (place, (value, _)) in enumerate(zip(stored, pairs, strict=True)):
            inputs[row] = self._as_input(value, place)
        try:
            return {"inputs": inputs, "targets": self.encode([target for _, target in pairs])}
        except InputError as error:
            raise RunError(f"{self.name}, items {stored[:3]} and others: {error}") from error

    def take(self, index: np.ndarray) -> "ItemSource":
        """The examples at `index` [M] as a source."""
        return replace(self, index=self.index[index])

    def of_rows(self, rows: slice) -> "ItemSource":
        """The same examples in batches that have only these of their rows."""
        return replace(self, rows=rows)

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with the number of items, some of them, and which are in this part.

        A change that these few do not show is not noticed.
        """
        digest.update(f"{len(self.items)}{self.dtype}{self.shape}".encode())
        digest.update(np.ascontiguousarray(self.index).data)
        few = self.gather(permutation(_SEED, len(self))[:LOOKED_AT])
        for values in few.values():
            digest.update(np.ascontiguousarray(values).data)

    def resident(self) -> list[dict[str, np.ndarray]]:
        """One set without arrays: every batch holds its examples."""
        return [{}]

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The examples that `indexed` holds."""
        return batch_of_examples(examples_of(arrays, indexed), indexed)

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """One batch a call; threads read the next ones meanwhile."""
        return train_calls_ahead(
            lambda index, step: self.gather(index),
            examples=len(self),
            seed=seed,
            batch_size=batch_size,
            total_steps=total_steps,
            rows=self.rows,
            prefetch=self.prefetch,
        )

    def evaluated(self) -> "ItemSource":
        """The source itself."""
        return self

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """Every example once, one batch a call; threads read the next ones meanwhile."""
        return evaluation_calls_ahead(
            self.gather,
            examples=len(self),
            batch_size=batch_size,
            rows=self.rows,
            prefetch=self.prefetch,
        )

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """None: every batch holds its examples."""
        return {}

    def _as_input(self, value: Any, place: int) -> np.ndarray:
        """The input of an item as the others are; pictures and numbers may lack their last axis."""
        array = np.asarray(value)
        shapes = [self.shape]
        if self.shape[-1:] == (1,):
            shapes.append(self.shape[:-1])
        alike = array.shape in shapes
        kinds = {"u": "u", "i": "iu"}.get(np.dtype(self.dtype).kind, "fiub")
        if not alike or array.dtype.kind not in kinds:
            raise RunError(
                f"item {place} of {self.name} is {array.dtype} {list(array.shape)}, and others are "
                f"{self.dtype} {list(self.shape)}: bring all inputs to one shape and type"
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise RunError(f"item {place} of {self.name} has numbers that are not finite")
        return array.reshape(self.shape)


def read_item(items: Items, place: int, keys: tuple[str, str], *, name: str) -> tuple[Any, Any]:
    """Input and target of an item.

    Raises:
        RunError: when the item cannot be read, or does not hold both.

    >>> read_item([{"image": 0.5, "label": 1}], 0, ("image", "label"), name="two")
    (0.5, 1)
    """
    try:
        item = items[place]
    except Exception as error:  # whatever somebody's object may raise
        raise RunError(
            f"item {place} of {name} cannot be read ({type(error).__name__}: {error})"
        ) from error
    if isinstance(item, Mapping):
        lost = [key for key in keys if key not in item]
        if not lost:
            return item[keys[0]], item[keys[1]]
        raise RunError(f"item {place} of {name} has no {lost[0]!r}: {shown(sorted(item))}")
    if isinstance(item, tuple | list) and len(item) == 2:
        return item[0], item[1]
    raise RunError(
        f"item {place} of {name} is {shown(item)}: an item is a pair (input, target) or a "
        "dictionary"
    )
