"""Other data than a run's own, described as the model's: classes are matched by name."""

from dataclasses import replace
from typing import Any

import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.load import absolute, can_be_resized, load_data
from dl.data.naming import some_of
from dl.data.readers.folder import load_folder
from dl.data.readers.folder_listing import unknown_classes
from dl.data.sources.arrays import ArraySource
from dl.data.sources.ragged import RaggedSource
from dl.data.sources.source import Source
from dl.data.sources.streamed import StreamedSource
from dl.errors import InputError
from dl.runs.config import Config
from dl.tables import times

_FOLDER = "folder:"


def other_data(dataset: str, config: Config) -> Dataset:
    """The data set `dataset`, with the description of the data that the model was built for.

    Pictures of a folder, or of many sizes, get the size and channels that the model takes. A folder
    without parts is evaluated as a whole. Of ratings those are evaluated on which the model was not
    trained: of users and items that it knows.

    Raises:
        InputError: as `load_data`; for data of another kind, and classes that the model does not
            know.
    """
    data = _open(absolute(dataset), config)
    check_same_kind(data.spec, config.data)
    data = with_classes(data, config.data.class_names)
    spec = replace(config.data, name=data.spec.name, train_size=data.spec.train_size)
    return replace(data, spec=spec)


def _open(dataset: str, config: Config) -> Dataset:
    own, options = config.data, config.options
    pictures = len(own.input_shape) == 3
    asked: dict[str, Any] = {}
    if pictures and can_be_resized(dataset):
        asked["image_size"] = own.input_shape[:2]
    if pictures and dataset.startswith(_FOLDER):
        return load_folder(
            dataset.removeprefix(_FOLDER),
            validation=0.0,
            random_crops=own.view == "middle",
            colour="rgb" if own.input_shape[2] == 3 else "grey",
            damaged=options.damaged,
            max_megapixels=options.max_megapixels,
            classes=own.class_names,
            **asked,
        )
    listening, feedback = options.listening, options.feedback
    reading, own_symbols = options.reading, {"vocabulary": own.vocabulary}
    if own.source_vocabulary is not None:
        own_symbols["source_vocabulary"] = own.source_vocabulary
    return load_data(
        dataset,
        validation=options.validation,
        random_crops=own.view == "middle",
        reading=replace(reading, **own_symbols) if reading else None,
        listening=listening and replace(listening, sample_rate=own.sample_rate),
        feedback=feedback and replace(feedback, catalogue=own.catalogue),
        **asked,
    )


def check_same_kind(data: DataSpec, trained: DataSpec) -> None:
    """Refuse data with inputs, or answers, of another kind than those of `trained`.

    Raises:
        InputError: for other inputs, another task, another number of numbers or symbols, and
            classes that the model does not know.

    >>> spec = DataSpec("digits", "classification", (28, 28, 1), "uint8", ("0", "1"), 100)
    >>> check_same_kind(replace(spec, name="photos", input_shape=(32, 32, 3)), spec)
    Traceback (most recent call last):
    dl.errors.InputError: photos has inputs 32×32×3 (uint8), the model was trained on 28×28×1 ...
    """
    inputs, own_inputs = map(_inputs, (data, trained))
    if inputs != own_inputs:
        raise InputError(
            f"{data.name} has inputs {inputs}, the model was trained on {own_inputs}: give data "
            "of its kind"
        )
    chooses = data.kind.chooses and data.task == trained.task
    if not chooses and (data.task, data.classes) != (trained.task, trained.classes):
        raise InputError(
            f"{data.name} has {_classes(data)}, the model was trained on {_classes(trained)}: "
            "give data of its kind"
        )
    named = chooses or data.task == "transcription"
    if named and (strange := [n for n in data.class_names if n not in trained.class_names]):
        raise unknown_classes(data.name, strange, trained.class_names)


def with_classes(data: Dataset, names: tuple[str, ...]) -> Dataset:
    """The data with targets that count the classes `names`, of which they have all or some."""
    if not data.spec.kind.chooses or data.spec.class_names == names:
        return data
    places = np.array([names.index(name) for name in data.spec.class_names], np.int32)
    parts = {
        part: None if source is None else _relabelled(source, places)
        for part, source in (
            ("train", data.train),
            ("validation", data.validation),
            ("test", data.test),
        )
    }
    return replace(data, spec=replace(data.spec, class_names=names), **parts)


def _relabelled(source: Source, places: np.ndarray) -> Source:
    if isinstance(source, StreamedSource):
        return replace(source, numbers=places)
    if isinstance(source, ArraySource | RaggedSource):
        return replace(source, targets=places[source.targets])
    raise TypeError(f"{type(source).__name__} has no classes")


def _inputs(spec: DataSpec) -> str:
    if spec.sample_rate:
        return f"sound at {spec.sample_rate} Hz"
    if spec.ragged:  # the longest may be of any length
        return "×".join(
            ["sequences", times(spec.input_shape[1:])]
            if spec.input_shape[1:]
            else ["sequences of symbols"]
        )
    return f"{times(spec.input_shape)} ({spec.input_dtype})"


def _classes(spec: DataSpec) -> str:
    if spec.kind.predicts_symbols:
        return f"a next symbol out of {spec.classes}"
    return f"{spec.classes} {spec.kind.outputs} ({some_of(spec.class_names)})"
