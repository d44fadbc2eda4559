"""Pictures with captions as a `Dataset`: predict every word of a caption from those before it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dl.data.dataset import Dataset
from dl.data.parts import dataset_of_captions
from dl.data.sources.buckets import BUCKETS
from dl.data.sources.captions import CaptionSource, caption_source
from dl.data.split import split_validation
from dl.data.text.reading import Reading, encode
from dl.data.text.vocabulary import Vocabulary, count_symbols, make_vocabulary
from dl.data.text.words import words
from dl.errors import InputError
from dl.screen import say

_SEED = 20_15_02
"""The seed of the permutation that holds out pictures; fixed for ever."""


@dataclass(frozen=True)
class Captioned:
    """Pictures uint8 [P, H, W, C], the captions of each, and what the pictures are called."""

    pictures: np.ndarray
    captions: tuple[tuple[str, ...], ...]
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.captions)

    def take(self, index: np.ndarray) -> "Captioned":
        """The pictures at `index` with their captions, in this order."""
        names = tuple(self.names[place] for place in index) if self.names else ()
        return Captioned(
            self.pictures[index], tuple(self.captions[place] for place in index), names
        )


def captioned_pictures(
    name: str,
    train: Captioned,
    validation: float | Captioned,
    test: Captioned | None,
    *,
    reading: Reading,
    vocabulary: Vocabulary | None = None,
    buckets: int = BUCKETS,
) -> Dataset:
    """The data set called `name`. Captions are read in small letters, as COCO's measures do.

    `validation` is a part, or a fraction in [0, 1) of the training pictures to hold out, with all
    their captions. Without a `test`, a tenth of the training pictures is the test part. The
    vocabulary is given, or that of the training captions; `buckets` are those of `caption_source`.
    """
    if test is None:
        train, test = _tenth(name, train)
    held_out = validation if isinstance(validation, Captioned) else None
    if isinstance(validation, float | int):
        train, held_out = split_validation(train, fraction=validation, seed=_SEED)
    parts = [_tidy(name, part, reading) for part in (train, held_out, test) if part is not None]
    vocabulary = vocabulary or reading.vocabulary
    if vocabulary is None:
        texts = (text for of_one in parts[0].captions for text in of_one)
        vocabulary = make_vocabulary(
            texts, unit=reading.unit, size=reading.vocabulary_size, documents=True
        )
    first, *others = (_source(part, vocabulary, reading, name, buckets) for part in parts)
    kept_back = others[0] if held_out is not None else None
    return dataset_of_captions(name, first, kept_back, others[-1], vocabulary=vocabulary)


def _tenth(name: str, train: Captioned) -> tuple[Captioned, Captioned]:
    kept, test = split_validation(train, fraction=0.1, seed=_SEED + 1)
    if test is None:
        raise InputError(
            f"{name} has {len(train)} picture(s), too few to hold some out as test: give ten or "
            "more, or a test part"
        )
    return kept, test


def _tidy(name: str, part: Captioned, reading: Reading) -> Captioned:
    """The captions in small letters, words parted by blanks; those without a word are left out."""
    unit, longest = reading.unit, reading.longest
    leave_out = longest if longest and reading.longer == "leave-out" else 0

    def kept(caption: str) -> bool:
        symbols = count_symbols(caption, unit=unit)
        return bool(caption) and not (leave_out and symbols > leave_out)

    captions = tuple(
        tuple(filter(kept, (tidy_caption(text, unit) for text in of_one)))
        for of_one in part.captions
    )
    before, after = (sum(map(len, of_all)) for of_all in (part.captions, captions))
    if after < before:
        say(f"left out: {before - after:,} of {before:,} captions of {name}, empty or too long")
    filled = np.array([place for place, of_one in enumerate(captions) if of_one], np.int64)
    if not len(filled):
        raise InputError(f"a part of {name} has no caption with a word in it: give some")
    return replace(part, captions=captions).take(filled)


def tidy_caption(caption: str, unit: str = "word") -> str:
    """A caption in small letters on one line; words and marks have blanks between them.

    >>> tidy_caption("A cat, on a  mat. ")
    'a cat , on a mat .'
    """
    text = caption.lower()
    return " ".join(words(text) if unit == "word" else text.split())


def _source(
    part: Captioned, vocabulary: Vocabulary, reading: Reading, name: str, buckets: int
) -> CaptionSource:
    def symbols(texts: Sequence[str]) -> list[np.ndarray]:
        most = reading.longest or None
        return [encode(vocabulary, text, reading, name)[:most] for text in texts]

    return caption_source(
        part.pictures,
        [symbols(texts) for texts in part.captions],
        end=vocabulary.end,
        references=part.captions,
        names=part.names,
        buckets=buckets,
    )
