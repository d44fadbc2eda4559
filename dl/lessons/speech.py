"""Three generations of speech recognition on the same strings: HMM-GMM, belief net, LSTM (H4)."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from dl.assess.labels import label_errors
from dl.data.sources.pairs import PairSource
from dl.hmm import WordModels, loop, read_words, viterbi
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

    def take(self, places: Sequence[int]) -> "Strings":
        """The utterances at `places`."""
        return Strings(*([each[place] for place in places] for each in self))


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
        # Rows beyond the last are empty, so that all calls of a width have one shape.
        index = np.arange(start, min(start + _ROWS, len(source)))
        batch = source.gather(np.resize(index, _ROWS))
        values = batch["inputs"].astype(np.float32) / 2**15
        cepstra, energies = map(np.asarray, compute(values, counts[np.resize(index, _ROWS)]))
        for row, place in enumerate(index):
            length = source.target_lengths[place]
            strings.cepstra.append(cepstra[row, : counts[place]].astype(np.float64))
            strings.energies.append(energies[row, : counts[place]])
            strings.labels.append(source.targets[place, :length].tolist())
    return strings


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
    waveforms: jax.Array, counts: jax.Array, *, sample_rate: int, filters: int
) -> tuple[jax.Array, jax.Array]:
    energies = spectra.log_mel(waveforms, sample_rate, filters=filters)
    static = spectra.cepstra(energies)
    slopes = spectra.slopes(static)
    whole = jax.numpy.concatenate([static, slopes, spectra.slopes(slopes)], axis=-1)
    return spectra.normalised(whole, counts), energies
