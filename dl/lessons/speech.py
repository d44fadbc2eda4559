"""Three generations of speech recognition on the same strings: HMM-GMM, belief net, LSTM (H4)."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from dl.assess.labels import label_errors
from dl.data.sources.pairs import PairSource
from dl.errors import InputError
from dl.hmm import WordModels, align, loop, read_words, viterbi
from dl.layers import spectra
from dl.tables import Table

SLIDE = (("HMM-GMM", 1990, 0.26), ("belief net", 2009, 0.207), ("LSTM", 2013, 0.177))
"""Phoneme error rates on TIMIT, as the slide has them (H4)."""
_ROWS = 64


class Strings(NamedTuple):
    """Utterances in frames: cepstra [F, 39], log-mel energies [F, M] and labels of each."""

    cepstra: list[np.ndarray]
    energies: list[np.ndarray]
    labels: list[list[int]]

    @property
    def loudness(self) -> list[np.ndarray]:
        """The mean log-energy [F] of each frame."""
        return [each.mean(axis=1) for each in self.energies]

    def take(self, places: Iterable[int]) -> "Strings":
        """The utterances at `places`."""
        rows = [(self.cepstra[i], self.energies[i], self.labels[i]) for i in places]
        return Strings(*(list(column) for column in zip(*rows, strict=True)))


def in_frames(source: PairSource, sample_rate: int, *, filters: int = 26) -> Strings:
    """The utterances of a part in frames of 25 ms, one every 10 ms.

    Cepstra are 13 mel-frequency cepstral coefficients with their slopes and the slopes of these,
    normalised over each utterance, as the log-mel energies are not.
    """
    compute = jax.jit(partial(_features, sample_rate=sample_rate, filters=filters))
    size, step = (
        spectra.frame_samples(sample_rate, each) for each in (spectra.FRAME_MS, spectra.STEP_MS)
    )
    counts = np.asarray(spectra.frame_count(source.lengths, size, step))
    strings = Strings([], [], [])
    for start in range(0, len(source), _ROWS):
        # The first rows are repeated to fill the last batch, and thrown away, so that all calls of
        # a width have one shape.
        index = np.arange(start, min(start + _ROWS, len(source)))
        batch = source.gather(np.resize(index, _ROWS))
        values = batch["inputs"].astype(np.float32) / 2**15
        lengths, frames = batch["lengths"], counts[np.resize(index, _ROWS)]
        cepstra, energies = map(np.asarray, compute(values, lengths, frames))
        for row, place in enumerate(index):
            length = source.target_lengths[place]
            strings.cepstra.append(cepstra[row, : counts[place]].astype(np.float64))
            strings.energies.append(energies[row, : counts[place]])
            strings.labels.append(source.targets[place, :length].tolist())
    return strings


def patches(energies: np.ndarray, *, context: int = 5) -> np.ndarray:
    """Each frame with `context` frames on either side, as a picture: uint8 [F, 2c + 1, M, 1].

    Log-mel energies [F, M] are normalised over the utterance; σ of them is the brightness, so that
    units which are 0 or 1 can learn them (F4). The first and last frame are repeated.

    >>> patches(np.random.default_rng(0).normal(size=(7, 3)), context=1).shape
    (7, 3, 3, 1)
    """
    normal = (energies - energies.mean(axis=0)) / (energies.std(axis=0) + 1e-3)
    bright = np.rint(255.0 / (1.0 + np.exp(-normal))).astype(np.uint8)
    place = np.arange(len(bright))[:, None] + np.arange(-context, context + 1)
    return bright[np.clip(place, 0, len(bright) - 1)][..., None]


def long_enough(models: WordModels, strings: Strings) -> Strings:
    """The strings with a frame for every state of their words: the others cannot be aligned.

    Raises:
        InputError: where no string has.
    """
    pairs = enumerate(zip(strings.cepstra, strings.labels, strict=True))
    places = [place for place, (own, said) in pairs if models.fits(len(own), said)]
    if not places:
        raise InputError(
            f"no string has a frame for each of the {models.states} states of its words: give "
            "fewer --states"
        )
    return strings.take(places)


def frame_states(models: WordModels, strings: Strings) -> list[np.ndarray]:
    """The state [F] of every frame of strings whose words are known: forced alignment.

    Raises:
        InputError: for a string with fewer frames than its words have states (`long_enough`).
    """
    return [
        align(models, models.mixtures.log_likelihoods(cepstra), labels)
        for cepstra, labels in zip(strings.cepstra, strings.labels, strict=True)
    ]


def decode_strings(
    models: WordModels,
    log_sounds: Sequence[np.ndarray],
    *,
    penalty: float,
    scale: float = 1.0,
) -> list[list[int]]:
    """The words of each string by Viterbi over a loop of all words, from ln p [F, S] of its sounds.

    `scale` weighs the sounds against the steps: successive frames are not independent.
    """
    graph = loop(models.log_stay, models.words, models.states, penalty=penalty)
    paths = (
        viterbi(graph.log_start, graph.log_steps, graph.log_end, scale * sounds)[0]
        for sounds in log_sounds
    )
    return [read_words(path, models.words, models.states) for path in paths]


def tuned_penalty(
    decode: Callable[..., list[list[int]]],
    labels: Sequence[Sequence[int]],
    penalties: Sequence[float] = (0.0, 5.0, 10.0, 20.0, 40.0, 80.0),
) -> float:
    """The penalty with the fewest errors in strings that nothing else was fitted to."""
    errors = [label_errors(labels, decode(penalty=penalty)).rate for penalty in penalties]
    return penalties[int(np.argmin(errors))]


def generations(label_error: dict[str, float]) -> Table:
    """The slide's table with the label errors that were measured beside TIMIT's.

    >>> print(generations({"HMM-GMM": 0.05, "LSTM": 0.01}).text())
    system      year  TIMIT, slide  here
    HMM-GMM     1990        26.0 %  5.0 %
    belief net  2009        20.7 %      –
    LSTM        2013        17.7 %  1.0 %
    """
    return Table(
        ("system", "year", "TIMIT, slide", "here"),
        tuple((name, str(year), slide, label_error.get(name)) for name, year, slide in SLIDE),
        formats={"TIMIT, slide": ".1%", "here": ".1%"},
    )


def _features(
    waveforms: jax.Array,
    lengths: jax.Array,
    counts: jax.Array,
    *,
    sample_rate: int,
    filters: int,
) -> tuple[jax.Array, jax.Array]:
    energies = spectra.log_mel(waveforms, sample_rate, lengths=lengths, filters=filters)
    static = spectra.cepstra(energies)
    slopes = spectra.slopes(static, counts=counts)
    curves = spectra.slopes(slopes, counts=counts)
    whole = jax.numpy.concatenate([static, slopes, curves], axis=-1)
    return spectra.normalised(whole, counts), energies
