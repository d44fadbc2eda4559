"""Whole-word models: left-to-right states with mixtures of Gaussians, fitted by hmmlearn.

The models learn from strings whose words are known and their times are not. They begin with strings
of one word, cut out of the pauses around it by its loudness; then, in each round, all strings are
aligned by the models, and the models fitted again. Source: Rabiner 1989; Juang & Rabiner 1990
(segmental k-means).
"""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl.errors import InputError
from dl.hmm.graphs import chain, check_states, word_starts
from dl.hmm.mixtures import Mixtures
from dl.hmm.viterbi import viterbi

_LEAST_VARIANCE = 0.01


@dataclass(frozen=True)
class WordModels:
    """`mixtures` of the states of all words and of the pause, and ln p of staying in each [S]."""

    words: int
    states: int
    mixtures: Mixtures
    log_stay: np.ndarray

    @property
    def parameters(self) -> int:
        """How many numbers were fitted."""
        own = self.mixtures
        return own.weights.size + own.means.size + own.variances.size + self.log_stay.size

    def fits(self, frames: int, labels: Sequence[int]) -> bool:
        """Whether so many frames are enough for all states of these words."""
        return frames >= max(1, self.states * len(labels))


def fit_word_models(
    features: Sequence[np.ndarray],
    loudness: Sequence[np.ndarray],
    labels: Sequence[Sequence[int]],
    *,
    words: int,
    states: int = 8,
    mixtures: int = 2,
    rounds: int = 1,
    seed: int = 0,
) -> WordModels:
    """Models of `words` words from strings: features [F_i, D], loudness [F_i] and labels of each.

    `rounds` is how often all strings are aligned, and the models fitted again.

    Raises:
        InputError: without hmmlearn, for fewer than 2 `states`, for numbers that are not finite,
            for a word that is said alone in no string, or never for as many frames as it has
            states, and for strings without any pause.
    """
    check_states(states)
    _check_finite([*features, *loudness])
    alone = [place for place, own in enumerate(labels) if len(own) == 1]
    if missing := sorted(set(range(words)) - {labels[place][0] for place in alone}):
        raise InputError(
            f"word {missing[0]} is said alone in no string, and models begin with these: give more"
        )
    pieces: list[list[np.ndarray]] = [[] for _ in range(words)]
    pauses = []
    for place in alone:
        inside = _spoken(loudness[place])
        pieces[labels[place][0]].append(features[place][inside])
        pauses.append(np.delete(features[place], np.arange(len(features[place]))[inside], axis=0))
    models = _fit(pieces, pauses, None, states=states, mixtures=mixtures, seed=seed)
    for _ in range(rounds):
        pieces, pauses = _cut(models, features, labels)
        models = _fit(pieces, pauses, models, states=states, mixtures=mixtures, seed=seed)
    return models


def align(models: WordModels, log_sounds: np.ndarray, labels: Sequence[int]) -> np.ndarray:
    """The state [F] of each frame, by `log_sounds` [F, S], if just these words are said.

    Raises:
        InputError: for fewer frames than these words have states (`WordModels.fits`), and for
            sounds that are not finite.
    """
    graph = chain(labels, models.log_stay, models.states)
    path, _ = viterbi(graph.log_start, graph.log_steps, graph.log_end, log_sounds[:, graph.states])
    return graph.states[path]


def _check_finite(arrays: Sequence[np.ndarray]) -> None:
    if not all(np.isfinite(array).all() for array in arrays):
        raise InputError("features or loudness are not finite: look for broken recordings")


def _spoken(loudness: np.ndarray) -> slice:
    """The frames from the first loud one to the last."""
    low, high = np.percentile(loudness, 5), loudness.max()
    loud = np.flatnonzero(loudness >= low + 0.3 * (high - low))
    return slice(int(loud[0]), int(loud[-1]) + 1)


def _cut(
    models: WordModels, features: Sequence[np.ndarray], labels: Sequence[Sequence[int]]
) -> tuple[list[list[np.ndarray]], list[np.ndarray]]:
    """The pieces of every word and the pauses, where the models hear them."""
    pieces: list[list[np.ndarray]] = [[] for _ in range(models.words)]
    pauses = []
    for own, said in zip(features, labels, strict=True):
        if not models.fits(len(own), said):
            continue
        path = align(models, models.mixtures.log_likelihoods(own), said)
        pauses.append(own[path == models.words * models.states])
        starts = np.flatnonzero(word_starts(path, models.words, models.states))
        ends = np.flatnonzero(
            (path % models.states == models.states - 1)
            & np.concatenate([path[1:] != path[:-1], [True]])
        )
        for start, end in zip(starts, ends, strict=True):
            pieces[path[start] // models.states].append(own[start : end + 1])
    return pieces, pauses


def _fit(
    pieces: Sequence[Sequence[np.ndarray]],
    pauses: Sequence[np.ndarray],
    before: WordModels | None,
    *,
    states: int,
    mixtures: int,
    seed: int,
) -> WordModels:
    """The model of each word on its pieces, and that of the pause; they go on from `before`."""
    fitted = []
    for word, own in enumerate(pieces):
        long = [piece for piece in own if len(piece) >= states]
        if not long:
            raise InputError(f"word {word} has no piece of {states} frames: give fewer --states")
        fitted.append(_fit_one(long, _old(before, word, states), states, mixtures, seed))
    quiet = [piece for piece in pauses if len(piece)]
    if not quiet:
        raise InputError("no string has a pause: give strings with silence around their words")
    fitted.append(_fit_one(quiet, None, 1, mixtures, seed))
    joined = [np.concatenate([one[name] for one in fitted]) for name in range(4)]
    return WordModels(len(pieces), states, Mixtures(*joined[:3]), joined[3])


def _old(before: WordModels | None, word: int, states: int) -> tuple[np.ndarray, ...] | None:
    if before is None:
        return None
    own, rows = before.mixtures, slice(word * states, (word + 1) * states)
    return own.weights[rows], own.means[rows], own.variances[rows], before.log_stay[rows]


def _fit_one(
    pieces: Sequence[np.ndarray],
    before: tuple[np.ndarray, ...] | None,
    states: int,
    mixtures: int,
    seed: int,
) -> tuple[np.ndarray, ...]:
    """Weights, means, variances and ln p of staying of one left-to-right model, by Baum-Welch."""
    model = _gmm_hmm()(
        states,
        mixtures,
        covariance_type="diag",
        min_covar=_LEAST_VARIANCE,
        n_iter=8,
        init_params="",
        params="tmcw",
        random_state=seed,
    )
    weights, means, variances, log_stay = before or _uniform(pieces, states, mixtures, seed)
    stay = np.exp(log_stay)
    model.startprob_ = np.eye(states)[0]
    model.transmat_ = np.diag(stay) + np.diag(1 - stay[:-1], 1)
    model.transmat_[-1, -1] = 1.0
    model.weights_, model.means_, model.covars_ = weights, means, variances
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(np.concatenate(pieces), [len(piece) for piece in pieces])
    stay = np.diag(model.transmat_).copy()
    # A last state is never left within a piece: its share follows from how long pieces stay there.
    stay[-1] = stay[:-1].mean() if states > 1 else _mean_stay(pieces)
    return (
        model.weights_,
        model.means_,
        np.maximum(model.covars_, _LEAST_VARIANCE),
        np.log(np.clip(stay, 0.05, 0.98)),
    )


def _uniform(
    pieces: Sequence[np.ndarray], states: int, mixtures: int, seed: int
) -> tuple[np.ndarray, ...]:
    """A start: each piece is divided evenly among the states, and each state by k-means."""
    from sklearn.cluster import KMeans

    means, variances = [], []
    for state in range(states):
        frames = np.concatenate(
            [
                piece[len(piece) * state // states : len(piece) * (state + 1) // states]
                for piece in pieces
            ]
        )
        clusters = KMeans(min(mixtures, len(frames)), n_init="auto", random_state=seed).fit(frames)
        centres = np.resize(clusters.cluster_centers_, (mixtures, frames.shape[1]))
        means.append(centres)
        variances.append(np.tile(frames.var(axis=0) + _LEAST_VARIANCE, (mixtures, 1)))
    weights = np.full((states, mixtures), 1.0 / mixtures)
    stay = 1.0 - min(0.9, states / np.mean([len(piece) for piece in pieces]))
    return weights, np.array(means), np.array(variances), np.log(np.full(states, max(stay, 0.1)))


def _mean_stay(pieces: Sequence[np.ndarray]) -> float:
    return 1.0 - 1.0 / max(2.0, float(np.mean([len(piece) for piece in pieces])))


def _gmm_hmm() -> Any:
    try:
        from hmmlearn.hmm import GMMHMM
    except ImportError:
        raise InputError(
            "models of Gaussian mixtures need hmmlearn: pip install 'dl-lectures[speech]'"
        ) from None
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    return GMMHMM
