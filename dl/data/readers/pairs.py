"""Pairs of texts: `pairs:PATH`, and what is made of pairs wherever they come from.

PATH is a table (a text, a tab, its translation on each line), a folder with two files for each
part (`train.de` and `train.en`; `val.de.gz`; `test_2016.en`) or with tables, or `x` for two files
`x.de` and `x.en`. Parts are told by names, as those of `lines:PATH`: where there is no test part,
the validation part is the test, and a tenth of the pairs if there is neither.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from dl.data.dataset import Dataset
from dl.data.parts import dataset_of_pairs
from dl.data.sources.pairs import PairSource, pair_source
from dl.data.split import DOCUMENTS_SEED, split_validation
from dl.data.text.lengths import usual_limit
from dl.data.text.pair_files import read_parts
from dl.data.text.pairs import Pairs
from dl.data.text.reading import Reading, encode, say_unused
from dl.data.text.vocabulary import Vocabulary, make_vocabulary
from dl.errors import InputError
from dl.screen import say

_TEST_FRACTION = 0.1
_FEW, _FEW_IN = 10, 100
"""So many pairs of a part, and one in so many, are told of if the training part has them too."""
_TEST_SEED = 10_80_11  # fixed for ever: the same pairs are the test


def load_pairs(path: str | Path, *, validation: float, reading: Reading) -> Dataset:
    """The pairs of texts at `path` as a data set with the task "sequence".

    Raises:
        InputError: for a path that does not exist, files that are not UTF-8 text, a file without
            the other one of its pair, unequal numbers of lines, an empty side, a language that is
            not there.
    """
    name = f"pairs:{path}"
    parts = read_parts(Path(str(path).strip()).expanduser(), name, reading)
    return dataset_of_texts(name, parts, validation=validation, reading=reading)


def dataset_of_texts(
    name: str, parts: Mapping[str, Pairs], *, validation: float, reading: Reading
) -> Dataset:
    """A data set of the pairs of each part, of which `validation` holds out a fraction of train.

    A source ends with `END` too. The texts themselves stay beside the symbols of the parts that
    are held out. Standard error says how many of these are trained on too, if they are ten or more
    and one in a hundred. Pairs with a side of more than `Reading.longest` symbols are not trained
    on, and those that are held out are cut there; without it only what is far longer than the
    others.
    """
    train, held_out, test = _three_parts(name, parts, validation=validation)
    _say_shared(name, train, {"validation": held_out, "test": test})
    vocabularies = _vocabularies(train, reading)
    encoded = _encoded(name, train, vocabularies, reading)
    limit = reading.longest or usual_limit(_longer_sides(encoded))

    def source(part: Pairs) -> PairSource:
        return _source(_encoded(name, part, vocabularies, reading), vocabularies, limit, part)

    return dataset_of_pairs(
        name,
        _source(_without_long_ones(name, encoded, limit), vocabularies, limit),
        None if held_out is None else source(held_out),
        source(test),
        vocabulary=vocabularies.target,
        source_vocabulary=vocabularies.source,
    )


class _Vocabularies(NamedTuple):
    source: Vocabulary
    target: Vocabulary


_Encoded: TypeAlias = list[tuple[np.ndarray, np.ndarray]]
"""The symbols of each pair."""


def _vocabularies(train: Pairs, reading: Reading) -> _Vocabularies:
    """Those that are given, otherwise two of the training part or one for both sides."""
    if reading.source_vocabulary is not None and reading.vocabulary is not None:
        return _Vocabularies(reading.source_vocabulary, reading.vocabulary)
    make = partial(
        make_vocabulary,
        unit=reading.unit,
        size=reading.vocabulary_size,
        documents=True,
        lower=reading.lower,
    )
    if reading.joint:
        both = make([*train.sources, *train.targets])
        return _Vocabularies(both, both)
    return _Vocabularies(make(train.sources), make(train.targets))


def _encoded(name: str, part: Pairs, vocabularies: _Vocabularies, reading: Reading) -> _Encoded:
    return [
        (
            encode(vocabularies.source, source, reading, name),
            encode(vocabularies.target, target, reading, name),
        )
        for source, target in zip(part.sources, part.targets, strict=True)
    ]


def _source(
    encoded: _Encoded, vocabularies: _Vocabularies, limit: int, part: Pairs | None = None
) -> PairSource:
    """The pairs as a source, each side cut at `limit`; with the texts of a `part`."""
    inputs = [
        np.append(source[:limit], vocabularies.source.end).astype(np.int32) for source, _ in encoded
    ]
    targets = [target[:limit] for _, target in encoded]
    texts = [] if part is None else list(zip(part.sources, part.targets, strict=True))
    if vocabularies.target.lower:
        texts = [(source.lower(), target.lower()) for source, target in texts]
    return pair_source(inputs, targets, end=vocabularies.target.end, texts=texts)


def _longer_sides(encoded: _Encoded) -> np.ndarray:
    return np.array([max(map(len, pair)) for pair in encoded])


def _without_long_ones(name: str, encoded: _Encoded, limit: int) -> _Encoded:
    """The pairs that may be trained on; standard error says how many are not."""
    fits = _longer_sides(encoded) <= limit
    if not fits.any():
        raise InputError(f"{name}: no pair has at most {limit} symbols a side: allow more")
    if not fits.all():
        say(
            f"{name}: not trained on {int((~fits).sum()):,} of {len(encoded):,} pairs, with more "
            f"than {limit:,} symbols on a side"
        )
    return [encoded[place] for place in np.flatnonzero(fits)]


def _say_shared(name: str, train: Pairs, held_out: Mapping[str, Pairs | None]) -> None:
    """Tell the person of pairs that are in two parts: what is measured on them is too good.

    A few short sentences come again in any text.
    """
    known = set(zip(train.sources, train.targets, strict=True))
    for part, pairs in held_out.items():
        if pairs is None:
            continue
        shared = sum(pair in known for pair in zip(pairs.sources, pairs.targets, strict=True))
        if shared >= max(_FEW, len(pairs) / _FEW_IN):
            say(
                f"{name}: the training part has {shared:,} of the {len(pairs):,} pairs of the "
                f"{part} part too, word for word: leave them out of one"
            )


def _three_parts(
    name: str, parts: Mapping[str, Pairs], *, validation: float
) -> tuple[Pairs, Pairs | None, Pairs]:
    train, held_out, test = parts["train"], parts.get("validation"), parts.get("test")
    if test is None:
        test, held_out = held_out, None
    if test is None:
        train, test = split_validation(train, fraction=_TEST_FRACTION, seed=_TEST_SEED)
        if test is None:
            raise InputError(
                f"{len(train)} pair(s) are too few to hold some out as test: give ten or more"
            )
    if validation and held_out is not None:
        say_unused(name)
    if validation:
        train, held_out = split_validation(train, fraction=validation, seed=DOCUMENTS_SEED)
    return train, held_out, test
