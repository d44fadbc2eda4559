"""Words and punctuation marks as a sentence, with blanks where people write them."""

import unicodedata
from collections.abc import Iterable

_TO_THE_LEFT = frozenset(".,!?;:…%‰°")
_TO_THE_RIGHT = frozenset("¿¡#@$£")
_BOTH = frozenset("-/‐‑_")
_APOSTROPHES = frozenset("'’")
_AFTER_A_LOOSE_HYPHEN = frozenset({"und", "oder", "bis", "and", "or", "to"})
_CLOSING, _OPENING = ("Pe", "Pf"), ("Ps", "Pi")
_CLOSES = {"“": "„", "‘": "‚", "’": "‘"}
"""Marks that close a quote, if the other mark has opened one; otherwise they have another use."""


def join_words(words: Iterable[str]) -> str:
    r"""A sentence of words and punctuation marks, as `dl.data.text.words.words` parts them.

    Marks stand at the word that they belong to, hyphens and slashes join two words, colons two
    numbers, and of quotes every second one closes.

    >>> join_words(["He", "said", ",", '"', "well", "-", "known", '"', "(", "twice", ")", "!"])
    'He said, "well-known" (twice)!'
    """
    sentence: list[str] = []
    earlier, before, joined = "", "", True
    open_quotes: set[str] = set()
    for word in words:
        left, right = _sides(word, before, open_quotes)
        loose = before == "-" and word.lower() in _AFTER_A_LOOSE_HYPHEN
        numbers = before == ":" and earlier.isdecimal() and word.isdecimal()  # 10:30
        sentence += [word] if (left or joined or numbers) and not loose else [" ", word]
        earlier, before, joined = before, word, right
    return "".join(sentence)


def _sides(word: str, before: str, open_quotes: set[str]) -> tuple[bool, bool]:
    """Whether a word stands without a blank after the one before it, and before the one after."""
    if word in _TO_THE_LEFT:
        return True, False
    if word in _TO_THE_RIGHT:
        return False, True
    if word in _BOTH:
        return True, True
    if word == '"' or _CLOSES.get(word) in open_quotes:
        return _quote(_CLOSES.get(word, word), open_quotes)
    if word in _APOSTROPHES:  # the boys' ball
        return True, not before.endswith("s")
    if len(word) != 1:
        return False, False
    if word in _CLOSES.values():
        open_quotes.add(word)
    category = unicodedata.category(word)
    return category in _CLOSING, category in _OPENING


def _quote(mark: str, open_quotes: set[str]) -> tuple[bool, bool]:
    closes = mark in open_quotes
    open_quotes ^= {mark}
    return closes, not closes
