"""From text to numbers and back: characters, bytes, words or subwords."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any, Literal, TypeAlias

import numpy as np

from dl.data.text.joining import join_words
from dl.data.text.subwords import join_pieces, open_subwords, train_subwords
from dl.data.text.words import WordRule, word_starts, words
from dl.errors import InputError
from dl.screen import escaped

Unit: TypeAlias = Literal["char", "byte", "word", "subword"]
END = "<end>"
"""Stands before the first symbol of a document and after the last."""
UNKNOWN = "<unknown>"
"""Stands for every symbol that is not in the vocabulary."""
_MOST_SHOWN = 100


@dataclass(frozen=True)
class Vocabulary:
    """The symbols of a text; the number of a symbol is its place.

    Bytes are always all 256, so that none is unknown. `UNKNOWN` and `END` come last, of subwords
    first, if they are needed. `word_rule` says how a text falls into words; vocabularies that do
    not say it were made by "letters". With `lower`, texts are read in lower case. `model` cuts
    texts into subwords (`dl.data.text.subwords`).

    >>> vocabulary = make_vocabulary(["abba"], unit="char")
    >>> vocabulary.symbols
    ('a', 'b', '<unknown>')
    >>> vocabulary.encode("baz").tolist(), vocabulary.decode([1, 0, 2])
    ([1, 0, 2], 'ba�')
    """

    unit: Unit
    symbols: tuple[str, ...]
    word_rule: WordRule = "letters"
    lower: bool = False
    model: str = ""

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def end(self) -> int:
        """The number of `END`.

        Raises:
            InputError: for the vocabulary of one stream or of labelled texts, which has no `END`.
        """
        if END not in self._numbers:
            kinds = "one stream (text:PATH) or of texts with labels (tsv:PATH)"
            raise InputError(
                f"this vocabulary has no end of documents, it is of {kinds}: "
                "use single documents, such as lines:PATH"
            )
        return self._numbers[END]

    def encode(self, text: str, *, unknown: Literal["replace", "refuse"] = "replace") -> np.ndarray:
        """The numbers of the symbols of `text`: int32 [N].

        Raises:
            InputError: for the first symbol that is not in the vocabulary, with its place, if
                `unknown` is "refuse" or the vocabulary has no `UNKNOWN`. For bytes and subwords:
                for half of a surrogate pair.

        >>> Vocabulary("char", ("a", "b", UNKNOWN)).encode("abc").tolist()
        [0, 1, 2]
        """
        text = text.lower() if self.lower else text
        if self.unit == "byte":
            return np.frombuffer(_utf8(text), np.uint8).astype(np.int32)
        numbers = self._encode_characters(text) if self.unit == "char" else self._encode_words(text)
        unknown_places = numbers < 0
        if unknown_places.any() and (unknown == "refuse" or UNKNOWN not in self._numbers):
            place = int(unknown_places.argmax())
            symbol = text[place] if self.unit == "char" else self._words(text)[place]
            raise InputError(
                f"{symbol!r} ({self.unit} {place + 1} of the text) is not in the vocabulary: "
                "leave it out"
            )
        return np.where(unknown_places, self._numbers.get(UNKNOWN, 0), numbers).astype(np.int32)

    def decode(self, numbers: Sequence[int] | np.ndarray) -> str:
        """The text of numbers [N]; words have blanks between them (see `sentence`).

        `END` becomes a new line, an unknown symbol �.
        """
        if self.unit == "byte":
            return bytes(int(number) if number < 256 else 10 for number in numbers).decode(
                errors="replace"
            )
        shown = {UNKNOWN: "�", END: "\n"}
        symbols = [self.symbols[int(number)] for number in numbers]
        written = [shown.get(symbol, symbol) for symbol in symbols]
        if self.unit == "subword":
            return join_pieces(written)
        return (" " if self.unit == "word" else "").join(written)

    def sentence(self, numbers: Sequence[int] | np.ndarray) -> str:
        """The text of numbers [N] before the first `END`, with blanks as people set them.

        >>> make_vocabulary(["Ach, so!"], unit="word", documents=True).sentence([2, 1, 3, 0, 5])
        'Ach, so!'
        """
        end = self._numbers.get(END)
        kept = list(itertools.takewhile(lambda number: number != end, map(int, numbers)))
        if self.unit == "byte":
            return self.decode(kept)
        return self.join("�" if symbol == UNKNOWN else symbol for symbol in self.symbols_of(kept))

    def symbols_of(self, numbers: Iterable[int]) -> list[str]:
        """The symbols themselves, for pictures and tables."""
        return [self.symbols[int(number)] for number in numbers]

    def split(self, text: str) -> list[str]:
        """The symbols of a text as they stand in it, known or not; a byte is written as <c3>.

        >>> Vocabulary("word", (), "unicode", lower=True).split("Ach, so!")
        ['ach', ',', 'so', '!']
        """
        text = text.lower() if self.lower else text
        if self.unit == "byte":
            return [f"<{byte:02x}>" for byte in _utf8(text)]
        return list(text) if self.unit == "char" else self._words(text)

    def join(self, symbols: Iterable[str]) -> str:
        """The text of symbols, with blanks as people set them: `split` backwards."""
        if self.unit == "word":
            return join_words(symbols)
        return join_pieces(symbols) if self.unit == "subword" else "".join(symbols)

    def _repr_html_(self) -> str:
        shown = " ".join(
            f"<code>{escape(ascii(symbol)[1:-1] if symbol.isspace() else escaped(symbol))}</code>"
            for symbol in self.symbols[:_MOST_SHOWN]
        )
        more = len(self) - _MOST_SHOWN
        rest = f" and {more:,} more" if more > 0 else ""
        return f"<div><b>{len(self):,} symbols ({self.unit})</b> {shown}{rest}</div>"

    def _encode_characters(self, text: str) -> np.ndarray:
        codes = np.frombuffer(text.encode("utf-32-le", errors="surrogatepass"), np.uint32)
        known, order = self._code_points
        if not len(known):
            return np.full(len(codes), -1)
        place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
        return np.where(known[place] == codes, order[place], -1)

    def _encode_words(self, text: str) -> np.ndarray:
        unknown = self._numbers.get(UNKNOWN) if self.unit == "subword" else None
        numbers = (self._numbers.get(word, -1) for word in self._words(text))
        return np.array([-1 if number == unknown else number for number in numbers], np.int32)

    def _words(self, text: str) -> list[str]:
        if self.unit == "subword":
            return self._subwords.encode(_utf8(text).decode(), out_type=str)
        return words(text, rule=self.word_rule)

    @cached_property
    def _subwords(self) -> Any:
        return open_subwords(self.model)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {symbol: number for number, symbol in enumerate(self.symbols)}

    @cached_property
    def _code_points(self) -> tuple[np.ndarray, np.ndarray]:
        """The code points of all characters in order, and their numbers."""
        pairs = sorted(
            (ord(symbol), number) for symbol, number in self._numbers.items() if len(symbol) == 1
        )
        codes, numbers = zip(*pairs, strict=True) if pairs else ((), ())
        return np.array(codes, np.uint32), np.array(numbers, np.int32)


def make_vocabulary(
    texts: Iterable[str],
    *,
    unit: Unit,
    size: int = 0,
    documents: bool = False,
    lower: bool = False,
) -> Vocabulary:
    """The vocabulary of `texts`: characters by code point, or words by falling frequency.

    The vocabulary of `documents` has an `END`. `size` keeps that many of the most frequent symbols;
    0 keeps all of them, and bytes are always kept. Of subwords `size` are made, and 8,000 for 0.
    With `lower`, texts are read in lower case.

    >>> make_vocabulary(["banana"], unit="char", size=2).symbols
    ('a', 'n', '<unknown>')
    """
    last = (END,) if documents else ()
    if unit == "byte":
        symbols = tuple(f"<{number:02x}>" for number in range(256))
        return Vocabulary(unit, symbols + last, lower=lower)
    if lower:
        texts = (text.lower() for text in texts)
    if unit == "subword":
        made = train_subwords(texts, size=size, unknown=UNKNOWN, end=END if documents else None)
        return Vocabulary(unit, made.pieces, "unicode", lower, made.model)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(text if unit == "char" else words(text))
    ranked = sorted(counts, key=lambda symbol: (-counts[symbol], symbol))
    kept = [symbol for symbol in ranked if symbol not in (END, UNKNOWN)][: size or None]
    symbols = (*(sorted(kept) if unit == "char" else kept), UNKNOWN, *last)
    return Vocabulary(unit, symbols, "unicode" if unit == "word" else "letters", lower)


def count_symbols(text: str, *, unit: Unit) -> int:
    """The number of symbols of a text.

    >>> [count_symbols("Ach, süß!", unit=unit) for unit in ("char", "byte", "word")]
    [9, 11, 4]
    """
    return len(text) if unit == "char" else len(_utf8(text)) if unit == "byte" else len(words(text))


def without_last(text: str, count: int, *, unit: Unit) -> str:
    """The text without its last `count` symbols.

    >>> [without_last("Ach, süß!", 3, unit=unit) for unit in ("char", "byte", "word")]
    ['Ach, s', 'Ach, sü', 'Ach']
    """
    if not count:
        return text
    if unit == "byte":
        return _utf8(text)[:-count].decode(errors="ignore")
    return text[:-count] if unit == "char" else text[: word_starts(text)[-count]]


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{text[error.start]!a}, character {error.start + 1}, has no bytes: leave it out"
        ) from None
