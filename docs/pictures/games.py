"""The pictures of players of games."""

from functools import cache
from typing import TYPE_CHECKING

import dl
from dl.games.game import named
from dl.games.notation import read_moves
from dl.games.openings import opening_book
from dl.games.rollout import by_rollout
from dl.games.thinking import Thinker, Thought
from docs.pictures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONNECT_FOUR, TIC_TAC_TOE = named("connect_four"), named("tic_tac_toe")


@cache
def _thought(moves: str) -> Thought:
    """What tree search with roll-outs thinks of a position of Connect Four."""
    player = Thinker("mcts", CONNECT_FOUR, by_rollout(CONNECT_FOUR), simulations=1000)
    return player.think(read_moves(moves, CONNECT_FOUR))


def _elo() -> "Figure":
    ratings = {"step 0": 20.0, "step 500": 310.0, "step 1000": 540.0, "step 2000": 690.0}
    errors = {"step 0": 30.0, "step 500": 28.0, "step 1000": 31.0, "step 2000": 36.0}
    others = {"random": 0.0, "one step": 260.0, "mcts:100": 520.0}
    return dl.plots.elo_curve({**others, **ratings}, errors)


def _opening_book() -> "Figure":
    tree = _thought("").tree
    assert tree is not None
    return dl.plots.opening_book(CONNECT_FOUR, opening_book(tree, depth=3))


def _principal_variation() -> "Figure":
    line = _thought("44536").line
    return dl.plots.principal_variation(CONNECT_FOUR, read_moves("44536", CONNECT_FOUR), line)


def _columns() -> "Figure":
    thought = _thought("44536")
    shares = {"before the search": thought.prior, "visits of the search": thought.shares}
    return dl.plots.move_probabilities(CONNECT_FOUR, read_moves("44536", CONNECT_FOUR), shares)


def _places() -> "Figure":
    player = Thinker("mcts", TIC_TAC_TOE, by_rollout(TIC_TAC_TOE), simulations=400)
    position = read_moves("b2 c3", TIC_TAC_TOE)
    shares = {"visits of the search": player.think(position).shares}
    return dl.plots.move_probabilities(TIC_TAC_TOE, position, shares)


PICTURES: dict[str, Picture] = {
    "elo_curve": Picture(
        "Elo ratings over a training, with standard errors, beside players that stay as they are "
        "(numbers made up to show the picture).",
        _elo,
    ),
    "opening_book": Picture(
        "What tree search with random roll-outs opens Connect Four with: moves, their share of the "
        "visits, and their value for the first player (H1).",
        _opening_book,
    ),
    "principal_variation": Picture(
        "The line that a search expects from a position of Connect Four (H1).",
        _principal_variation,
    ),
    "move_probabilities": Picture(
        "How probable each column is, before the search and by it (H1).", _columns
    ),
    "move_probabilities_of_places": Picture(
        "The same where moves are places: after a corner, X forces most from the sides.", _places
    ),
}
