"""Labelled pictures that are decoded when they are needed, for sets larger than memory or with pictures of many sizes.

Nothing is kept between two calls: what an example looks like at a step is a pure function of (seed, step, example).
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np

from dl.data.crops import Box, centre_box, random_box
from dl.data.picture import PICTURE_MODES
from dl.errors import InputError, RunError

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Moments of ImageNet's training part, of red, green and blue in [0, 1]: photographs are normalised with them."""

_FORMATS = ("PNG", "JPEG", "GIF", "BMP")
_CROPS = 1  # a stream of random numbers beside the one that orders an epoch


class Record(NamedTuple):
    """An example as it is stored: a picture's file, and its class."""

    picture: bytes
    label: int


class Records(Protocol):
    """Random access to what is stored of a part. `fingerprint` tells it from any other."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def __len__(self) -> int: ...

    def read(self, index: Sequence[int]) -> list[Record]: ...


@dataclass(frozen=True)
class StreamedSource:
    """The examples `index` [N] of `records`, as pictures of `shape` (H, W, C)."""

    records: Records
    shape: tuple[int, int, int]
    classes: int
    index: np.ndarray

    def __len__(self) -> int:
        return len(self.index)

    @property
    def inputs(self) -> np.ndarray:
        """Not there: raises an `InputError`."""
        raise InputError(f"{self.records.name} is not in memory: read some of its examples with gather(index)")

    targets = inputs

    def gather(self, index: np.ndarray) -> dict[str, np.ndarray]:
        """The examples at `index` [B] as they are evaluated, the middle of each: uint8 [B, H, W, C], int32 [B]."""
        return self._decode(index, [None] * len(index))

    def draw(self, index: np.ndarray, *, seed: int, step: int) -> dict[str, np.ndarray]:
        """The examples at `index` [B] as they are trained on at `step`, a random part of each."""
        return self._decode(index, [crop_generator(seed=seed, step=step, example=int(one)) for one in index])

    def take(self, index: np.ndarray) -> "StreamedSource":
        """The sub-set at `index` [M], as a source of its own."""
        return replace(self, index=self.index[index])

    def add_to(self, digest: "hashlib.blake2b") -> None:
        """Feed `digest` with what tells these examples from others."""
        digest.update(f"{self.records.fingerprint}{self.shape}".encode())
        digest.update(np.ascontiguousarray(self.index).data)

    def _decode(self, index: np.ndarray, generators: Sequence[np.random.Generator | None]) -> dict[str, np.ndarray]:
        stored = self.index[index].tolist()
        pictures = np.empty((len(index), *self.shape), np.uint8)
        labels = np.empty(len(index), np.int32)
        for row, record in enumerate(self._read(stored)):
            if not 0 <= record.label < self.classes:
                raise RunError(f"example {stored[row]} of {self.records.name} has no label; every one needs its class")
            try:
                pictures[row] = decode(record.picture, self.shape, generators[row])
            except Exception as error:  # decoders raise anything
                raise RunError(f"example {stored[row]} of {self.records.name} is damaged ({error})") from error
            labels[row] = record.label
        return {"inputs": pictures, "targets": labels}

    def _read(self, stored: list[int]) -> list[Record]:
        try:
            return self.records.read(stored)
        except Exception as error:  # and so do readers of records
            raise RunError(f"{self.records.name} is damaged ({error})") from error


def crop_generator(*, seed: int, step: int, example: int) -> np.random.Generator:
    """The random numbers of one example at one step."""
    counter = np.array([0, 0, _CROPS, example], np.uint64)
    return np.random.Generator(np.random.Philox(key=np.array([seed, step], np.uint64), counter=counter))


def decode(data: bytes, shape: tuple[int, int, int], generator: np.random.Generator | None) -> np.ndarray:
    """A part of the picture in `data` scaled to uint8 [H, W, C]: a random one, or the middle without `generator`."""
    from PIL import Image

    height, width, channels = shape
    with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
        size = picture.height, picture.width
        box: Box = centre_box(size, (height, width)) if generator is None else random_box(generator, size)
        pixels = picture.convert(PICTURE_MODES[channels])
        cut = pixels.resize((width, height), Image.Resampling.BILINEAR, box=box)
        return np.frombuffer(cut.tobytes(), np.uint8).reshape(shape)
