"""Data sets made of parts: examples in memory, sequences of several lengths, stored pictures."""

import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.sources.arrays import ArraySource
from dl.data.sources.captions import CaptionSource, with_common_caption_widths
from dl.data.sources.pairs import PairSource, with_common_pair_widths
from dl.data.sources.ragged import RaggedSource, with_common_widths
from dl.data.sources.streamed import IMAGENET_MEAN, IMAGENET_STD, Records, StreamedSource
from dl.data.split import split_validation
from dl.data.tasks import TASKS, TaskName
from dl.data.text.vocabulary import Vocabulary

_COUNTED_AT_ONCE = 2**20


def dataset_of_parts(
    name: str,
    train: ArraySource,
    test: ArraySource,
    *,
    class_names: tuple[str, ...],
    task: TaskName = "classification",
    validation: float | ArraySource = 0.0,
) -> Dataset:
    """A `Dataset` of arrays; `validation` is a part, or a fraction in [0, 1) of train to hold out.

    >>> train = ArraySource(np.zeros((8, 2), np.float32), np.arange(8) % 2)
    >>> data = dataset_of_parts("zeros", train, train, class_names=("a", "b"), validation=0.25)
    >>> len(data.train), len(data.validation), len(data.test)
    (6, 2, 8)
    """
    kept, held_out = (
        (train, validation)
        if isinstance(validation, ArraySource)
        else split_validation(train, fraction=validation, classes=_classes(train, task))
    )
    mean, std = channel_moments(kept.inputs)
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


def dataset_of_sequences(
    name: str,
    train: RaggedSource,
    validation: RaggedSource | None,
    test: RaggedSource,
    *,
    class_names: tuple[str, ...],
    task: TaskName,
    vocabulary: Vocabulary | None = None,
    sample_rate: int = 0,
) -> Dataset:
    """A `Dataset` of sequences of several lengths. All parts are evaluated at the same widths."""
    spec = DataSpec(
        name=name,
        task=task,
        input_shape=train.inputs.shape[1:],
        input_dtype=str(train.inputs.dtype),
        class_names=class_names,
        train_size=len(train),
        ragged=True,
        vocabulary=vocabulary,
        sample_rate=sample_rate,
    )
    if validation is None:
        train, test = with_common_widths(train, test)
    else:
        train, validation, test = with_common_widths(train, validation, test)
    return Dataset(spec, train, validation, test)


def dataset_of_pairs(
    name: str,
    train: PairSource,
    validation: PairSource | None,
    test: PairSource,
    *,
    vocabulary: Vocabulary | None = None,
    source_vocabulary: Vocabulary | None = None,
    class_names: tuple[str, ...] = (),
    sample_rate: int = 0,
) -> Dataset:
    """A `Dataset` of sequences with sequences for targets, evaluated at the same widths.

    Its task is "sequence" where targets have an end, otherwise "transcription".
    """
    parts = [part for part in (train, validation, test) if part is not None]
    train, *others = with_common_pair_widths(*parts)
    spec = DataSpec(
        name=name,
        task="transcription" if train.end is None else "sequence",
        input_shape=train.inputs.shape[1:],
        input_dtype=str(train.inputs.dtype),
        class_names=class_names,
        train_size=len(train),
        ragged=True,
        vocabulary=vocabulary,
        source_vocabulary=source_vocabulary,
        longest_target=train.widths[-1][1],
        sample_rate=sample_rate,
    )
    return Dataset(spec, train, others[0] if validation is not None else None, others[-1])


def dataset_of_captions(
    name: str,
    train: CaptionSource,
    validation: CaptionSource | None,
    test: CaptionSource,
    *,
    vocabulary: Vocabulary,
) -> Dataset:
    """A `Dataset` of pictures with captions. All parts are evaluated at the same widths."""
    parts = [part for part in (train, validation, test) if part is not None]
    train, *others = with_common_caption_widths(*parts)
    mean, std = channel_moments(train.pictures)
    spec = DataSpec(
        name=name,
        task="sequence",
        input_shape=tuple(train.pictures.shape[1:]),
        input_dtype="uint8",
        class_names=(),
        train_size=len(train),
        mean=mean,
        std=std,
        vocabulary=vocabulary,
        longest_target=others[-1].widths[-1],
    )
    return Dataset(spec, train, others[0] if validation is not None else None, others[-1])


def dataset_of_records(
    name: str,
    train: Records,
    test: Records,
    *,
    shape: tuple[int, int, int],
    class_names: tuple[str, ...],
    validation: float | Records = 0.0,
    crops: bool = False,
) -> Dataset:
    """A `Dataset` whose pictures are decoded while they are used, and brought to `shape` [H, W, C].

    `validation` is a part, or a fraction in [0, 1) of train to hold out. With `crops` training sees
    random parts of the pictures and evaluation their middles; without, both see whole pictures.
    Colours are normalised with the moments of ImageNet, grey values with
    those of its green channel.
    """
    channels = slice(None) if shape[-1] == 3 else slice(1, 2)

    def source(part: Records) -> StreamedSource:
        return StreamedSource(part, shape, len(class_names), np.arange(len(part)), crops)

    tested = source(test)
    # Classes that are only known when the records are read stay unknown.
    labels = getattr(train, "labels", None)
    kept, held_out = (
        split_validation(source(train), fraction=validation, classes=labels)
        if isinstance(validation, float | int)
        else (source(train), source(validation))
    )
    spec = DataSpec(
        name=name,
        task="classification",
        input_shape=shape,
        input_dtype="uint8",
        class_names=class_names,
        train_size=len(kept),
        mean=IMAGENET_MEAN[channels],
        std=IMAGENET_STD[channels],
        view=tested.view,
    )
    return Dataset(spec, kept, held_out, tested)


def _classes(train: ArraySource, task: TaskName) -> np.ndarray | None:
    """The class of each example [N], where a task has one."""
    return train.targets if TASKS[task].chooses and train.targets.ndim == 1 else None


def channel_moments(inputs: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of the channels of pictures uint8 [N, H, W, C]; otherwise 0 and 1."""
    if inputs.dtype != np.uint8:
        return (0.0,), (1.0,)
    # Counting grey values is exact and needs no floating-point copy of the data.
    values = np.arange(256) / 255.0
    moments = []
    for channel in range(inputs.shape[-1]):
        counts = count_bytes(inputs[..., channel])
        mean = float(counts @ values / counts.sum())
        varies = counts.max() < counts.sum()  # a constant channel is only centred
        moments.append(
            (mean, float(np.sqrt(counts @ (values - mean) ** 2 / counts.sum())) if varies else 1.0)
        )
    means, stds = zip(*moments, strict=True)
    return means, stds


def count_bytes(values: np.ndarray) -> np.ndarray:
    """How often each of 256 values occurs in `values` uint8 [N, ...].

    >>> count_bytes(np.array([[3, 3], [0, 255]], np.uint8))[[0, 3, 255]].tolist()
    [1, 2, 1]
    """
    counts = np.zeros(256, np.int64)
    rows = max(1, _COUNTED_AT_ONCE // max(1, values[:1].size))
    for start in range(0, len(values), rows):
        # NumPy copies what it counts to int64, eight times the memory.
        counts += np.bincount(values[start : start + rows].ravel(), minlength=256)
    return counts
