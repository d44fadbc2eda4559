"""Translation by an encoder-decoder that looks back at the source: attention.

Lecture: H6. Paper: Bahdanau et al. 2015.
Data: by default TED talks from Portuguese to English, of TFDS; `pairs:PATH` names other pairs.
Expected: 41.95 BLEU and 61.29 chrF (one seed) on Multi30k test 2016, lower case, from German to
    English; 37.42 and 63.42 from English to German. Word by word (`ibm1_translation`): 28.66 and
    11.82 BLEU.
Time: 2,348 s on two CPU cores, shared with other work; 1,714 s from English to German.
Command: python -m experiments run attention_translation --dataset pairs:PATH --source de
    --target en
"""

from dataclasses import dataclass
from typing import Literal

from dl import Dataset, DataSpec, Measured, Recipe, Trained
from experiments._translation import (
    TranslationOptions,
    measure_translation,
    translation_recipe,
)


@dataclass(frozen=True)
class Options(TranslationOptions):
    """Options of attention_translation."""

    kind: Literal["gru", "lstm", "rnn"] = "gru"
    """Cells of the encoder and the decoder."""
    attention: Literal["additive", "multiplicative"] = "additive"
    """How a state of the decoder is compared with the places of the source."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """A bidirectional encoder, and a decoder that attends to its outputs."""
    return translation_recipe(options.kind, options, data_spec, attention=options.attention)


def conclude(options: Options, trained: Trained, data: Dataset) -> Measured:
    """BLEU and chrF of the parts that are held out."""
    return measure_translation(options, trained, data)
