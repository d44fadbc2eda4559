"""Opening books: what a tree of a search says, counted by hand."""

import numpy as np

from dl.games.openings import Branch, opening_book, placed
from dl.games.tree_search import ILLEGAL, Tree


def tree_by_hand() -> Tree:
    """Three moves at the root: 0 was tried 6 times, 1 three times, 2 once.

    After move 0 the other player has tried move 1 four times and move 2 once.
    """
    children = np.zeros((8, 3), int)
    children[0] = 1, 2, 3
    children[1] = ILLEGAL, 4, 5
    visits, sums = np.zeros((8, 3), int), np.zeros((8, 3))
    visits[0], sums[0] = (6, 3, 1), (3.0, -1.5, 1.0)
    visits[1], sums[1] = (0, 4, 1), (0.0, -3.0, 0.5)
    nothing = np.zeros(8)
    return Tree(nothing, nothing, children, nothing, visits, sums)


def test_values_are_those_of_the_player_at_the_root() -> None:
    book = opening_book(tree_by_hand(), fewest=1)
    assert (book.visits, book.value) == (10, 0.25)
    assert [(each.moves, each.visits, each.share, each.value) for each in book.branches] == [
        ((0,), 6, 0.6, 0.5),
        ((1,), 3, 0.3, -0.5),
        ((2,), 1, 0.1, 1.0),
    ]
    # After a move the other player chooses, and what is good for them is bad for the first.
    assert [(each.moves, each.share, each.value) for each in book.branches[0].branches] == [
        ((0, 1), 0.8, 0.75),
        ((0, 2), 0.2, -0.5),
    ]


def test_a_book_has_limits() -> None:
    tree = tree_by_hand()
    assert len(opening_book(tree, widest=1, fewest=1).branches) == 1
    assert len(opening_book(tree, fewest=3).branches) == 2
    assert len(opening_book(tree, least=0.5, fewest=1).branches) == 1
    assert opening_book(tree, depth=1, fewest=1).branches[0].branches == ()


def test_a_tree_is_drawn_without_crossings() -> None:
    """A leaf a line, a parent between its first and its last child."""
    leaves = [Branch((move, 5), 1, 0.1, 0.0) for move in range(3)]
    book = Branch((), 9, 1.0, 0.0, (
        Branch((0,), 5, 0.5, 0.0, (leaves[0], leaves[1])),
        Branch((1,), 4, 0.5, 0.0, (leaves[2],)),
    ))  # fmt: skip
    places = placed(book)
    assert [(each.depth, each.height) for each in places] == [
        (0, 1.25), (1, 0.5), (2, 0.0), (2, 1.0), (1, 2.0), (2, 2.0)
    ]  # fmt: skip
    assert [each.parent for each in places] == [
        None, (0, 1.25), (1, 0.5), (1, 0.5), (0, 1.25), (1, 2.0)
    ]  # fmt: skip
