"""What a scene shows: two to four pieces in one row or in two, and which combinations are held out.

Every relation of two pieces is told by every caption. So a net that has never seen a seven to the
left of a three has to put together what it knows of sevens, of threes and of "left of".
"""

from collections.abc import Sequence
from itertools import combinations, product
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

Size: TypeAlias = Literal["small", "large"]
RELATIONS = ("left of", "above", "larger than")
FEWEST_NAMES = 4
"""Fewer things than these leave hardly a scene without a held-out combination."""
_SHAPES = ((2,), (1, 1), (2, 1), (1, 2), (2, 2))
"""How many pieces the rows have, from the top to the bottom."""


class Piece(NamedTuple):
    """One thing of a scene: its name and its size."""

    name: str
    size: Size


class Scene(NamedTuple):
    """Rows of pieces: from the top to the bottom, and in each from left to right."""

    rows: tuple[tuple[Piece, ...], ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces, row by row."""
        return tuple(piece for row in self.rows for piece in row)


Relation: TypeAlias = tuple[str, str, str]
"""A name, one of `RELATIONS`, another name."""


def relations(scene: Scene) -> set[Relation]:
    """Which thing is left of, above, and larger than which other one.

    Pieces of one row are left of each other; each piece of the upper row is above each of the
    lower row; sizes of all pairs are compared.

    >>> row = (Piece("3", "large"), Piece("7", "small"))
    >>> sorted(relations(Scene((row,))))
    [('3', 'larger than', '7'), ('3', 'left of', '7')]
    """
    left = {(a.name, "left of", b.name) for row in scene.rows for a, b in combinations(row, 2)}
    above = {
        (a.name, "above", b.name)
        for upper, lower in combinations(scene.rows, 2)
        for a, b in product(upper, lower)
    }
    larger = {
        (a.name, "larger than", b.name)
        for a, b in product(scene.pieces, repeat=2)
        if (a.size, b.size) == ("large", "small")
    }
    return left | above | larger


def is_held_out(relation: Relation, names: Sequence[str]) -> bool:
    """Whether no training scene has this combination: one partner of each thing in each relation.

    Of K `names`, with numbers from 0 to K − 1, the combination (a, r, b) of relation r is held out
    when 3a + b + r is divisible by K. So of the 3K² combinations 3K are held out.

    >>> names = [str(digit) for digit in range(10)]
    >>> [b for b in names if is_held_out(("2", "left of", b), names)]
    ['4']
    """
    one, kind, other = relation
    a, r, b = names.index(one), RELATIONS.index(kind), names.index(other)
    return (3 * a + b + r) % len(names) == 0


def draw_scene(generator: np.random.Generator, names: Sequence[str], *, held_out: bool) -> Scene:
    """A scene of things called `names`: without a held-out combination, or with one at least."""
    while True:
        shape = _SHAPES[generator.integers(len(_SHAPES))]
        scene = Scene(tuple(_draw_row(generator, names, count) for count in shape))
        if held_out == any(is_held_out(relation, names) for relation in relations(scene)):
            return scene


def _draw_row(
    generator: np.random.Generator, names: Sequence[str], count: int
) -> tuple[Piece, ...]:
    drawn, large = (generator.integers(most, size=count).tolist() for most in (len(names), 2))
    return tuple(
        Piece(str(names[number]), "large" if is_large else "small")
        for number, is_large in zip(drawn, large, strict=True)
    )
