"""Sequences of several lengths as training data, in batches of similar lengths."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from dl.data.sources.arrays import batch_of_examples, examples_of
from dl.data.sources.batching import IndexedBatch, step_weights
from dl.data.sources.buckets import (
    BUCKETS,
    bucket_batches,
    bucket_calls,
    whole_evaluation,
    widened,
)
from dl.data.sources.source import TrainCalls
from dl.errors import InputError
from dl.types import Array, Batch, Ragged


@dataclass(frozen=True)
class RaggedSource:
    """Sequences in memory, the shortest first; `ragged_source` makes one.

    `inputs` [N, W, ...] are padded with zeros after `lengths` [N] steps. `targets` are [N, ...], or
    with `step_targets` [N, W, ...], one for each step. There are a few `widths`, one for each
    bucket; a batch is cut to the smallest width that holds its longest sequence.
    """

    inputs: np.ndarray
    lengths: np.ndarray
    targets: np.ndarray
    widths: tuple[int, ...]
    step_targets: bool = False

    steps_per_call: ClassVar[int] = 1
    batches_per_call: ClassVar[int] = 1
    in_memory: ClassVar[bool] = True
    carries: ClassVar[bool] = False
    pads: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if np.any(np.diff(self.lengths) < 0):
            raise InputError(
                "ragged sequences come sorted by length: make them with ragged_source(...)"
            )
        if not len(self.lengths) or self.lengths[0] < 1 or self.lengths[-1] > self.inputs.shape[1]:
            ends = (int(self.lengths[0]), int(self.lengths[-1])) if len(self.lengths) else "none"
            raise InputError(
                f"lengths go from 1 to the {self.inputs.shape[1]} steps of the array, not {ends}"
            )
        rising = bool(self.widths) and self.widths == tuple(sorted(set(self.widths)))
        if not rising or self.widths[-1] < self.lengths[-1]:
            raise InputError(
                f"widths rise to the longest sequence, {self.lengths[-1]}; these do not: "
                f"{self.widths}"
            )

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def fitting(self) -> tuple[int, ...]:
        """For each width the number of sequences that fit it; these are the shortest ones."""
        return tuple(
            int(count) for count in np.searchsorted(self.lengths, self.widths, side="right")
        )

    def bucket_of(self, index: np.ndarray) -> int:
        """The number of the smallest width that holds all sequences at `index`."""
        return int(np.searchsorted(self.widths, self.lengths[index].max()))

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The sequences at `index` [B], padded to the width of their bucket."""
        return self._cut(index, self.widths[self.bucket_of(index)])

    def take(self, index: np.ndarray) -> "RaggedSource":
        """The sequences at `index` [M] as a source, again the shortest first."""
        kept = np.sort(index)
        return replace(
            self, inputs=self.inputs[kept], lengths=self.lengths[kept], targets=self.targets[kept]
        )

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with every sequence in order."""
        for array in (self.inputs, self.lengths, self.targets):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)

    def resident(self) -> list[dict[str, np.ndarray]]:
        """For each width all sequences that fit it; an index means the same one in every set."""
        return [
            self._cut(slice(0, count), width)
            for count, width in zip(self.fitting, self.widths, strict=True)
        ]

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The sequences at `indexed.index` [B], as `Ragged` inputs.

        If every step has a target, `mask` is [B, T].
        """
        examples = examples_of(arrays, indexed)
        batch = batch_of_examples(examples, indexed)
        inputs = Ragged(batch["inputs"], jnp.asarray(examples["lengths"]))
        mask = batch["mask"]
        if self.step_targets:
            mask = mask[:, None] * step_weights(inputs.lengths, inputs.values.shape[1])
        return {**batch, "inputs": inputs, "mask": mask}

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """Successive batches of one width make one call."""
        return bucket_calls(self.fitting, seed=seed, batch_size=batch_size)

    def evaluated(self) -> "RaggedSource":
        """The source itself."""
        return self

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """Every sequence once, one batch a call."""
        return whole_evaluation(self.gather, len(self), batch_size)

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """None: batches hold their sequences."""
        return {}

    def _cut(self, index: np.ndarray | slice, width: int) -> dict[str, np.ndarray]:
        targets = self.targets[index]
        return {
            "inputs": widened(self.inputs[index], width),
            "lengths": self.lengths[index],
            "targets": widened(targets, width) if self.step_targets else targets,
        }

    def batches(
        self, *, seed: int, start: int, steps: int, batch_size: int
    ) -> list[tuple[int, IndexedBatch]]:
        """Bucket and batch, index and mask [1, B], of each of `steps` steps from `start` on."""
        end = start + steps
        return bucket_batches(self.fitting, seed=seed, start=start, end=end, batch_size=batch_size)


def ragged_source(
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray] | np.ndarray,
    *,
    buckets: int = BUCKETS,
) -> RaggedSource:
    """A source of sequences [T_i, ...] with one target each, or with one for every step.

    Targets of sequences are an array [N, ...], targets of steps a list of arrays [T_i, ...]. The
    buckets hold about equally many sequences.

    Raises:
        InputError: for no sequences, a sequence without steps, or another number of targets than of
            sequences or steps.

    >>> source = ragged_source([np.array([5, 6, 7]), np.array([8])], np.array([0, 1]), buckets=2)
    >>> source.inputs.tolist(), source.lengths.tolist(), source.targets.tolist(), source.widths
    ([[8, 0, 0], [5, 6, 7]], [1, 3], [1, 0], (1, 3))
    """
    if buckets < 1:
        raise InputError(f"buckets is {buckets}; it must be at least 1")
    if not len(inputs):
        raise InputError("there are no sequences: give one at least")
    if len(targets) != len(inputs):
        raise InputError(
            f"{len(inputs)} inputs but {len(targets)} targets: give one target an input"
        )
    lengths = np.array([len(sequence) for sequence in inputs], np.int32)
    order = np.argsort(lengths, kind="stable")
    rising = lengths[order]
    return RaggedSource(
        _padded([inputs[place] for place in order]),
        rising,
        targets[order]
        if isinstance(targets, np.ndarray)
        else _padded_like([targets[i] for i in order], rising),
        _quantiles(rising, buckets),
        step_targets=not isinstance(targets, np.ndarray),
    )


def with_common_widths(*sources: RaggedSource) -> list[RaggedSource]:
    """The sources; all but the first have the first one's widths, the last of them widened.

    The last width then holds the longest sequence of all sources. So all parts of a data set share
    the programs that evaluate them, and training batches are no wider than training needs.

    >>> train, test = (ragged_source([np.ones(1), np.ones(n)], np.zeros(2)) for n in (3, 5))
    >>> [source.widths for source in with_common_widths(train, test)]
    [(1, 3), (1, 5)]
    """
    longest = max(int(source.lengths[-1]) for source in sources)
    widths = (*sources[0].widths[:-1], max(sources[0].widths[-1], longest))
    return [sources[0], *(replace(source, widths=widths) for source in sources[1:])]


def _quantiles(lengths: np.ndarray, buckets: int) -> tuple[int, ...]:
    """Widths between which there are about equally many of the rising lengths."""
    last = (np.arange(1, buckets + 1) * len(lengths) + buckets - 1) // buckets - 1
    return tuple(int(width) for width in np.unique(lengths[last]))


def _padded(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """Sequences, the longest last, as one array [N, W, ...]."""
    padded = np.zeros((len(sequences), *sequences[-1].shape), sequences[-1].dtype)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


def _padded_like(targets: Sequence[np.ndarray], lengths: np.ndarray) -> np.ndarray:
    for target, length in zip(targets, lengths, strict=True):
        if len(target) != length:
            raise InputError(
                f"a sequence of {length} steps has {len(target)} targets: give one a step"
            )
    return _padded(targets)
