"""Recordings of single words as a data set: `audio:PATH`.

The layouts of folders and names are those of `dl.data.audio.recordings`. Examples are waveforms,
int16 [N], of several lengths. Source: H4; the Free Spoken Digit Dataset, Jackson et al. 2018.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dl.data.audio.listening import Listening
from dl.data.audio.recordings import Recording, read_recordings
from dl.data.dataset import Dataset
from dl.data.naming import listed
from dl.data.parts import dataset_of_sequences
from dl.data.sources.ragged import RaggedSource, ragged_source
from dl.data.split import check_every_class, split_validation
from dl.errors import InputError


def load_audio(
    path: str | Path, *, validation: float = 0.0, listening: Listening | None = None
) -> Dataset:
    """Waveforms with the word in each: a classification, whose classes are sorted by name.

    Raises:
        InputError: as `read_recordings`; for fewer than two classes, and a test recording of a
            class that is not in the training part.
    """
    recordings, name = read_recordings(path, listening or Listening()), f"audio:{path}"
    classes = tuple(sorted({one.label for one in recordings.train}))
    if len(classes) < 2:
        raise InputError(f"{name} has {len(classes)} class: a classification needs two")
    for part in (recordings.validation, recordings.test):
        if unknown := sorted({one.label for one in part} - set(classes)):
            raise InputError(f"{name} has no training recording of {listed(unknown)}: give some")
    train = _source(recordings.train, classes)
    kept, held_out = split_validation(train, fraction=validation, classes=train.targets)
    check_every_class(classes, (classes[label] for label in kept.targets), name=name)
    if held_out is None and recordings.validation:
        held_out = _source(recordings.validation, classes)
    data = dataset_of_sequences(
        name,
        kept,
        held_out,
        _source(recordings.test, classes),
        task="classification",
        class_names=classes,
        sample_rate=recordings.rate,
    )
    return replace(data, summary=f"{name}: {recordings.summary}")


def _source(recordings: Sequence[Recording], classes: tuple[str, ...]) -> RaggedSource:
    labels = np.array([classes.index(one.label) for one in recordings], np.int32)
    return ragged_source([one.samples for one in recordings], labels)
