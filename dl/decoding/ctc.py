"""From the posteriors of CTC to labels: the best path, and a search over prefixes (H4).

Posteriors are of classes in every step: class 0 is the blank, class k + 1 is label k.
"""

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

import numpy as np

from dl import ngram
from dl.errors import InputError

Labels = tuple[int, ...]
Language = Callable[[Labels], np.ndarray]
"""From the labels so far to ln p of each label after them, and of the end: [K + 1]."""
_NEVER = -math.inf
_ROUNDING = 1e-3
"""How far above 0 logarithms of probabilities may be where they were computed in few digits."""


class Reading(NamedTuple):
    """Labels, and their score: ln p(labels), with what a language model adds to it."""

    labels: Labels
    score: float


class Emission(NamedTuple):
    """A label that a path emits, and the step where it is most probable."""

    label: int
    step: int


def emissions(posteriors: np.ndarray) -> list[Emission]:
    """The labels of the most probable path of [F, K + 1] with their steps; see `read_best_path`.

    Posteriors and their logarithms give the same.

    >>> emissions(np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.9, 0.1], [0.3, 0.7]]))
    [Emission(label=0, step=2), Emission(label=0, step=4)]
    """
    posteriors = _checked(posteriors)
    classes = posteriors.argmax(axis=1).tolist()
    found = []
    for number, steps in groupby(range(len(classes)), key=classes.__getitem__):
        if number:
            peak = max(steps, key=lambda step: float(posteriors[step, number]))
            found.append(Emission(number - 1, peak))
    return found


def read_best_path(log_posteriors: np.ndarray) -> Reading:
    """The labels of the most probable path: [F, K + 1] -> repetitions merged, blanks dropped.

    The score is that of the path, at most that of the labels.

    Raises:
        InputError: for what is not [F, K + 1], and for what are no logarithms of probabilities.

    >>> halves = np.log([[0.4, 0.6], [0.6, 0.4], [0.4, 0.6]])
    >>> read_best_path(halves).labels
    (0, 0)
    """
    log_posteriors = _checked_logs(log_posteriors)
    classes = log_posteriors.argmax(axis=1)
    before = np.concatenate([[0], classes[:-1]])
    labels = classes[(classes != before) & (classes != 0)] - 1
    return Reading(tuple(map(int, labels)), float(log_posteriors.max(axis=1).sum()))


def search_prefixes(
    log_posteriors: np.ndarray,
    *,
    beam: int = 16,
    best: int = 1,
    language: Language | None = None,
    weight: float = 0.5,
    bonus: float = 0.0,
) -> list[Reading]:
    """The `best` labels by ln p(labels) + weight · ln p_language(labels) + bonus · their number.

    After each step of [F, K + 1] the `beam` best prefixes are kept, each with the probability of
    its paths that end in the blank and of those that end in its last label. A beam that holds all
    prefixes finds the most probable labels. Source: Graves 2012, section 7.5; Hannun et al. 2014,
    arXiv:1408.2873.

    Raises:
        InputError: for a beam or `best` below 1, for what is not [F, K + 1], and for what are no
            logarithms of probabilities.

    >>> steps = np.log([[0.6, 0.4], [0.6, 0.4]])  # label 0 has the paths 10, 01 and 11
    >>> read_best_path(steps).labels, search_prefixes(steps)[0].labels
    ((), (0,))
    """
    log_posteriors = _checked_logs(log_posteriors)
    if beam < 1 or best < 1:
        raise InputError(f"beam is {beam} and best {best}; they must be at least 1")
    told = _Told(language if weight else None, weight, bonus)
    prefixes: dict[Labels, _Sums] = {(): _Sums(0.0, _NEVER, 0.0)}
    for step in log_posteriors.astype(np.float64).tolist():
        later = _one_step(prefixes, step, told)
        ranked = sorted(later, key=lambda prefix: told.score(prefix, later[prefix]), reverse=True)
        prefixes = {prefix: later[prefix] for prefix in ranked[:beam]}
    readings = [Reading(p, told.score(p, sums, finished=True)) for p, sums in prefixes.items()]
    return sorted(readings, key=lambda reading: -reading.score)[:best]


def ngram_language(sequences: Sequence[Sequence[int]], labels: int, *, order: int = 2) -> Language:
    """How labels follow each other in `sequences`, by Kneser-Ney counts (`dl.ngram`).

    >>> language = ngram_language([[0, 1], [0, 1], [0, 1]], labels=2)
    >>> int(language((0,)).argmax()), int(language((0, 1)).argmax())  # the label 1, the end
    (1, 2)
    """
    end = labels
    stream = [end, *(symbol for sequence in sequences for symbol in (*sequence, end))]
    model = ngram.fit(np.array(stream, np.int32), order=order, symbols=labels + 1)

    @cache
    def language(context: Labels) -> np.ndarray:
        return np.log(ngram.distribution(model, np.array(context, np.int32)))

    return lambda before: language((end, *before)[-max(1, order - 1) :])


class _Sums(NamedTuple):
    """Of a prefix: ln p of paths that end in blank and in a label, and what the language adds."""

    blank: float
    label: float
    told: float


class _Told(NamedTuple):
    """What a prefix is worth: sound, language and number of labels."""

    language: Language | None
    weight: float
    bonus: float

    def score(self, prefix: Labels, sums: _Sums, *, finished: bool = False) -> float:
        told = sums.told
        if finished and self.language is not None:
            told += float(self.language(prefix)[-1])
        return _log_sum(sums.blank, sums.label) + self.bonus * len(prefix) + self.weight * told

    def after(self, prefix: Labels, labels: int) -> list[float]:
        """ln p of each label after a prefix."""
        return [0.0] * labels if self.language is None else self.language(prefix).tolist()


def _one_step(
    prefixes: dict[Labels, _Sums], step: list[float], language: _Told
) -> dict[Labels, _Sums]:
    """All prefixes after one more step."""
    later: dict[Labels, _Sums] = {}

    def add(prefix: Labels, blank: float, label: float, told: float) -> None:
        before = later.get(prefix)
        if before is not None:
            blank, label = _log_sum(before.blank, blank), _log_sum(before.label, label)
        later[prefix] = _Sums(blank, label, told)

    for prefix, (blank, label, told) in prefixes.items():
        either = _log_sum(blank, label)
        repeated = label + step[prefix[-1] + 1] if prefix else _NEVER
        add(prefix, either + step[0], repeated, told)
        after = language.after(prefix, len(step) - 1)
        for new, value in enumerate(step[1:]):
            # A label right after itself is a new one only with a blank between.
            start = blank if prefix and prefix[-1] == new else either
            add((*prefix, new), _NEVER, start + value, told + after[new])
    return later


def _log_sum(one: float, other: float) -> float:
    """ln(e^one + e^other), also for what is impossible."""
    low, high = sorted((one, other))
    return high if low == _NEVER else high + math.log1p(math.exp(low - high))


def _checked(posteriors: np.ndarray) -> np.ndarray:
    array = np.asarray(posteriors)
    if array.ndim != 2 or array.shape[1] < 2:
        raise InputError(
            f"posteriors are [steps, blank and labels], not {list(array.shape)}: give those of one "
            "recording"
        )
    if np.isnan(array).any():
        raise InputError(
            "posteriors are not numbers: the net has diverged; train it again with a lower "
            "learning rate"
        )
    return array


def _checked_logs(log_posteriors: np.ndarray) -> np.ndarray:
    array = _checked(log_posteriors)
    if (highest := array.max(initial=_NEVER)) > _ROUNDING:
        raise InputError(
            f"logarithms of probabilities are at most 0, not {highest:g}: give ln of the posteriors"
        )
    return array
