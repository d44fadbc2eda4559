"""How good captions are: BLEU and CIDEr-D of texts with several references each.

Texts are words with blanks between them; what a word is must have been settled before.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from dl.errors import InputError
from dl.ranges import Range, check_number

References: TypeAlias = Sequence[Sequence[str]]
"""The right texts for each example, one at least."""
_Gram: TypeAlias = tuple[str, ...]
_LONGEST = 4


def bleu(texts: Sequence[str], references: References, *, longest_gram: int = _LONGEST) -> float:
    """BLEU of all texts together, from 0 to 100.

    BLEU = 100 · min(1, e^(1 − r/c)) · (Π_n p_n)^(1/N) with N = 4, where p_n is the share of the
    texts' n-grams that their references have too, each counted as often as in the reference that
    has it most often. c is the number of words in all texts, r that of the references closest to
    them in length. There is no smoothing: without a common n-gram of each length it is 0. Source:
    Papineni et al. 2002, ACL.

    Raises:
        InputError: for no texts, other numbers of texts and lists of references, an empty list, a
            text in the place of a list, and a `longest_gram` below 1.

    >>> round(bleu(["a cat sat on a mat"], [["a cat sat on the mat", "a cat on a mat"]]), 2)
    70.71
    """
    _check(texts, references)
    check_number("longest_gram", longest_gram, Range(at_least=1), whole=True)
    right, all_grams = np.zeros(longest_gram), np.zeros(longest_gram)
    written = closest = 0
    for text, own in zip(texts, references, strict=True):
        words, lengths = text.split(), [len(reference.split()) for reference in own]
        written += len(words)
        closest += min(lengths, key=lambda length: (abs(length - len(words)), length))
        most: Counter[_Gram] = Counter()
        for reference in own:
            most |= _grams(reference, longest_gram)
        for gram, count in _grams(text, longest_gram).items():
            all_grams[len(gram) - 1] += count
            right[len(gram) - 1] += min(count, most[gram])
    if not right.all():
        return 0.0
    brevity = min(0.0, 1.0 - closest / written)
    return 100.0 * math.exp(brevity + float(np.mean(np.log(right / all_grams))))


def cider(texts: Sequence[str], references: References) -> float:
    """CIDEr-D, a mean over all texts: how alike they are to their references in telling n-grams.

    CIDEr-D = 10/N Σ_n 1/m Σ_j e^(−(l − l_j)² / 2σ²) · min(g, g_j) · g_j / (|g| |g_j|) with N = 4
    and σ = 6. The vector g of a text has a number for each n-gram: how often it occurs, times
    log(I / d) where d of the I examples have it in a reference; l is the text's length. The mean is
    over the m references. As in COCO's evaluation, n-grams are counted and not divided by the
    length; words are not reduced to their stems. Source: Vedantam et al. 2015, arXiv:1411.5726,
    section 6.

    Raises:
        InputError: for texts and references, as `bleu`.

    >>> references = [["a cat on a mat"], ["two dogs in the snow"]]
    >>> cider(["a cat on a mat", "two dogs in the snow"], references)
    10.0
    """
    _check(texts, references)
    counts = [[_grams(reference, _LONGEST) for reference in own] for own in references]
    found = Counter(gram for own in counts for gram in set().union(*own))
    told = _Telling(found, len(texts))
    scores = [
        np.mean([_alike(told.weighed(_grams(text, _LONGEST)), told.weighed(one)) for one in own])
        for text, own in zip(texts, counts, strict=True)
    ]
    return float(10.0 * np.mean(scores))


class _Weighed(NamedTuple):
    """The numbers of a text's n-grams, their Euclidean norm for each n, the number of words."""

    numbers: dict[_Gram, float]
    norms: np.ndarray
    length: int


class _Telling(NamedTuple):
    """How many of all examples have an n-gram in a reference."""

    found: Counter[_Gram]
    examples: int

    def weighed(self, grams: "Counter[_Gram]") -> _Weighed:
        numbers = {
            gram: count * math.log(self.examples / max(1, self.found[gram]))
            for gram, count in grams.items()
        }
        squares = np.zeros(_LONGEST)
        for gram, number in numbers.items():
            squares[len(gram) - 1] += number**2
        words = sum(count for gram, count in grams.items() if len(gram) == 1)
        return _Weighed(numbers, np.sqrt(squares), words)


def _alike(text: _Weighed, reference: _Weighed) -> float:
    """The mean over n of the clipped cosine, less for texts of unlike lengths."""
    dots = np.zeros(_LONGEST)
    for gram, number in text.numbers.items():
        own = reference.numbers.get(gram, 0.0)
        dots[len(gram) - 1] += min(number, own) * own
    norms = text.norms * reference.norms
    cosines = np.divide(dots, norms, out=np.zeros(_LONGEST), where=norms > 0)
    return float(np.mean(cosines)) * math.exp(-((text.length - reference.length) ** 2) / 72.0)


def _grams(text: str, longest: int) -> "Counter[_Gram]":
    """How often each sequence of one to `longest` words occurs."""
    words = text.split()
    return Counter(
        tuple(words[start : start + count])
        for count in range(1, longest + 1)
        for start in range(len(words) - count + 1)
    )


def _check(texts: Sequence[str], references: References) -> None:
    if isinstance(texts, str) or any(isinstance(own, str) for own in references):
        raise InputError(
            "a text stands in the place of a list: give a list of texts, and a list of references "
            'for each text, such as ["a cat"] and [["a cat", "one cat"]]'
        )
    if not len(texts) or len(texts) != len(references):
        raise InputError(
            f"{len(texts)} texts but references for {len(references)}: give at least one text, and "
            "references for each"
        )
    if not all(map(len, references)):
        raise InputError("a text has no reference: give each one at least")
