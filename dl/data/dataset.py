"""What a data set is: three random-access parts, a description, a fingerprint."""

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dl.data.pictures.crops import View
from dl.data.sources.arrays import ArraySource
from dl.data.sources.source import Source
from dl.data.sources.streamed import IMAGENET_MEAN, IMAGENET_STD, Records, StreamedSource
from dl.data.split import permutation, split_validation
from dl.data.tasks import TASKS, Task, TaskName
from dl.data.text.vocabulary import Vocabulary
from dl.errors import InputError

MEMORY_LIMIT = 4 * 2**30
"""Bytes of decoded pictures up to which a data set is held in memory; a larger one is streamed."""
_LIMIT_SEED = (
    18_10_43  # fixed for ever: every seed of every run that is limited trains on the same examples
)


Part = Source  # until its users say Source


@dataclass(frozen=True)
class DataSpec:
    """What a model needs to know of its data.

    `input_shape` is one example's; `mean` and `std` are per channel, of the training part, on the
    scale of pictures in [0, 1]; `train_size` counts the examples that are trained on (validation
    already cut off). `view` is what a picture of another size shows when it is brought to
    `input_shape` for evaluation. Sequences that are `ragged` have several lengths, the longest that
    of `input_shape`. `carried` streams are read in segments that a recurrent state is handed on
    between. `class_names` are the outputs' names; of a language task they are in the `vocabulary`,
    which is also that of texts in other tasks.
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
        """What the task asks for: its row in `dl.data.tasks`."""
        return TASKS[self.task]

    @property
    def classes(self) -> int:
        """How many outputs a model has: one for each class, symbol, number or yes-or-no answer."""
        predicts_symbols = self.kind.predicts_symbols and self.vocabulary is not None
        return len(self.text) if predicts_symbols else len(self.class_names)

    @property
    def has_step_targets(self) -> bool:
        """Whether every step of a sequence has a target."""
        return self.kind.step_targets

    @property
    def has_symbols(self) -> bool:
        """Whether inputs are whole numbers that stand for something, not pictures' or other values."""
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
    """Train, validation (None when nothing is held out) and test, with their description."""

    spec: DataSpec
    train: Source
    validation: Source | None
    test: Source

    @cached_property
    def fingerprint(self) -> str:
        """A digest of every example in order; a run refuses to resume on data with another one."""
        digest = hashlib.blake2b(digest_size=16)
        if self.spec.vocabulary is not None:  # the same numbers may stand for other symbols
            digest.update(json.dumps(self.spec.vocabulary.symbols).encode())
        for part in (self.train, self.validation, self.test):
            if part is not None:
                part.add_to(digest)
        return digest.hexdigest()

    def part(self, name: str) -> Source:
        """The part called `name`: train, validation or test."""
        found = {"train": self.train, "validation": self.validation, "test": self.test}.get(name)
        if found is None:
            raise InputError(
                f"{self.spec.name} has no {name} part here; known: train, validation (if cut), test"
            )
        return found


def dataset_of_parts(
    name: str,
    train: ArraySource,
    test: ArraySource,
    *,
    class_names: tuple[str, ...],
    task: TaskName = "classification",
    validation: float = 0.0,
) -> Dataset:
    """A `Dataset` of two parts, with `validation` (a fraction in [0, 1)) of train held out."""
    kept, held_out = split_validation(train, fraction=validation)
    mean, std = _channel_moments(kept.inputs)
    spec = DataSpec(
        name=name,
        task=task,
        input_shape=tuple(train.inputs.shape[1:]),
        input_dtype=str(train.inputs.dtype),
        class_names=class_names,
        train_size=len(kept),
        mean=mean,
        std=std,
    )
    return Dataset(spec, kept, held_out, test)


def stream_dataset(
    name: str,
    train: Records,
    test: Records,
    *,
    shape: tuple[int, int, int],
    class_names: tuple[str, ...],
    validation: float = 0.0,
    crops: bool = False,
) -> Dataset:
    """A `Dataset` that reads its pictures while they are used and makes them `shape` [H, W, C].

    With `crops` training sees random parts of them and evaluation their middle, otherwise both see
    the whole. Colours are normalised with the moments of ImageNet, grey values with those of its
    green.
    """
    channels = slice(None) if shape[-1] == 3 else slice(1, 2)
    sources = [
        StreamedSource(part, shape, len(class_names), np.arange(len(part)), crops)
        for part in (train, test)
    ]
    kept, held_out = split_validation(sources[0], fraction=validation)
    spec = DataSpec(
        name=name,
        task="classification",
        input_shape=shape,
        input_dtype="uint8",
        class_names=class_names,
        train_size=len(kept),
        mean=IMAGENET_MEAN[channels],
        std=IMAGENET_STD[channels],
        view=sources[1].view,
    )
    return Dataset(spec, kept, held_out, sources[1])


def limit(dataset: Dataset, *, train: int) -> Dataset:
    """The data set with only `train` of its training examples, for quick looks: of any class, by a
    fixed permutation.

    The first ones would not do: pictures of folders are sorted by class.
    """
    if not 1 <= train <= len(dataset.train):
        raise InputError(
            f"cannot keep {train} of {len(dataset.train)} training examples of {dataset.spec.name}"
        )
    spec = replace(dataset.spec, train_size=train)
    order = permutation(_LIMIT_SEED, len(dataset.train))
    return replace(dataset, spec=spec, train=dataset.train.take(np.sort(order[:train])))


def check_in_memory(dataset: Dataset, *, what: str) -> None:
    """Raises InputError when `what` looks at all examples at once, and the data set is streamed."""
    if not dataset.train.in_memory:
        raise InputError(
            f"{what} needs all examples in memory, and {dataset.spec.name} is read while it is used: bring it below "
            f"{MEMORY_LIMIT / 2**30:.0f} GiB with a smaller --image-size, without --random-crops"
        )


def _channel_moments(inputs: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation per channel of pictures (uint8 [N, H, W, C]); (0, 1) for anything
    else.
    """
    if inputs.dtype != np.uint8:
        return (0.0,), (1.0,)
    # Counting grey values is exact and needs no floating-point copy of the data.
    values = np.arange(256) / 255.0
    moments = []
    for channel in range(inputs.shape[-1]):
        counts = np.bincount(inputs[..., channel].ravel(), minlength=256)
        mean = float(counts @ values / counts.sum())
        varies = counts.max() < counts.sum()  # a constant channel is centred and not stretched
        moments.append(
            (mean, float(np.sqrt(counts @ (values - mean) ** 2 / counts.sum())) if varies else 1.0)
        )
    means, stds = zip(*moments, strict=True)
    return means, stds
