"""What is said in recordings, by a trained net."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from dl.data.audio.files import Sound, decode_sound
from dl.data.audio.resample import resampled
from dl.data.dataset import DataSpec
from dl.decoding.ctc import Language, Reading, read_best_path, search_prefixes
from dl.errors import InputError
from dl.models.acoustic import real_steps
from dl.runs.trained import Trained
from dl.train.network import Network
from dl.types import Ragged

Heard: TypeAlias = np.ndarray | str | Path
"""Samples int16 [N] at the rate of the model, or a file at any rate."""


class Transcript(NamedTuple):
    """The labels that were said, their score, and the posteriors [F, K + 1] of blank and labels."""

    labels: tuple[str, ...]
    score: float
    posteriors: np.ndarray

    @property
    def text(self) -> str:
        """The labels with spaces between them."""
        return " ".join(self.labels)


def transcribe(
    trained: Trained | Network,
    recordings: Sequence[Heard],
    *,
    beam: int = 0,
    language: Language | None = None,
    weight: float = 0.5,
    bonus: float = 0.0,
) -> list[Transcript]:
    """What a net trained by CTC hears in each recording; files are mixed to mono and resampled.

    With a `beam` the labels are searched (`dl.decoding.ctc.search_prefixes`, which has the other
    options); 0 takes the most probable class of every step. The score is ln p of the labels with a
    beam, otherwise of the best path.

    Raises:
        InputError: for a model that transcribes nothing, a file that is no sound, samples that are
            not int16, a negative beam, a language without a beam, and a net whose outputs are NaN.
    """
    network = trained.network
    labels = _labels(network)
    if beam < 0:
        raise InputError(f"beam is {beam}: give 0 or more")
    if language is not None and not beam:
        raise InputError("a language needs a beam: give --beam 16")
    read = (
        partial(search_prefixes, beam=beam, language=language, weight=weight, bonus=bonus)
        if beam
        else lambda steps: [read_best_path(steps)]
    )
    transcripts = []
    for recording in recordings:
        log_posteriors = hear(network, _samples(recording, network.described))
        best: Reading = read(log_posteriors)[0]
        said = tuple(labels[label] for label in best.labels)
        transcripts.append(Transcript(said, best.score, np.exp(log_posteriors)))
    return transcripts


def hear(network: Network, samples: np.ndarray) -> np.ndarray:
    """ln of the posteriors [F, K + 1] in every step of one recording, int16 [N].

    It is padded to a power of two of seconds, so that few shapes are compiled.
    """
    spec = network.described
    width = spec.sample_rate
    while width < len(samples):
        width *= 2
    padded = np.zeros((1, width), np.int16)
    padded[0, : len(samples)] = samples
    lengths = np.array([len(samples)], np.int32)
    logits = network.outputs(Ragged(padded, lengths))
    real = np.asarray(logits, np.float64)[0, : int(real_steps(logits)[0])]
    with np.errstate(invalid="ignore"):  # NaN is told in words when labels are read from it
        return real - np.logaddexp.reduce(real, axis=1, keepdims=True)


def read_sound(path: str | Path, rate: int) -> np.ndarray:
    """The samples int16 [N] of a sound file, mixed to mono and brought to `rate` Hz.

    Raises:
        InputError: for a file that is missing, or is no sound.
    """
    try:
        content = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    sound: Sound = decode_sound(content, str(path))
    return resampled(sound, rate).samples


def _samples(recording: Heard, spec: DataSpec) -> np.ndarray:
    if isinstance(recording, str | Path):
        return read_sound(recording, spec.sample_rate)
    samples = np.asarray(recording)
    if samples.ndim != 1 or samples.dtype != np.int16 or not len(samples):
        raise InputError(
            f"a recording is int16 [samples] at {spec.sample_rate} Hz, or a file, not "
            f"{samples.dtype} {list(samples.shape)}"
        )
    return samples


def _labels(network: Network) -> tuple[str, ...]:
    spec = network.described
    if spec.task != "transcription":
        hint = "predict" if spec.kind.chooses else "its own verb"
        raise InputError(
            f"{network.model.name} was trained on {spec.name} (task: {spec.task}) and transcribes "
            f"nothing: use {hint}, or give a run such as that of ctc_spoken_digits"
        )
    return spec.text.symbols
