"""How good translations are: BLEU and chrF of a corpus, by sacreBLEU."""

import importlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from dl.errors import InputError


class TranslationScores(NamedTuple):
    """Scores from 0 to 100, and sacreBLEU's signatures, which say how they were computed."""

    bleu: float
    chrf: float
    signatures: dict[str, str]

    @property
    def figures(self) -> dict[str, float]:
        """The scores by name."""
        return {"bleu": self.bleu, "chrf": self.chrf}


def translation_scores(
    translations: Sequence[str], references: Sequence[str], *, lower: bool = True
) -> TranslationScores:
    """BLEU and chrF of a corpus of `translations`, each with its reference.

    BLEU = 100 · BP · exp(¼ Σ_n ln p_n), n from 1 to 4, where p_n is the share of n-grams that the
    reference has too, and BP = min(1, exp(1 − r / c)) makes up for a corpus of c words that is
    shorter than its references of r words. Where no n-gram of a length is right, p_n is half the
    share of a single one, and a quarter and an eighth of it for the next such lengths. Texts are
    cut into words as WMT did (13a), in `lower` case by default; this cuts at blanks and marks, so
    that texts without blanks, such as Chinese ones, are told by chrF alone. chrF is 100 times an
    F-score of n-grams of characters, n from 1 to 6, in which recall counts twice as much. Source:
    Papineni et al. 2002; Popović 2015; Post 2018 (sacreBLEU).

    Raises:
        InputError: when sacreBLEU is not installed, for no translations, another number of
            references, and a text in the place of a list.

    >>> scores = translation_scores(["the cat sat on a mat"], ["the cat sat on the mat"])
    >>> round(scores.bleu, 2), scores.signatures["bleu"].split("|")[3]
    (53.73, 'tok:13a')
    """
    _check(translations, references)
    library = _sacrebleu()
    metrics = {"bleu": library.BLEU(lowercase=lower), "chrf": library.CHRF(lowercase=lower)}
    scores = {
        name: metric.corpus_score(list(translations), [list(references)]).score
        for name, metric in metrics.items()
    }
    signatures = {name: str(metric.get_signature()) for name, metric in metrics.items()}
    return TranslationScores(scores["bleu"], scores["chrf"], signatures)


def sentence_scores(
    translations: Sequence[str], references: Sequence[str], *, lower: bool = True
) -> list[float]:
    """chrF of each translation: what tells good sentences from bad ones, as BLEU cannot.

    Raises:
        InputError: as `translation_scores`.

    >>> sentence_scores(["a cat", "dogs"], ["a cat", "a mouse"])[0]
    100.0
    """
    _check(translations, references)
    metric = _sacrebleu().CHRF(lowercase=lower)
    return [
        metric.sentence_score(translation, [reference]).score
        for translation, reference in zip(translations, references, strict=True)
    ]


def check_installed() -> None:
    """Fail before long work whose end needs a score.

    Raises:
        InputError: when sacreBLEU is not installed.
    """
    _sacrebleu()


def _check(translations: Sequence[str], references: Sequence[str]) -> None:
    if isinstance(translations, str) or isinstance(references, str):
        raise InputError("a text stands in the place of a list: give lists of texts")
    if not len(translations) or len(translations) != len(references):
        raise InputError(
            f"{len(translations)} translations and {len(references)} references: give one "
            "reference to each, and one translation at least"
        )


def _sacrebleu() -> Any:
    try:
        return importlib.import_module("sacrebleu.metrics")
    except ModuleNotFoundError:
        raise InputError(
            "BLEU and chrF need the package sacrebleu: pip install 'dl-lectures[translation]'"
        ) from None
