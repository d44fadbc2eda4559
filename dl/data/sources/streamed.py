"""Labelled pictures that are decoded while they are used.

This is for sets larger than memory, with pictures of many sizes, or with random crops. Nothing is
kept between two calls: a picture at a step is a pure function of (seed, step, example).
"""

import hashlib
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from dl.data.pictures.crops import Box, View, evaluation_box, random_box
from dl.data.pictures.picture import open_picture, to_pixels
from dl.data.sources.arrays import batch_of_examples, examples_of
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.calls_ahead import evaluation_calls_ahead, train_calls_ahead
from dl.data.sources.source import TrainCalls
from dl.errors import InputError, RunError
from dl.types import Array, Batch

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Moments of ImageNet's training part for red, green and blue in [0, 1]."""

_FORMATS = ("PNG", "JPEG", "GIF", "BMP")
"""All that TFDS stores; trying no others saves a tenth of the time."""
Cut = Callable[[tuple[int, int]], Box | None]
"""From the height and width of a picture to the box that is seen; None is the whole picture."""
_CROPS = 1  # another stream of random numbers than that of the order of an epoch


class Record(NamedTuple):
    """An example in storage: the bytes or the path of a picture's file, and its class."""

    picture: bytes | Path
    label: int


class Records(Protocol):
    """Random access to the records of a part; no other part has its `fingerprint`."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def __len__(self) -> int: ...

    def read(self, index: Sequence[int]) -> list[Record]: ...


@dataclass(frozen=True)
class StreamedSource:
    """The examples `index` [N] of `records`, as pictures of `shape` (H, W, C).

    With `crops`, training sees a random part of each picture, and evaluation its middle. `numbers`
    [K] are those of the classes, where they are not counted as in the records. Batches have the
    `rows` that this process reads, of several that train together. `prefetch` batches are read
    ahead; 0 is one for each core.
    """

    records: Records
    shape: tuple[int, int, int]
    classes: int
    index: np.ndarray
    crops: bool = False
    numbers: np.ndarray | None = None
    rows: slice = field(default_factory=partial(slice, None))
    prefetch: int = 0

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
        raise InputError(
            f"{self.records.name} is not in memory: read some of its examples with gather(index)"
        )

    targets = inputs

    @property
    def view(self) -> View:
        """The part of a picture that evaluation sees."""
        return "middle" if self.crops else "whole"

    def name_of(self, index: int) -> str:
        """The file of an example; "" where records are no files."""
        (record,) = self._read([int(self.index[index])])
        return str(record.picture) if isinstance(record.picture, Path) else ""

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The examples at `index` [B] as evaluation sees them: uint8 [B, H, W, C], int32 [B]."""
        return self._decode(
            index, [partial(evaluation_box, self.view, shape=self.shape[:2])] * len(index)
        )

    def draw(self, index: np.ndarray, *, seed: int, step: int) -> dict[str, np.ndarray]:
        """The examples at `index` [B] as training sees them at `step`."""
        if not self.crops:
            return self.gather(index)
        generators = [crop_generator(seed=seed, step=step, example=int(number)) for number in index]
        return self._decode(index, [partial(random_box, generator) for generator in generators])

    def take(self, index: np.ndarray) -> "StreamedSource":
        """The examples at `index` [M] as a source."""
        return replace(self, index=self.index[index])

    def of_rows(self, rows: slice) -> "StreamedSource":
        """The same examples in batches that have only these of their rows."""
        return replace(self, rows=rows)

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with what identifies these examples."""
        digest.update(f"{self.records.fingerprint}{self.shape}".encode())
        digest.update(np.ascontiguousarray(self.index).data)

    def resident(self) -> list[dict[str, np.ndarray]]:
        """One set without arrays: every batch holds its examples."""
        return [{}]

    def batch(self, arrays: dict[str, Array], indexed: IndexedBatch) -> Batch:
        """The examples that `indexed` holds."""
        return batch_of_examples(examples_of(arrays, indexed), indexed)

    def train_calls(self, *, seed: int, batch_size: int, total_steps: int) -> TrainCalls:
        """One batch a call; threads decode the next ones meanwhile."""
        return train_calls_ahead(
            lambda index, step: self.draw(index, seed=seed, step=step),
            examples=len(self),
            seed=seed,
            batch_size=batch_size,
            total_steps=total_steps,
            rows=self.rows,
            prefetch=self.prefetch,
        )

    def evaluated(self) -> "StreamedSource":
        """The source itself."""
        return self

    def evaluation_calls(self, *, batch_size: int) -> Callable[[], Iterable[IndexedBatch]]:
        """Every example once, one batch a call; threads decode the next ones meanwhile."""
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

    def _decode(self, index: np.ndarray, boxes: Sequence[Cut]) -> dict[str, np.ndarray]:
        stored = self.index[index].tolist()
        pictures = np.empty((len(index), *self.shape), np.uint8)
        labels = np.empty(len(index), np.int32)
        for row, record in enumerate(self._read(stored)):
            if not 0 <= record.label < self.classes:
                raise RunError(
                    f"example {stored[row]} of {self.records.name} has no label: "
                    "every example needs a class"
                )
            try:
                pictures[row] = decode(record.picture, self.shape, boxes[row])
            except InputError as error:  # names the file
                raise RunError(
                    f"{error}: repair it, or pass over such files with --damaged skip"
                ) from error
            except Exception as error:  # decoders may raise anything
                raise RunError(
                    f"example {stored[row]} of {self.records.name} is damaged ({error})"
                ) from error
            labels[row] = record.label if self.numbers is None else self.numbers[record.label]
        return {"inputs": pictures, "targets": labels}

    def _read(self, stored: list[int]) -> list[Record]:
        try:
            return self.records.read(stored)
        except Exception as error:  # and so may readers of records
            raise RunError(f"{self.records.name} is damaged ({error})") from error


def crop_generator(*, seed: int, step: int, example: int) -> np.random.Generator:
    """The random numbers for one example at one step."""
    counter = np.array([0, 0, _CROPS, example], np.uint64)
    return np.random.Generator(
        np.random.Philox(key=np.array([seed, step], np.uint64), counter=counter)
    )


def decode(stored: bytes | Path, shape: tuple[int, int, int], cut: Cut) -> np.ndarray:
    """The box `cut(height, width)` of a stored picture, resized to uint8 [H, W, C]."""
    with open_stored(stored) as picture:
        return to_pixels(picture, shape, box=cut((picture.height, picture.width)))


def open_stored(stored: bytes | Path) -> Any:
    """The picture of a `Record` as Pillow reads it; one from a file is upright and 8 bits deep."""
    from PIL import Image

    return (
        open_picture(stored)
        if isinstance(stored, Path)
        else Image.open(io.BytesIO(stored), formats=_FORMATS)
    )
