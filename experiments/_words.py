"""What the experiments without CTC on strings of words share: features, and models of words."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np

from dl import Count, CountOrZero, Dataset, InputError, Range
from dl.assess.labels import label_errors
from dl.data.sources.pairs import PairSource
from dl.hmm import WordModels, fit_word_models
from dl.lessons import speech


@dataclass(frozen=True)
class WordFields:
    """Options of models of words."""

    states: Annotated[int, Range(at_least=2)] = 8
    """States of a word, from its beginning to its end."""
    mixtures: Count = 2
    """Gaussians of a state."""
    rounds: CountOrZero = 1
    """How often the strings are aligned, and the models fitted again."""


def in_frames(data: Dataset) -> tuple[speech.Strings, speech.Strings, speech.Strings]:
    """The strings to fit, to choose numbers by, and to test on, in frames.

    Raises:
        InputError: for data that are no strings of words in memory, and none to choose numbers by.
    """
    if data.validation is None:
        need = "give --validation, such as 0.1, for strings to choose a penalty by"
        raise InputError(f"{data.spec.name} has no validation part: {need}")
    return (
        _part_in_frames(data.train, data),
        _part_in_frames(data.validation, data),
        _part_in_frames(data.test, data),
    )


def _part_in_frames(part: object, data: Dataset) -> speech.Strings:
    if not isinstance(part, PairSource):
        raise InputError(f"{data.spec.name} has no strings of words: give spoken_strings:PATH")
    return speech.in_frames(part, data.spec.sample_rate)


def fit_words(options: WordFields, strings: speech.Strings, data: Dataset) -> WordModels:
    """Whole-word models with mixtures of Gaussians, on cepstra."""
    return fit_word_models(
        strings.cepstra,
        strings.loudness,
        strings.labels,
        words=len(data.spec.text),
        states=options.states,
        mixtures=options.mixtures,
        rounds=options.rounds,
    )


def figures_of(
    models: WordModels,
    held_out: tuple[list[np.ndarray], speech.Strings],
    test: tuple[list[np.ndarray], speech.Strings],
    *,
    scale: float = 1.0,
) -> dict[str, dict[str, float]]:
    """Label errors of the test strings, with the penalty that is best for those held out.

    Each part is ln p [F, S] of the sounds, and its strings.
    """
    decode = partial(speech.decode_strings, models, held_out[0], scale=scale)
    penalty = speech.tuned_penalty(decode, held_out[1].labels)
    answers = speech.decode_strings(models, test[0], penalty=penalty, scale=scale)
    errors = label_errors(test[1].labels, answers)
    return {
        "test": {
            "label_error": errors.rate,
            "substitutions": errors.substitutions / errors.labels,
            "insertions": errors.insertions / errors.labels,
            "deletions": errors.deletions / errors.labels,
        }
    }
