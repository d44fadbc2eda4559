"""Words by Unicode's boundaries, and by the rule of vocabularies that were made before."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Literal, TypeAlias

import regex

WordRule: TypeAlias = Literal["letters", "unicode"]
"""How a text falls into words: by Unicode's boundaries, or as before into runs of letters."""

_LETTERS = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
_PIECE = re.compile(r"\S+")
_MARKS = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]*"
_LETTER = r"[\w\p{No}]"
# Unicode's boundaries also join "end.Start" and "1;2", and part "90's" and "CO₂".
_BOUNDARY = rf"(?:\b(?!(?<={_LETTER})\p{{No}}|(?<=\p{{No}})\w)|(?=[.:]\D)|(?<=\D)(?=[.:])|(?=;)|$)"
_UNIT = rf"{_LETTER}.*?{_BOUNDARY}"
_UNICODE = regex.compile(rf"(?V1)(?w)[.:;]{_MARKS}|{_UNIT}(?:['’]{_UNIT})*|.+?(?:\b|$)")
_REMEMBERED = 64  # symbols: longer pieces hardly come again


def words(text: str, *, rule: WordRule = "unicode") -> list[str]:
    """The words and punctuation marks of a text, without blanks.

    Words end at the boundaries of Unicode's annex 29: marks stay with their letters, and the parts
    of an emoji together. Numbers keep their decimal points. Here a point or colon between two
    letters parts words; an apostrophe between letters or digits joins them, as raised and lowered
    digits join them. Scripts without blanks, such as Thai and Chinese, are read sign by sign.

    >>> words("It's late, isn't it? 3.5 km, नमस्ते!")
    ["It's", 'late', ',', "isn't", 'it', '?', '3.5', 'km', ',', 'नमस्ते', '!']
    """
    if rule == "letters":
        return _LETTERS.findall(text)
    return list(chain.from_iterable(map(_words_of, text.split())))


def word_starts(text: str, *, rule: WordRule = "unicode") -> list[int]:
    """Where each word of a text begins.

    >>> word_starts("It's 3.5 km.")
    [0, 5, 9, 11]
    """
    if rule == "letters":
        return [match.start() for match in _LETTERS.finditer(text)]
    return list(_starts(text))


def _starts(text: str) -> Iterator[int]:
    for piece in _PIECE.finditer(text):
        place = piece.start()
        for word in _words_of(piece[0]):
            yield place
            place += len(word)


def _words_of(piece: str) -> tuple[str, ...]:
    """The words of a text without blanks."""
    return _remembered(piece) if len(piece) <= _REMEMBERED else tuple(_UNICODE.findall(piece))


@lru_cache(maxsize=2**16)
def _remembered(piece: str) -> tuple[str, ...]:
    return tuple(_UNICODE.findall(piece))
