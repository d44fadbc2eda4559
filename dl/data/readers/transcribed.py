"""Waveforms with the labels that are said in them, in order, as a `Dataset` for CTC."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dl.data.audio.listening import Listening
from dl.data.audio.too_short import too_short
from dl.data.dataset import Dataset
from dl.data.naming import listed, some_of
from dl.data.parts import dataset_of_pairs
from dl.data.sources.pairs import PairSource, pair_source
from dl.data.split import split_validation
from dl.data.text.vocabulary import Vocabulary
from dl.errors import InputError

BLANK = "<blank>"
"""The name of a model's class 0; label k is its class k + 1."""


@dataclass(frozen=True)
class Utterance:
    """Samples int16 [N], the labels said in them, and what messages call it."""

    samples: np.ndarray
    labels: tuple[str, ...]
    name: str


def transcribed(
    name: str,
    train: Sequence[Utterance],
    validation: Sequence[Utterance],
    test: Sequence[Utterance],
    *,
    labels: Sequence[str],
    rate: int,
    fraction: float,
    listening: Listening,
    summary: str = "",
) -> Dataset:
    """A transcription of utterances at one `rate` into `labels`, the vocabulary.

    Utterances too short for their labels at the model's steps have no path of CTC; they are left
    out, and the `summary` says so. With a `fraction`, that part of train is the validation part.

    Raises:
        InputError: for a label that is not one of `labels`, an utterance without any, and a part of
            which nothing is left.
    """
    vocabulary = Vocabulary("word", tuple(labels))
    number = {label: place for place, label in enumerate(labels)}
    left_out: list[str] = []

    def source(part: str, utterances: Sequence[Utterance]) -> PairSource:
        targets = [_numbers(each, number) for each in utterances]
        lengths = [len(each.samples) for each in utterances]
        short = too_short(lengths, targets, sample_rate=rate, stack=listening.stack)
        left_out.extend(u.name for u, is_short in zip(utterances, short, strict=True) if is_short)
        kept = np.flatnonzero(~short).tolist()
        if not kept:
            raise InputError(
                f"{name}: no utterance of the {part} part is long enough for its labels"
            )
        return pair_source([utterances[i].samples for i in kept], [targets[i] for i in kept])

    kept, held_out = split_validation(source("train", train), fraction=fraction)
    if held_out is None and validation:
        held_out = source("validation", validation)
    data = dataset_of_pairs(
        name,
        kept,
        held_out,
        source("test", test),
        vocabulary=vocabulary,
        class_names=(BLANK, *labels),
        sample_rate=rate,
    )
    if left_out:
        step = f"steps of {10 * listening.stack} ms"
        summary += f"; {len(left_out):,} too short for their labels at {step} left out: "
        summary += some_of(left_out)
    return replace(data, summary=f"{name}: {summary}")


def _numbers(utterance: Utterance, number: dict[str, int]) -> np.ndarray:
    if not utterance.labels:
        raise InputError(f"{utterance.name} has no labels: leave it out")
    if strange := sorted(set(utterance.labels) - number.keys()):
        raise InputError(
            f"{utterance.name} has labels outside of the {len(number)} known ones: "
            f"{listed(strange)}"
        )
    return np.array([number[label] for label in utterance.labels], np.int32)
