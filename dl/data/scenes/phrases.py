"""Phrases with alternatives: how many texts they stand for, which ones, and one drawn at random.

A phrase is words, a sequence of phrases (a tuple), or `OneOf` several phrases.
"""

import math
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple, TypeAlias

import numpy as np


class OneOf(NamedTuple):
    """Alternatives, any of which may stand here."""

    alternatives: tuple["Phrase", ...]


Phrase: TypeAlias = "str | OneOf | tuple[Phrase, ...]"
"""Words with blanks between them, alternatives, or phrases one after the other."""


def count_texts(phrase: Phrase) -> int:
    """How many ways there are to say a phrase.

    >>> count_texts((OneOf(("small", "little")), OneOf(("cat", "dog", "cow"))))
    6
    """
    if isinstance(phrase, str):
        return 1
    if isinstance(phrase, OneOf):
        return sum(map(count_texts, phrase.alternatives))
    return math.prod(map(count_texts, phrase))


def texts_of(phrase: Phrase) -> Iterator[str]:
    """Every way to say a phrase.

    >>> list(texts_of(("a", OneOf(("small", "little")), "cat")))
    ['a small cat', 'a little cat']
    """
    if isinstance(phrase, str):
        yield phrase
    elif isinstance(phrase, OneOf):
        for alternative in phrase.alternatives:
            yield from texts_of(alternative)
    else:
        yield from map(" ".join, product(*map(texts_of, phrase)))


def draw_text(phrase: Phrase, generator: np.random.Generator) -> str:
    """One way to say a phrase; the k-th alternative of a choice is k times as rare as the first.

    So words have their usual synonym, as they have in a language. Source: Zipf 1949.
    """
    if isinstance(phrase, str):
        return phrase
    if isinstance(phrase, OneOf):
        shares = _shares(len(phrase.alternatives))
        chosen = phrase.alternatives[bisect(shares, generator.random())]
        return draw_text(chosen, generator)
    return " ".join(draw_text(part, generator) for part in phrase)


@cache
def _shares(count: int) -> list[float]:
    """How often one of the first k alternatives is drawn, for each k but the last."""
    weights = [1 / number for number in range(1, count + 1)]
    return [sum(weights[:number]) / sum(weights) for number in range(1, count)]


def says(phrase: Phrase, words: Sequence[str]) -> bool:
    """Whether the words are one way to say the phrase.

    >>> says(("a", OneOf(("small", "little")), "cat"), "a little cat".split())
    True
    """
    return len(words) in _ends(phrase, words, 0)


def _ends(phrase: Phrase, words: Sequence[str], start: int) -> set[int]:
    """Where the phrase may end if it begins at `start`."""
    if isinstance(phrase, str):
        own = phrase.split(" ")
        return {start + len(own)} if list(words[start : start + len(own)]) == own else set()
    if isinstance(phrase, OneOf):
        return set().union(*(_ends(one, words, start) for one in phrase.alternatives))
    ends = {start}
    for part in phrase:
        ends = set().union(*(_ends(part, words, end) for end in ends))
    return ends
