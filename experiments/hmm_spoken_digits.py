"""Hidden Markov models with Gaussian mixtures write down strings of spoken digits.

Lecture: H4, the first generation. Paper: Rabiner 1989. Data: the strings of `ctc_spoken_digits`.
    Ten whole-word models and a pause, on mel-frequency cepstra; Viterbi over a loop of words,
    with the penalty for a word that is best for strings of a tenth of the recordings, held out.
Expected: 3.56 % of the labels wrong.
Time: 763 s on two CPU cores that had other work.
Command: python -m experiments run hmm_spoken_digits --dataset spoken_strings:PATH
"""

from dataclasses import dataclass

from dl import Dataset
from dl.train.options import DataOptions
from dl.train.sound_options import StringFields
from experiments._words import WordFields, figures_of, fit_words, in_frames


@dataclass(frozen=True)
class Options(WordFields, StringFields, DataOptions):
    """Options of hmm_spoken_digits."""

    dataset: str = ""
    longest: float = 1.0
    strings: int = 1500


def count(options: Options, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Fit the models to the training strings, and decode the test strings."""
    fitted, held_out, test = in_frames(data)
    models = fit_words(options, fitted, data)
    sounds = (
        [models.mixtures.log_likelihoods(cepstra) for cepstra in part.cepstra]
        for part in (held_out, test)
    )
    first, second = sounds
    return figures_of(models, (first, held_out), (second, test)), models.parameters
