"""A net that begins as a belief net tells the state of each frame; hidden Markov models join them.

Lecture: H4, the second generation; F4. Paper: Mohamed, Dahl & Hinton 2009. Data: the strings of
    `ctc_spoken_digits`. The models of `hmm_spoken_digits` align the training strings; a net with
    the weights of a belief net learns which state each frame is in, from 11 frames of log-mel
    energies; Viterbi over the same loop of words takes p(state | frames) / p(state).
Expected: 1.30 % of the labels wrong, between Gaussian mixtures (`hmm_spoken_digits`, 3.56 %) and
    the LSTM (`ctc_spoken_digits`, 0.85 %).
Time: 1,228 s on two CPU cores that had other work, about two thirds of it for the models of words.
Command: python -m experiments run dbn_spoken_digits --dataset spoken_strings:PATH
"""

from dataclasses import dataclass

import numpy as np

import dl
from dl import Count, Dataset, Positive, Rate
from dl.lessons import speech
from dl.train.options import DataOptions
from dl.train.sound_options import StringFields
from experiments._frames import frames_of, log_posteriors, train_on_frames
from experiments._words import WordFields, figures_of, fit_words, in_frames


@dataclass(frozen=True)
class Options(WordFields, StringFields, DataOptions):
    """Options of dbn_spoken_digits."""

    dataset: str = ""
    longest: float = 1.0
    strings: int = 1500
    layers: str = "512-512"
    """Units of the layers, from the inputs up."""
    pretraining: Count = 4
    """Epochs of the belief net, all layers together."""
    epochs: Count = 20
    """Epochs of the classifier of frames."""
    dropout: Rate = 0.2
    """Share of the units that are switched off while it learns."""
    scale: Positive = 0.3
    """How much the net's answers weigh beside the models' steps: frames are not independent."""


def count(options: Options, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Align, pre-train, train, and decode the test strings."""
    fitted, held_out, test = in_frames(data)
    words = fit_words(options, fitted, data)
    aligned = [speech.long_enough(words, part) for part in (fitted, held_out)]
    left_out = len(fitted.labels) + len(held_out.labels) - sum(len(part.labels) for part in aligned)
    frames = frames_of(words, *aligned)
    net = train_on_frames(options, frames)
    shares = np.bincount(frames.train.targets, minlength=len(words.mixtures)) + 1.0
    log_shares = np.log(shares / shares.sum())
    first, second = (
        [log_posteriors(net, each) - log_shares for each in part.energies]
        for part in (held_out, test)
    )
    figures = figures_of(words, (first, held_out), (second, test), scale=options.scale)
    figures["frames"] = {**net.evaluate("test"), "strings_left_out": float(left_out)}
    return figures, dl.count_parameters(net.params) + words.parameters
