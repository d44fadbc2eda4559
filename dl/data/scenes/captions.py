"""The captions of a scene: all that are right, one drawn at random, and what a caption says.

A caption names every piece, its size, and where it lies. In order or backwards, with synonyms:

    a large three left of a small 7            a little seven to the right of a big 3
    a three left of a smaller seven            a 7 right of a bigger three
    a small 2 above a large three left of a small 7

A piece of a pair may be called smaller or larger in the place of both sizes. "Above" and "below"
stand between the rows, "left of" and "right of" within one, so a caption can be read in one way
only.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from dl.data.scenes.nouns import article, name_of_noun, nouns_of
from dl.data.scenes.phrases import OneOf, Phrase, count_texts, draw_text, says, texts_of
from dl.data.scenes.scene import Piece, Scene, Size

_LEFT, _RIGHT = ("left of", "to the left of"), ("right of", "to the right of")
_ABOVE, _BELOW = ("above", "over"), ("below", "under")
_SIZES: dict[str, tuple[str, ...]] = {"small": ("small", "little"), "large": ("large", "big")}
_COMPARED: dict[str, tuple[str, ...]] = {"small": ("smaller",), "large": ("larger", "bigger")}
_OTHER_SIZE: dict[str, Size] = {"small": "large", "large": "small"}
_SIZE_OF: dict[str, Size] = {
    word: size for size in _OTHER_SIZE.values() for word in (*_SIZES[size], *_COMPARED[size])
}
GRAMMAR_WORDS = frozenset(" ".join(("a an", *_LEFT, *_RIGHT, *_ABOVE, *_BELOW, *_SIZE_OF)).split())
"""The words of captions beside the nouns."""
RESERVED = GRAMMAR_WORDS - {"of"}
"""The words that no thing may be called."""
_VERTICAL = re.compile(rf" ({'|'.join((*_ABOVE, *_BELOW))}) ")
_HORIZONTAL = re.compile(r" (?:to the )?(left|right) of ")
_NOUN_PHRASE = re.compile(rf"an? (?:(?P<size>{'|'.join(_SIZE_OF)}) )?(?P<noun>.+)")


def captions_of(scene: Scene) -> Iterator[str]:
    """Every right caption of a scene; there are from 32 to some ten thousands.

    >>> two = Scene(((Piece("8", "large"), Piece("7", "small")),))
    >>> next(captions_of(two)), count_captions(two)
    ('a large 8 left of a small 7', 88)
    """
    return texts_of(_of_scene(scene))


def count_captions(scene: Scene) -> int:
    """The number of right captions of a scene."""
    return count_texts(_of_scene(scene))


def draw_caption(scene: Scene, generator: np.random.Generator) -> str:
    """One right caption of a scene."""
    return draw_text(_of_scene(scene), generator)


def is_right(scene: Scene, caption: str) -> bool:
    """Whether a caption is one of those of a scene.

    >>> two = Scene(((Piece("8", "large"), Piece("7", "small")),))
    >>> is_right(two, "a seven right of a bigger eight"), is_right(two, "a small 8 left of a 7")
    (True, False)
    """
    return says(_of_scene(scene), caption.split(" "))


def read_caption(caption: str) -> Scene | None:
    """The scene that a caption describes; None for a text that the grammar does not have.

    Two captions say the same when they describe the same scene.

    >>> read_caption("an 8 under a smaller two").rows
    ((Piece(name='2', size='small'),), (Piece(name='8', size='large'),))
    >>> read_caption("a small 8 left of")
    """
    rows = _read_rows(caption)
    if not all(size for row in rows for _, size in row):
        return None
    scene = Scene(tuple(tuple(Piece(name, _SIZE_OF[size]) for name, size in row) for row in rows))
    return scene if is_right(scene, caption) else None


_Read: TypeAlias = tuple[str, str]
"""The name of a piece and its size, as far as they are told; "" for a size that is not."""


def _read_rows(caption: str) -> tuple[tuple[_Read, ...], ...]:
    """What a caption would say if it were one."""
    first, relation, second = _parted(_VERTICAL, caption)
    if not relation:
        return (_read_row(caption),)
    rows = _read_row(first), _read_row(second)
    if len(rows[0]) == len(rows[1]) == 1:
        pair = _compared(*rows[0], *rows[1])
        rows = pair[:1], pair[1:]
    return rows if relation in _ABOVE else rows[::-1]


def _read_row(text: str) -> tuple[_Read, ...]:
    first, side, second = _parted(_HORIZONTAL, text)
    if not side:
        return (_read_piece(text),)
    pair = _compared(_read_piece(first), _read_piece(second))
    return pair if side == "left" else pair[::-1]


def _read_piece(text: str) -> _Read:
    found = _NOUN_PHRASE.fullmatch(text)
    if not found or not RESERVED.isdisjoint(found["noun"].split(" ")):
        return text, ""
    return name_of_noun(found["noun"]), _SIZE_OF.get(found["size"] or "", "")


def _compared(first: _Read, second: _Read) -> tuple[_Read, _Read]:
    """A pair, of which the first has the other size than the second if it is told none."""
    return (first[0], first[1] or _OTHER_SIZE.get(second[1], "")), second


def _parted(pattern: re.Pattern[str], text: str) -> tuple[str, str, str]:
    """What stands before, in, and behind the first place that the pattern finds."""
    found = pattern.search(text)
    return (text[: found.start()], found[1], text[found.end() :]) if found else (text, "", "")


def _of_scene(scene: Scene) -> Phrase:
    if len(scene.rows) == 1:
        return _of_row(scene.rows[0])
    upper, lower = scene.rows
    return _related(upper, lower, _ABOVE, _BELOW)


@lru_cache(maxsize=4096)
def _of_row(row: tuple[Piece, ...]) -> Phrase:
    return _piece(*row) if len(row) == 1 else _related(row[:1], row[1:], _LEFT, _RIGHT)


def _related(
    first: tuple[Piece, ...],
    second: tuple[Piece, ...],
    forwards: tuple[str, ...],
    backwards: tuple[str, ...],
) -> OneOf:
    """The second after the first, or the other way round; single pieces may be compared."""
    orders = ((first, forwards, second), (second, backwards, first))
    told: list[Phrase] = [(_of_row(a), OneOf(words), _of_row(b)) for a, words, b in orders]
    if len(first) == len(second) == 1 and first[0].size != second[0].size:
        told += [
            (_named(a[0], ("",)), OneOf(words), _named(b[0], _COMPARED[b[0].size]))
            for a, words, b in orders
        ]
    return OneOf(tuple(told))


def _piece(piece: Piece) -> Phrase:
    return _named(piece, _SIZES[piece.size])


def _named(piece: Piece, adjectives: tuple[str, ...]) -> OneOf:
    """A piece with one of these adjectives, or without if they are empty."""
    described = (
        f"{adjective} {noun}".lstrip() for adjective in adjectives for noun in nouns_of(piece.name)
    )
    return OneOf(tuple(f"{article(words)} {words}" for words in described))
