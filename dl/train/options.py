"""The options that every training run has. Plain scalars: they are printed, stored as JSON and
parsed from words.
"""

import math
from dataclasses import dataclass, fields, replace
from typing import Literal

from dl.choices import check_choices
from dl.data.dataset import Dataset
from dl.data.text.reading import Reading
from dl.errors import InputError


@dataclass(frozen=True)
class DataOptions:
    """What to learn from, whatever learns."""

    dataset: str = "digits"
    """Data set: built in, of TFDS, folder:PATH, text:, lines:, jsonl:, tsv:, chorales:PATH, or
    adding:STEPS.
    """
    seed: int = 0
    """Seed of the initial parameters, data order, dropout and augmentation."""
    validation: float = 0.1
    """Fraction of the training examples held out; 0 trains on all, and validates on a part of the
    set's own, if any.
    """
    image_size: int = 0
    """Side that pictures of folder:PATH, or of many sizes, are brought to; 0 leaves them as they
    are.
    """
    random_crops: bool = False
    """Train on random parts of the pictures of folder:PATH or a TFDS set, evaluate on their
    middles.
    """
    colour: Literal["auto", "grey", "rgb"] = "auto"
    """Channels of the pictures of folder:PATH; auto is grey if all files are."""
    damaged: Literal["refuse", "skip"] = "refuse"
    """What to do about a file of folder:PATH that cannot be read."""
    train_examples: int = 0
    """Train on only this many examples, the same for every seed; 0 uses all."""

    def __post_init__(self) -> None:
        check_choices(self)
        for option in fields(self):
            value = getattr(self, option.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(f"{option.name} is {value}; it must be a finite number")
        for name in ("seed", "image_size", "train_examples"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")
        require(self.seed < 2**31, "seed", self.seed, "below 2147483648")
        require(0 <= self.validation < 1, "validation", self.validation, "at least 0 and below 1")

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Height and width that pictures are brought to; None leaves them as they are."""
        return (self.image_size, self.image_size) if self.image_size else None

    @property
    def reading(self) -> Reading | None:
        """How text becomes sequences, where that can be chosen."""
        return None

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that can be read but not be used with these options."""


@dataclass(frozen=True)
class TrainOptions(DataOptions):
    """What to train on, for how long, and what to keep. Experiments subclass it and change the
    defaults.

    >>> TrainOptions(epochs=0)
    Traceback (most recent call last):
    dl.errors.InputError: epochs is 0; it must be at least 1
    """

    epochs: int = 10
    """Passes over the training examples."""
    batch_size: int = 128
    """Examples a step, over all devices together."""
    learning_rate: float = 0.1
    """Learning rate, or its peak when a schedule is used."""
    evaluate_every: int = 1
    """Epochs between two evaluations on the held-out examples."""
    patience: int = 0
    """Stop after this many evaluations without a better validation loss; 0 never stops early."""
    log_every: int = 100
    """Steps between two training records (an epoch's end always makes one)."""
    checkpoint_every: int = 1
    """Epochs between two checkpoints."""
    keep: int = 2
    """How many of the newest checkpoints to keep, besides the best."""
    parallel: Literal["auto", "jit", "pmap"] = "auto"
    """How to use several devices; auto is jit, or on a CPU what suits the model."""
    devices: int = 0
    """How many devices to use; 0 uses as many as share the batch evenly, or on a CPU as many as
    suit the model.
    """
    steps_per_call: int = 0
    """Steps in one compiled call, which changes no result; 0 measures how many pay."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in (
            "epochs",
            "batch_size",
            "evaluate_every",
            "log_every",
            "checkpoint_every",
            "keep",
        ):
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("devices", "steps_per_call", "patience"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")
        if self.patience and not self.validation:
            raise InputError(
                "patience needs held-out examples to look at: give --validation, such as 0.1"
            )
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")


@dataclass(frozen=True)
class ReadingOptions(DataOptions):
    """What to learn from where that is text."""

    unit: Literal["char", "byte", "word"] = "char"
    """What a symbol is."""
    vocabulary_size: int = 0
    """Keep only this many of the most frequent symbols; 0 keeps all."""
    unknown: Literal["replace", "refuse"] = "replace"
    """What to do about a symbol that the training part does not have."""
    longest: int = 0
    """The most symbols that a document has; 0 sets no limit."""
    longer: Literal["cut", "leave-out"] = "cut"
    """Cut documents with more than the longest, or leave them out."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("vocabulary_size", "longest"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")
        if self.unit == "byte":
            require(
                self.vocabulary_size == 0,
                "vocabulary_size",
                self.vocabulary_size,
                "0 for bytes, which are 256",
            )

    @property
    def reading(self) -> Reading:
        """How text becomes sequences."""
        return Reading(
            unit=self.unit,
            stream=self.as_stream,
            vocabulary_size=self.vocabulary_size,
            unknown=self.unknown,
            longest=self.longest,
            longer=self.longer,
            use_labels=self.use_labels,
        )

    @property
    def as_stream(self) -> bool:
        """Whether documents are read one after the other, as one stream."""
        return True

    @property
    def use_labels(self) -> bool:
        """Whether the labels of documents that have some are what is learned."""
        return True


@dataclass(frozen=True)
class DocumentOptions(TrainOptions, ReadingOptions):
    """Options of training on texts, each from its beginning to its end."""

    @property
    def as_stream(self) -> bool:
        """Each document is a sequence of its own."""
        return False


@dataclass(frozen=True)
class TextOptions(TrainOptions, ReadingOptions):
    """Options of training on a stream of text."""

    segment: int = 64
    """Symbols of a stream that are back-propagated through at a time."""
    order: Literal["segments", "windows"] = "segments"
    """Contiguous segments, through which the state is carried, or windows from anywhere, each from
    a fresh state.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.segment >= 1, "segment", self.segment, "at least 1")

    @property
    def reading(self) -> Reading:
        """How text becomes sequences."""
        return replace(super().reading, segment=self.segment, order=self.order)


def require_text(data: Dataset) -> None:
    """Refuse data that are no text."""
    if data.spec.vocabulary is None:
        raise InputError(
            f"{data.spec.name} is no text: give text:, lines:, jsonl: or tsv:PATH, or a text of TFDS"
        )


def require(holds: bool, name: str, value: object, what: str) -> None:
    """Refuse the option `name` unless `holds`, saying `what` it must be.

    >>> require(False, "dropout", 1.5, "at least 0 and below 1")
    Traceback (most recent call last):
    dl.errors.InputError: dropout is 1.5; it must be at least 0 and below 1
    """
    if not holds:
        raise InputError(f"{name} is {value}; it must be {what}")
