"""Pictures with several captions each, as training data: every caption is an example."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import jax.numpy as jnp
import numpy as np

from dl.data.sources.batching import IndexedBatch
from dl.data.sources.buckets import BUCKETS, bucket_calls, whole_evaluation, widened
from dl.data.sources.pairs import taught
from dl.data.sources.source import TrainCalls
from dl.errors import InputError
from dl.types import Array, Batch

_OF_CAPTIONS = ("picture_of", "targets", "target_lengths")


@dataclass(frozen=True)
class CaptionSource:
    """Captions sorted by length, with the pictures they are of; `caption_source` makes one.

    `pictures` [P, H, W, C] are uint8. Caption n is of the picture `picture_of[n]`; its symbols
    `targets` [N, L] end with `end`, after `target_lengths` [N] symbols, and are padded with zeros.
    Batches are cut to the smallest of the `widths` that holds them. `references` [P] are all
    captions of each picture as texts, and `names` [P] what the pictures are called, such as their
    files; they are empty where they have no names.
    """

    pictures: np.ndarray
    picture_of: np.ndarray
    targets: np.ndarray
    target_lengths: np.ndarray
    widths: tuple[int, ...]
    end: int
    references: tuple[tuple[str, ...], ...] = ()
    names: tuple[str, ...] = ()

    steps_per_call: ClassVar[int] = 1
    batches_per_call: ClassVar[int] = 1
    in_memory: ClassVar[bool] = True
    carries: ClassVar[bool] = False
    pads: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if np.any(np.diff(self.target_lengths) < 0):
            raise InputError("captions come sorted by length: make them with caption_source(...)")

    def __len__(self) -> int:
        return len(self.picture_of)

    @property
    def inputs(self) -> np.ndarray:
        """The picture of each caption: uint8 [N, H, W, C], a copy."""
        return self.pictures[self.picture_of]

    @cached_property
    def fitting(self) -> tuple[int, ...]:
        """For each width the number of captions that fit it; these are the shortest ones."""
        fits = np.searchsorted(self.target_lengths, self.widths, side="right")
        return tuple(int(count) for count in fits)

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The captions at `index` [B] with their pictures, `inputs` [B, H, W, C]."""
        width = self.widths[np.searchsorted(self.widths, self.target_lengths[index].max())]
        return {"inputs": self.pictures[self.picture_of[index]], **self._cut(index, width)}

    def take(self, index: np.ndarray) -> "CaptionSource":
        """The captions at `index` [M] as a source, again the shortest first."""
        kept = np.sort(index)
        pictures, picture_of = np.unique(self.picture_of[kept], return_inverse=True)
        return replace(
            self,
            pictures=self.pictures[pictures],
            picture_of=picture_of.astype(np.int32),
            targets=self.targets[kept],
            target_lengths=self.target_lengths[kept],
            references=tuple(self.references[place] for place in pictures),
            names=tuple(self.names[place] for place in pictures) if self.names else (),
        )

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with every picture and every caption in order."""
        for array in (self.pictures, self.picture_of, self.targets, self.target_lengths):
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)

    def resident(self) -> list[dict[str, np.ndarray]]:
        """For each width all captions that fit it; the pictures are the same in every set."""
        return [
            {"pictures": self.pictures, **self._cut(slice(0, count), width)}
            for count, width in zip(self.fitting, self.widths, strict=True)
        ]

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The captions at `indexed.index` [B] after their pictures; `mask` is [B, T]."""
        captions = indexed.examples or {name: arrays[name][indexed.index] for name in _OF_CAPTIONS}
        captions = {name: jnp.asarray(values) for name, values in captions.items()}
        pictures = captions.get("inputs")
        if pictures is None:
            pictures = jnp.asarray(arrays["pictures"])[captions["picture_of"]]
        mask, index = jnp.asarray(indexed.mask), jnp.asarray(indexed.index)
        return {**taught(pictures, captions, mask, end=self.end), "index": index}

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """Successive batches of one width make one call."""
        return bucket_calls(self.fitting, seed=seed, batch_size=batch_size)

    def evaluated(self) -> "CaptionSource":
        """The source itself."""
        return self

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """Every caption once, one batch a call."""
        return whole_evaluation(self.gather, len(self), batch_size)

    def evaluation_arrays(self) -> dict[str, np.ndarray]:
        """None: batches hold their pictures and captions."""
        return {}

    def _cut(self, index: np.ndarray | slice, width: int) -> dict[str, np.ndarray]:
        return {
            "picture_of": self.picture_of[index],
            "targets": widened(self.targets[index], width),
            "target_lengths": self.target_lengths[index],
        }


def caption_source(
    pictures: np.ndarray,
    captions: Sequence[Sequence[np.ndarray]],
    *,
    end: int,
    references: Sequence[Sequence[str]] = (),
    names: Sequence[str] = (),
    buckets: int = BUCKETS,
) -> CaptionSource:
    """A source of pictures uint8 [P, H, W, C] with captions, each the symbols [L_i] of a text.

    `end` is written after the last symbol. The buckets hold about equally many captions.

    Raises:
        InputError: for no captions, or another number of pictures than of lists of captions.

    >>> pictures, symbols = np.zeros((2, 4, 4, 1), np.uint8), np.array([5, 6, 7])
    >>> source = caption_source(pictures, [[symbols, symbols[:1]], [symbols[:2]]], end=9)
    >>> source.targets.tolist(), source.picture_of.tolist(), source.widths
    ([[5, 9, 0, 0], [5, 6, 9, 0], [5, 6, 7, 9]], [0, 1, 0], (2, 3, 4))
    """
    if buckets < 1:
        raise InputError(f"buckets is {buckets}; it must be at least 1")
    for what, given in (("lists of captions", captions), ("references", references or captions)):
        if len(given) != len(pictures):
            raise InputError(f"{len(pictures)} pictures but {len(given)} {what}: give each its own")
    ended = [np.append(symbols, end) for of_one in captions for symbols in of_one]
    if not ended:
        raise InputError("there are no captions: give one at least")
    lengths = np.array([len(symbols) for symbols in ended], np.int32)
    order = np.argsort(lengths, kind="stable")
    targets = np.zeros((len(ended), lengths.max()), np.int32)
    for row, place in enumerate(order):
        targets[row, : lengths[place]] = ended[place]
    picture_of = np.repeat(np.arange(len(pictures)), [len(of_one) for of_one in captions])
    edges = np.quantile(lengths, np.arange(1, buckets + 1) / buckets, method="inverted_cdf")
    return CaptionSource(
        pictures,
        picture_of[order].astype(np.int32),
        targets,
        lengths[order],
        tuple(int(width) for width in np.unique(edges)),
        end,
        tuple(tuple(texts) for texts in references),
        tuple(names),
    )


def with_common_caption_widths(*sources: CaptionSource) -> list[CaptionSource]:
    """The sources; all but the first have the first one's widths, the last of them widened.

    So all parts of a data set share the programs that evaluate them.
    """
    longest = max(int(source.target_lengths[-1]) for source in sources)
    widths = (*sources[0].widths[:-1], max(sources[0].widths[-1], longest))
    return [sources[0], *(replace(source, widths=widths) for source in sources[1:])]
