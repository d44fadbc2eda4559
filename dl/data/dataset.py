"""What a data set is: three parts with random access, a description, a fingerprint."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from dl.data.part_checks import check_part
from dl.data.sample import draw_sample
from dl.data.shown import Examples, dataset_html
from dl.data.sources.source import Source
from dl.data.spec import DataSpec
from dl.data.split import permutation
from dl.errors import InputError

MEMORY_LIMIT = 4 * 2**30
"""Bytes of decoded pictures; a larger data set is decoded while it is used."""
# Fixed for ever: limited runs of every seed train on the same examples.
_LIMIT_SEED = 18_10_43


@dataclass(frozen=True, repr=False)
class Dataset:
    """Training, validation (None if nothing is held out) and test part, with their description.

    `summary` is a line for people: which parts were read from where, and what was left out. It is
    empty for data sets that are always the same.

    Raises:
        InputError: for examples in memory that do not fit the description, such as a label that is
            no class.
    """

    spec: DataSpec
    train: Source
    validation: Source | None
    test: Source
    summary: str = ""

    def __post_init__(self) -> None:
        for name, source in self.parts.items():
            check_part(source, self.spec, name)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of every example in order; a run refuses to resume on other data."""
        digest = hashlib.blake2b(digest_size=16)
        for vocabulary in (self.spec.vocabulary, self.spec.source_vocabulary):
            if vocabulary is not None:  # equal numbers may be other symbols
                digest.update(json.dumps(vocabulary.symbols).encode())
        if self.spec.catalogue is not None:
            digest.update(json.dumps(asdict(self.spec.catalogue)).encode())
        for part in (self.train, self.validation, self.test):
            if part is not None:
                part.add_to(digest)
        return digest.hexdigest()

    def part(self, name: str) -> Source:
        """The part called `name`: train, validation or test."""
        source = self.parts.get(name)
        if source is None:
            raise InputError(
                f"{self.spec.name} has no {name} part here; known: train, validation (if cut), test"
            )
        return source

    def show(self, part: str = "train", *, count: int = 16, seed: int = 0) -> Examples:
        """Some examples of a part with their labels, which a notebook draws.

        Another `seed` chooses others. `dl.plots.examples` draws them into a figure.

        Raises:
            InputError: when there is no such part, or `count` is not from 1 to 64.

        >>> import dl
        >>> dl.load_data("xor").show(count=2)
        xor, train: 2 of 4 examples
        0, 1  1
        1, 0  1
        """
        source = self.part(part)
        sample = draw_sample(source, self.spec, count=count, seed=seed)
        of = f"{len(sample.examples)} of {len(source):,} examples"
        return Examples(f"{self.spec.name}, {part}: {of}", sample)

    @property
    def parts(self) -> dict[str, Source]:
        """The parts that there are, by name."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def sizes(self) -> dict[str, int]:
        """The number of examples of each part that there is."""
        return {name: len(part) for name, part in self.parts.items()}

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {size:,}" for name, size in self.sizes.items())
        return f"Dataset({self.spec.name}, {self.spec.task}: {parts})"

    def _repr_html_(self) -> str:
        return dataset_html(self.spec, self.sizes, self.show(count=8))


def reading_ahead(dataset: Dataset, *, batches: int) -> Dataset:
    """The data set with this many batches read ahead of their use; 0 is one for each core.

    Nothing changes for data in memory. Batches are the same, however many are read ahead.
    """
    parts: dict[str, Any] = {
        name: replace(part, prefetch=batches)  # type: ignore[type-var]
        for name, part in dataset.parts.items()
        if not part.in_memory
    }
    return replace(dataset, **parts) if parts else dataset


def limit(dataset: Dataset, *, train: int) -> Dataset:
    """The data set with `train` of its training examples, chosen by a fixed permutation.

    The first examples would not do: the pictures of a folder are sorted by class.

    Raises:
        InputError: for fewer than one, or more than there are.
    """
    if not 1 <= train <= len(dataset.train):
        raise InputError(
            f"cannot keep {train} of {len(dataset.train)} training examples of {dataset.spec.name}"
        )
    spec = replace(dataset.spec, train_size=train)
    order = permutation(_LIMIT_SEED, len(dataset.train))
    return replace(dataset, spec=spec, train=dataset.train.take(np.sort(order[:train])))


def check_in_memory(dataset: Dataset, *, what: str) -> None:
    """Raises InputError if `what` reads all examples at once and the data set is not in memory."""
    if not dataset.train.in_memory:
        raise InputError(
            f"{what} needs all examples in memory, and {dataset.spec.name} is read while it is "
            f"used: bring it below {MEMORY_LIMIT / 2**30:.0f} GiB with a smaller --image-size, "
            "without --random-crops"
        )
