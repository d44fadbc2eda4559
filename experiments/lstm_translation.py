"""Translation by two LSTMs: one reads a sentence into its state, the other writes from it.

Without attention all that the decoder knows of the source is one vector, so that long sentences
suffer: the lesson beside `attention_translation`.

Lecture: H6. Paper: Sutskever et al. 2014.
Data: by default TED talks from Portuguese to English, of TFDS; `pairs:PATH` names other pairs.
Expected: Multi30k 2016, German to English: 21.8 BLEU (`attention_translation`: 42.0), English
    to German 16.5 (37.4).
Time: 1,548 s on two CPU cores, shared with other work.
Command: python -m experiments run lstm_translation --dataset pairs:PATH --source de --target en
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Measured, Recipe, Trained
from experiments._translation import (
    TranslationOptions,
    measure_translation,
    translation_recipe,
)


@dataclass(frozen=True)
class Options(TranslationOptions):
    """Options of lstm_translation."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """A bidirectional LSTM whose last states begin the LSTM that writes."""
    return translation_recipe("lstm", options, data_spec, attention="none")


def conclude(options: Options, trained: Trained, data: Dataset) -> Measured:
    """BLEU and chrF of the parts that are held out."""
    return measure_translation(options, trained, data)
