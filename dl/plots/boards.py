"""Boards of games: the line that a player expects, and how probable it holds each move (H1)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.games.drawing import FIRST, SECOND, SHADE, Mark, axis_names, moves_are, new_stone
from dl.games.rules import Game, Position
from dl.plots.style import ink, new_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def principal_variation(
    game: Game, position: Position, line: Sequence[int], *, most: int = 8
) -> "Figure":
    """A strip of boards: a position, and what becomes of it by each move of a line.

    The newest stone of each board is marked. Of a long line the first `most` moves are shown.

    >>> from dl.games.game import named
    >>> figure = principal_variation(named("tic_tac_toe"), named("tic_tac_toe").start(), [4, 0])
    >>> [axes.get_title() for axes in figure.axes]
    ['the position', 'X b2', 'O a3']
    """
    shown = [int(move) for move in line[:most]]
    figure, panels = new_panels(1 + len(shown), columns=5, panel=_panel(game), room=(0.2, 0.1))
    draw_board(panels[0], game, game.board(position))
    panels[0].set_title("the position", fontsize=9)
    play = jax.jit(game.play)
    for axes, move in zip(panels[1:], shown, strict=True):
        mover, before = "XO"[int(game.mover(position))], game.board(position)
        position = play(position, jnp.int32(move))
        draw_board(axes, game, game.board(position), last=new_stone(before, game.board(position)))
        axes.set_title(f"{mover} {game.move_names[move]}", fontsize=9)
    return figure


def move_probabilities(
    game: Game, position: Position, probabilities: Mapping[str, Any]
) -> "Figure":
    """A position, and over it how probable each move [A] is by each of several policies.

    Places are shaded; where moves are columns there are bars above them. Such policies are that of
    a net and the one that its search makes of it.

    Raises:
        InputError: for probabilities of another number of moves.

    >>> from dl.games.game import named
    >>> game = named("connect_four")
    >>> figure = move_probabilities(game, game.start(), {"net": [0, 0, 0.1, 0.8, 0.1, 0, 0]})
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['10%', '80%', '10%']
    """
    figure, panels = new_panels(
        len(probabilities), columns=3, panel=_panel(game, 1.6), room=(0.2, 0.1)
    )
    for axes, (name, shares) in zip(panels, probabilities.items(), strict=True):
        if np.shape(shares) != (game.moves,):
            raise InputError(f"{game.name} has {game.moves} moves, and {name} {np.shape(shares)}")
        draw_board(axes, game, game.board(position), shares=np.asarray(shares, float))
        axes.set_title(name, fontsize=10)
    return figure


def draw_board(
    axes: Any, game: Game, board: Any, *, last: Mark | None = None, shares: Any = None
) -> None:
    """Draw a board [H, W] in `axes`, as `dl.games.drawing.board_svg` does."""
    from matplotlib.patches import Rectangle

    board = np.asarray(board)
    height, width = board.shape
    for edge in range(width + 1):
        axes.plot([edge - 0.5] * 2, [-0.5, height - 0.5], color=ink(), alpha=0.35, linewidth=0.8)
    for edge in range(height + 1):
        axes.plot([-0.5, width - 0.5], [edge - 0.5] * 2, color=ink(), alpha=0.35, linewidth=0.8)
    for row, column in np.argwhere(board):
        _draw_stone(axes, Mark(int(row), int(column)), int(board[row, column]))
    if last is not None:
        frame = Rectangle((last.column - 0.44, last.row - 0.44), 0.88, 0.88, fill=False)
        frame.set(edgecolor=ink(), linewidth=1.4)
        axes.add_patch(frame)
    top = -0.5
    if shares is not None and moves_are(game) == "columns":
        top = -2.1
        _draw_bars(axes, shares)
    elif shares is not None:
        _draw_shades(axes, board, shares)
    rows, columns = axis_names(game)
    axes.set(xlim=(-0.55, width - 0.45), ylim=(height - 0.45, top - 0.05), aspect="equal")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0, labelsize=8)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _panel(game: Game, scale: float = 1.0) -> tuple[float, float]:
    """Inches of one board, with its title and the names of rows and columns."""
    height, width, _ = game.planes
    place = scale * max(0.14, min(0.35, 1.8 / max(height, width)))
    bars = 1.6 if scale > 1 and moves_are(game) == "columns" else 0.0
    return max(1.2, (width + 1) * place), (height + bars) * place + 0.55


def _draw_stone(axes: Any, at: Mark, player: int) -> None:
    """A disc in the colour of its player, with a cross or a ring."""
    from matplotlib.patches import Circle

    centre = at.column, at.row
    axes.add_patch(Circle(centre, 0.4, color=(FIRST, SECOND)[player - 1], linewidth=0))
    if player == 2:
        axes.add_patch(Circle(centre, 0.2, fill=False, edgecolor="#1a1a1a", linewidth=1.0))
        return
    for rise in (-0.15, 0.15):
        ends = [at.row - rise, at.row + rise]
        axes.plot([at.column - 0.15, at.column + 0.15], ends, color="white", linewidth=1.0)


def _draw_bars(axes: Any, shares: np.ndarray) -> None:
    axes.bar(range(len(shares)), -shares, bottom=-0.55, width=0.7, color=SHADE)
    for column, share in enumerate(shares):
        if share >= 0.005:
            place = {"ha": "center", "va": "bottom", "fontsize": 7}
            axes.text(column, -0.62 - share, f"{share:.0%}", **place)


def _draw_shades(axes: Any, board: np.ndarray, shares: np.ndarray) -> None:
    from matplotlib.patches import Rectangle

    by_place = shares[: board.size].reshape(board.shape)
    for row, column in np.argwhere((board == 0) & (by_place > 0)):
        share = float(by_place[row, column])
        corner = column - 0.47, row - 0.47
        axes.add_patch(Rectangle(corner, 0.94, 0.94, color=SHADE, alpha=0.8 * share, linewidth=0))
        if share >= 0.005 and max(board.shape) <= 9:
            axes.text(column, row, f"{share:.0%}", ha="center", va="center", fontsize=7)
