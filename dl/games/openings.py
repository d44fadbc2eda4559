"""An opening book: the moves that a search has tried most, and those after them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from dl.games.rules import Game
from dl.games.tree_search import UNTRIED, Tree


class Branch(NamedTuple):
    """The line of `moves` from a root, how often a search went there, and what it thinks of it.

    `share` is that of the visits of the position before the last move. `value` is the mean value
    for the player who is to move at the root, from −1 to 1. `branches` go on from here.
    """

    moves: tuple[int, ...]
    visits: int
    share: float
    value: float
    branches: "tuple[Branch, ...]" = ()


class Placed(NamedTuple):
    """A branch in a drawing: `depth` to the right, `height` downwards, and where it comes from."""

    branch: Branch
    depth: int
    height: float
    parent: "tuple[int, float] | None"


def opening_book(
    tree: Tree, *, depth: int = 4, widest: int = 3, least: float = 0.05, fewest: int = 4
) -> Branch:
    """The moves from the root of a tree that were tried most, and so on, `depth` moves deep.

    The tree has no batch axis, as in `Thought`. From each position at most `widest` moves are
    taken, the most visited first, each with at least a share of `least` and `fewest` visits.

    >>> from dl.games.game import named
    >>> from dl.games.rollout import by_rollout
    >>> from dl.games.thinking import Thinker
    >>> game = named("tic_tac_toe")
    >>> tree = Thinker("", game, by_rollout(game), simulations=200).think(game.start()).tree
    >>> book = opening_book(tree, depth=2)
    >>> book.visits, len(book.branches), [len(each.moves) for each in book.branches[0].branches]
    (200, 3, [2, 2, 2])
    """

    def branches(node: int, moves: tuple[int, ...]) -> Iterator[Branch]:
        visits, children = tree.visits[node], tree.children[node]
        tried = [
            int(move) for move in np.argsort(-visits, kind="stable") if children[move] > UNTRIED
        ]
        sign = 1 if len(moves) % 2 == 0 else -1
        for move in tried[:widest] if len(moves) < depth else []:
            count, share = int(visits[move]), float(visits[move] / visits.sum())
            if count >= fewest and share >= least:
                value = sign * float(tree.sums[node, move]) / count
                line = (*moves, move)
                after = tuple(branches(int(children[move]), line))
                yield Branch(line, count, share, value, after)

    visits = int(tree.visits[0].sum())
    value = float(tree.sums[0].sum()) / max(visits, 1)
    return Branch((), visits, 1.0, value, tuple(branches(0, ())))


def placed(book: Branch) -> list[Placed]:
    """Where a drawing has each branch: the leaves one below the other, the others between theirs.

    >>> leaf = Branch((1,), 5, 0.5, 0.0)
    >>> [(each.depth, each.height) for each in placed(Branch((), 10, 1.0, 0.0, (leaf, leaf)))]
    [(0, 0.5), (1, 0.0), (1, 1.0)]
    """
    return _laid(book, 0)[0]


def _laid(branch: Branch, leaf: int) -> tuple[list[Placed], int]:
    """The branch and all that follow it, where `leaf` is the first free line, and the next one."""
    if not branch.branches:
        return [Placed(branch, len(branch.moves), float(leaf), None)], leaf + 1
    groups = []
    for each in branch.branches:
        group, leaf = _laid(each, leaf)
        groups.append(group)
    height = (groups[0][0].height + groups[-1][0].height) / 2
    own = Placed(branch, len(branch.moves), height, None)
    for group in groups:
        group[0] = group[0]._replace(parent=(own.depth, height))
    return [own, *(each for group in groups for each in group)], leaf


def branch_text(game: Game, branch: Branch) -> tuple[str, str]:
    """The two lines that stand in a box: move and share, and the value.

    >>> from dl.games.game import named
    >>> branch_text(named("connect_four"), Branch((3, 2), 8, 0.25, -0.5))
    ('3  25%', '−0.50')
    """
    value = signed(branch.value)
    if not branch.moves:
        return "start", value
    return f"{game.move_names[branch.moves[-1]]}  {branch.share:.0%}", value


def signed(value: float) -> str:
    """A value from −1 to 1 as it is written beside a move.

    >>> signed(0.5), signed(-0.25), signed(-0.001)
    ('+0.50', '−0.25', '+0.00')
    """
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")
