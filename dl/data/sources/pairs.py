"""Pairs of sequences as training data, in batches of similar lengths on both sides."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np

from dl.data.sources.arrays import examples_of
from dl.data.sources.batching import IndexedBatch, step_weights
from dl.data.sources.buckets import BUCKETS, bucket_calls, whole_evaluation, widened
from dl.data.sources.source import TrainCalls
from dl.errors import InputError
from dl.types import Array, Batch, Pair, Ragged

Width = tuple[int, int]
"""Steps of the inputs and of the targets of a bucket's batches."""


@dataclass(frozen=True)
class PairSource:
    """Sequences with sequences for targets, sorted by bucket; `pair_source` makes one.

    `inputs` [N, S, ...] and `targets` [N, T] are padded with zeros after `lengths` [N] and
    `target_lengths` [N] steps. Batches of bucket k have the shape `widths[k]`; both of its numbers
    rise with k. With an `end`, targets are symbols that a model predicts one after the other:
    inputs are a `Pair`, and each sequence of targets ends with `end`, which also stands before the
    first. Without one, targets are `Ragged` labels. `texts` [N] are the pairs as people wrote them.
    """

    inputs: np.ndarray
    lengths: np.ndarray
    targets: np.ndarray
    target_lengths: np.ndarray
    widths: tuple[Width, ...]
    end: int | None = None
    texts: tuple[tuple[str, str], ...] = ()

    steps_per_call: ClassVar[int] = 1
    batches_per_call: ClassVar[int] = 1
    in_memory: ClassVar[bool] = True
    carries: ClassVar[bool] = False
    pads: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if np.any(np.diff(self.buckets) < 0):
            raise InputError("pairs come sorted by bucket: make them with pair_source(...)")

    def __len__(self) -> int:
        return len(self.lengths)

    @cached_property
    def buckets(self) -> np.ndarray:
        """The bucket [N] of each pair: the first that is wide enough on both sides."""
        return _buckets(self.lengths, self.target_lengths, self.widths)

    @cached_property
    def fitting(self) -> tuple[int, ...]:
        """For each bucket the number of pairs in it and in those before."""
        return tuple(
            int(count)
            for count in np.searchsorted(self.buckets, range(len(self.widths)), side="right")
        )

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The pairs at `index` [B], padded to the width of the widest of their buckets."""
        return self._cut(index, self.widths[int(self.buckets[index].max())])

    def take(self, index: np.ndarray) -> "PairSource":
        """The pairs at `index` [M] as a source, again sorted by bucket."""
        return self._at(np.sort(index))

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with every pair in order."""
        for array in (self.inputs, self.lengths, self.targets, self.target_lengths):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)

    def resident(self) -> list[dict[str, np.ndarray]]:
        """For each bucket all pairs that fit it; an index means the same one in every set."""
        return [
            self._cut(slice(0, count), width)
            for count, width in zip(self.fitting, self.widths, strict=True)
        ]

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The pairs at `indexed.index` [B]; with an `end`, `mask` is [B, T]."""
        pairs = {name: jnp.asarray(values) for name, values in examples_of(arrays, indexed).items()}
        source = Ragged(pairs["inputs"], pairs["lengths"])
        mask, index = jnp.asarray(indexed.mask), jnp.asarray(indexed.index)
        if self.end is None:
            targets: Any = Ragged(pairs["targets"], pairs["target_lengths"])
            return {"inputs": source, "targets": targets, "mask": mask, "index": index}
        return {**taught(source, pairs, mask, end=self.end), "index": index}

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """Successive batches of one bucket make one call."""
        return bucket_calls(self.fitting, seed=seed, batch_size=batch_size)

    def evaluated(self) -> "PairSource":
        """The source itself."""
        return self

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """Every pair once, one batch a call."""
        return whole_evaluation(self.gather, len(self), batch_size)

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """None: batches hold their pairs."""
        return {}

    def widened_to(self, widths: tuple[Width, ...]) -> "PairSource":
        """The same pairs in buckets of other widths, sorted by these."""
        order = np.argsort(_buckets(self.lengths, self.target_lengths, widths), kind="stable")
        return self._at(order, widths)

    def _at(self, index: np.ndarray, widths: tuple[Width, ...] | None = None) -> "PairSource":
        return replace(
            self,
            inputs=self.inputs[index],
            lengths=self.lengths[index],
            targets=self.targets[index],
            target_lengths=self.target_lengths[index],
            texts=tuple(self.texts[place] for place in index) if self.texts else (),
            widths=widths or self.widths,
        )

    def _cut(self, index: np.ndarray | slice, width: Width) -> dict[str, np.ndarray]:
        return {
            "inputs": widened(self.inputs[index], width[0]),
            "lengths": self.lengths[index],
            "targets": widened(self.targets[index], width[1]),
            "target_lengths": self.target_lengths[index],
        }


def taught(source: Any, pairs: dict[str, Array], mask: Array, *, end: int) -> Batch:
    """A batch of teacher forcing: at every step the model reads the right symbol before it.

    `pairs` has `targets` [B, T] and `target_lengths` [B]; `mask` [B] becomes [B, T].

    >>> pairs = {"targets": jnp.array([[3, 9, 0]]), "target_lengths": jnp.array([2])}
    >>> batch = taught(None, pairs, jnp.ones(1), end=9)
    >>> batch["inputs"].previous.tolist(), batch["mask"].tolist()
    ([[9, 3, 9]], [[1.0, 1.0, 0.0]])
    """
    targets = pairs["targets"]
    previous = jnp.pad(targets[:, :-1], ((0, 0), (1, 0)), constant_values=end)
    real = mask[:, None] * step_weights(pairs["target_lengths"], targets.shape[1])
    return {"inputs": Pair(source, previous), "targets": targets, "mask": real}


def pair_source(
    inputs: Sequence[np.ndarray],
    targets: Sequence[np.ndarray],
    *,
    end: int | None = None,
    texts: Sequence[tuple[str, str]] = (),
    buckets: int = BUCKETS,
) -> PairSource:
    """A source of sequences [S_i, ...] with sequences [T_i] of whole numbers for targets.

    `end` is the symbol that is written after the last target, for a model that predicts symbol by
    symbol; None makes them labels. A pair goes to the bucket of its longer side, by rank among all
    pairs.

    Raises:
        InputError: for no pairs, an empty sequence, or unequal numbers of inputs and targets.

    >>> source = pair_source([np.array([5, 6, 7]), np.array([8])], [np.array([1]), np.array([2])])
    >>> source.inputs.tolist(), source.targets.tolist(), source.widths
    ([[8, 0, 0], [5, 6, 7]], [[2], [1]], ((1, 1), (3, 1)))
    """
    _check_pairs(inputs, targets, texts, buckets)
    if end is not None:
        targets = [np.append(target, end) for target in targets]
    lengths, target_lengths = (
        np.array([len(sequence) for sequence in side], np.int32) for side in (inputs, targets)
    )
    widths = _widths(lengths, target_lengths, buckets)
    order = np.argsort(_buckets(lengths, target_lengths, widths), kind="stable")
    return PairSource(
        _padded([inputs[place] for place in order]),
        lengths[order],
        _padded([targets[place] for place in order]).astype(np.int32),
        target_lengths[order],
        widths,
        end,
        tuple(texts[place] for place in order) if texts else (),
    )


def with_common_pair_widths(*sources: PairSource) -> list[PairSource]:
    """The sources; all but the first have the first one's widths, the last of them widened.

    The last then holds the longest sequences of all sources, so that all parts of a data set share
    the programs that evaluate them.

    >>> one, two = (np.array([0]), np.array([0, 0]))
    >>> train, test = pair_source([one, two], [one, one]), pair_source([two], [two])
    >>> [source.widths for source in with_common_pair_widths(train, test)]
    [((1, 1), (2, 1)), ((1, 1), (2, 2))]
    """
    longest = tuple(
        max(int(getattr(source, side).max()) for source in sources)
        for side in ("lengths", "target_lengths")
    )
    widths = sources[0].widths
    last = (max(widths[-1][0], longest[0]), max(widths[-1][1], longest[1]))
    return [sources[0], *(source.widened_to((*widths[:-1], last)) for source in sources[1:])]


def _widths(lengths: np.ndarray, target_lengths: np.ndarray, buckets: int) -> tuple[Width, ...]:
    """Widths between which there are about equally many pairs, by the rank of the longer side."""
    ranks = np.maximum(_ranks(lengths), _ranks(target_lengths))
    edges = np.quantile(ranks, np.arange(1, buckets + 1) / buckets, method="inverted_cdf")
    widths = [
        (int(lengths[ranks <= edge].max()), int(target_lengths[ranks <= edge].max()))
        for edge in edges
    ]
    return tuple(dict.fromkeys(widths))


def _ranks(lengths: np.ndarray) -> np.ndarray:
    """For each length the share of lengths that are smaller."""
    return np.searchsorted(np.sort(lengths), lengths) / len(lengths)


def _buckets(
    lengths: np.ndarray, target_lengths: np.ndarray, widths: tuple[Width, ...]
) -> np.ndarray:
    inputs, targets = zip(*widths, strict=True)
    buckets = np.maximum(np.searchsorted(inputs, lengths), np.searchsorted(targets, target_lengths))
    if buckets.max(initial=0) >= len(widths):
        raise InputError(
            f"pairs have up to {lengths.max()} and {target_lengths.max()} steps, and the widest "
            f"bucket {widths[-1]}: give wider ones"
        )
    return buckets


def _padded(sequences: Sequence[np.ndarray]) -> np.ndarray:
    longest = max(sequences, key=len)
    padded = np.zeros((len(sequences), *longest.shape), longest.dtype)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return padded


def _check_pairs(inputs: Sequence, targets: Sequence, texts: Sequence, buckets: int) -> None:
    if buckets < 1:
        raise InputError(f"buckets is {buckets}; it must be at least 1")
    if not len(inputs):
        raise InputError("there are no pairs: give one at least")
    if len(targets) != len(inputs) or len(texts) not in (0, len(inputs)):
        raise InputError(
            f"{len(inputs)} inputs but {len(targets)} targets: give one sequence of targets an "
            "input, and texts for all or none"
        )
    for side, sequences in (("inputs", inputs), ("targets", targets)):
        empty = [place for place, sequence in enumerate(sequences) if not len(sequence)]
        if empty:
            raise InputError(f"{side}[{empty[0]}] is empty: give every pair two sequences")
