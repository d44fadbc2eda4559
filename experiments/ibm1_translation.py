"""Translation word by word, with IBM model 1: the baseline for a net.

Lecture: H6. Paper: Brown et al. 1993.
Data: by default TED talks from Portuguese to English, of TFDS; `pairs:PATH` names other pairs.
Expected: Multi30k test 2016, lower case, from German to English 28.66 BLEU and 54.49 chrF, from
    English to German 11.82 and 53.17.
Time: 10 s.
Command: python -m experiments run ibm1_translation --dataset pairs:PATH --source de --target en
"""

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from dl import Count, Dataset, Measured, PairCountOptions, alignment
from dl.assess import translation_scores
from dl.data.sources.pairs import PairSource
from dl.data.text.vocabulary import UNKNOWN


@dataclass(frozen=True)
class Options(PairCountOptions):
    """Options of ibm1_translation."""

    dataset: str = "ted_hrlr_translate/pt_to_en"
    validation: float = 0.0
    unit: Literal["char", "word", "subword"] = "word"
    rounds: Count = 10
    """Rounds of EM."""


def count(options: Options, data: Dataset) -> tuple[Measured, int]:
    """Count which words stand for which, then translate each word by its most probable one."""
    train = cast(PairSource, data.train)
    model = alignment.fit(
        _sentences(train.inputs, train.lengths),
        _sentences(train.targets, train.target_lengths),
        source_words=len(data.spec.source_text),
        target_words=len(data.spec.text),
        rounds=options.rounds,
    )
    return _measured(model, data), len(model.probabilities)


def _sentences(rows: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
    """The words of sentences [N, T] without the END of each."""
    return [row[: length - 1] for row, length in zip(rows, lengths, strict=True)]


def _measured(model: alignment.IBM1, data: Dataset) -> Measured:
    """BLEU and chrF of the parts that are held out."""
    source, target = data.spec.source_text, data.spec.text
    best = zip(source.symbols, alignment.best_words(model), strict=True)
    words = {word: target.symbols[number] for word, number in best if number >= 0}
    known = {word: translation for word, translation in words.items() if translation != UNKNOWN}
    figures, signatures = {}, {}
    for name, part in (("validation", data.validation), ("test", data.test)):
        if part is None:
            continue
        texts = cast(PairSource, part).texts
        # A word that was never seen, such as a name, is written as it is.
        translations = [
            target.join(known.get(word, word) for word in source.split(text)) for text, _ in texts
        ]
        scores = translation_scores(
            translations, [reference for _, reference in texts], lower=target.lower
        )
        figures[name], signatures = scores.figures, scores.signatures
    return Measured(figures, signatures)
