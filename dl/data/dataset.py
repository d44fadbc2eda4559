"""What a data set is: three parts with random access, a description, a fingerprint."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dl.data.part_checks import check_part
from dl.data.pictures.crops import View
from dl.data.sources.source import Source
from dl.data.split import permutation
from dl.data.tasks import TASKS, Task, TaskName
from dl.data.text.vocabulary import Vocabulary
from dl.errors import InputError

MEMORY_LIMIT = 4 * 2**30
"""Bytes of decoded pictures; a larger data set is decoded while it is used."""
# Fixed for ever: limited runs of every seed train on the same examples.
_LIMIT_SEED = 18_10_43


@dataclass(frozen=True)
class DataSpec:
    """What a model needs to know about its data.

    `input_shape` is the shape of one example. `mean` and `std` are per channel, of the training
    part, for pictures in [0, 1]. `train_size` counts the training examples without those that are
    held out. `view` is the part of a picture that evaluation resizes to `input_shape`. `ragged`
    sequences have several lengths; `input_shape` has the longest. A `carried` stream is read in
    segments, and a recurrent state goes from one to the next. `class_names` names the outputs; a
    language task has its symbols in `vocabulary` instead. Other tasks on text have a `vocabulary`
    too.
    """

    name: str
    task: TaskName
    input_shape: tuple[int, ...]
    input_dtype: str
    class_names: tuple[str, ...]
    train_size: int
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    view: View = "whole"
    ragged: bool = False
    carried: bool = False
    vocabulary: Vocabulary | None = None

    @property
    def kind(self) -> Task:
        """The row of the task in `dl.data.tasks`."""
        return TASKS[self.task]

    @property
    def classes(self) -> int:
        """The number of a model's outputs: classes, symbols, numbers or yes-or-no answers."""
        predicts_symbols = self.kind.predicts_symbols and self.vocabulary is not None
        return len(self.text) if predicts_symbols else len(self.class_names)

    @property
    def has_step_targets(self) -> bool:
        """Whether every step of a sequence has a target."""
        return self.kind.step_targets

    @property
    def has_symbols(self) -> bool:
        """Whether inputs are whole numbers that name something, such as characters."""
        return self.input_dtype != "uint8" and np.issubdtype(self.input_dtype, np.integer)

    @property
    def text(self) -> Vocabulary:
        """The vocabulary.

        Raises:
            InputError: for data that are no text.
        """
        if self.vocabulary is None:
            raise InputError(f"{self.name} is no text")
        return self.vocabulary


@dataclass(frozen=True)
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
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        for name, source in parts.items():
            check_part(source, self.spec, name)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of every example in order; a run refuses to resume on other data."""
        digest = hashlib.blake2b(digest_size=16)
        if self.spec.vocabulary is not None:  # equal numbers may be other symbols
            digest.update(json.dumps(self.spec.vocabulary.symbols).encode())
        for part in (self.train, self.validation, self.test):
            if part is not None:
                part.add_to(digest)
        return digest.hexdigest()

    def part(self, name: str) -> Source:
        """The part called `name`: train, validation or test."""
        source = {"train": self.train, "validation": self.validation, "test": self.test}.get(name)
        if source is None:
            raise InputError(
                f"{self.spec.name} has no {name} part here; known: train, validation (if cut), test"
            )
        return source


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
