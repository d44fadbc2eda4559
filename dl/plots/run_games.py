"""Pictures of runs whose nets play games."""

from typing import TYPE_CHECKING

from dl.games.notation import read_moves
from dl.games.openings import opening_book as book_of
from dl.games.thinking import Thinker
from dl.plots.boards import move_probabilities, principal_variation
from dl.plots.playing import elo_curve, opening_book
from dl.plots.run_drawings import Asked
from dl.plots.run_subject import Subject
from dl.runs.playing import check_not_over, thinker_of
from dl.runs.stored import read_result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIMULATIONS = 400


def draw_elo(asked: Asked, run: Subject) -> "Figure":
    """The ratings that the experiment has left in the result."""
    metrics = read_result(run.folder.result)["metrics"]
    return elo_curve(metrics["elo"], metrics.get("elo_error"))


def draw_opening_book(asked: Asked, run: Subject) -> "Figure":
    """What one search from the first position has tried most."""
    player = _player(run)
    tree = player.think(player.game.start()).tree
    assert tree is not None
    return opening_book(player.game, book_of(tree))


def draw_principal_variation(asked: Asked, run: Subject) -> "Figure":
    """The line from the first position, or from that after the given moves."""
    player = _player(run)
    position = read_moves(asked.text, player.game)
    check_not_over(position, player.game)
    return principal_variation(player.game, position, player.think(position).line)


def draw_move_probabilities(asked: Asked, run: Subject) -> "Figure":
    """Before and after a search of the first position, or of that after the given moves."""
    player = _player(run)
    position = read_moves(asked.text, player.game)
    check_not_over(position, player.game)
    thought = player.think(position)
    shares = {"the net": thought.prior, "visits of the search": thought.shares}
    return move_probabilities(player.game, position, shares)


def _player(run: Subject) -> Thinker:
    return thinker_of(run.net, _SIMULATIONS)
