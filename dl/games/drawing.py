"""A board as SVG: stones, the last move, and how probable each move is."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from dl.games.rules import Game
from dl.screen import escaped_html

MovesAre: TypeAlias = Literal["places", "columns", "numbers"]

FIRST, SECOND, SHADE = "#0072B2", "#E69F00", "#009E73"
"""Colours of the players and of probabilities, apart for any colour vision (Okabe & Ito 2008)."""
_LEFT, _BOTTOM, _BARS = 0.6, 0.6, 1.5
"""Room for the names of rows and columns, and for bars over the columns, in sides of a place."""


class Mark(NamedTuple):
    """A place of the board: `row` from the top and `column` from the left."""

    row: int
    column: int


def moves_are(game: Game) -> MovesAre:
    """Whether moves are places of the board (and perhaps a pass), its columns, or mere numbers.

    >>> from dl.games.game import named
    >>> moves_are(named("tic_tac_toe")), moves_are(named("connect_four"))
    ('places', 'columns')
    """
    height, width, _ = game.planes
    if game.moves - height * width in (0, 1):
        return "places"
    return "columns" if game.moves == width else "numbers"


def new_stone(before: Any, after: Any) -> Mark | None:
    """The place [row, column] that a move has filled; None if it filled none, as a pass.

    >>> new_stone([[0, 1]], [[2, 1]])
    Mark(row=0, column=0)
    """
    filled = np.argwhere((np.asarray(before) == 0) & (np.asarray(after) != 0))
    return Mark(*map(int, filled[0])) if len(filled) == 1 else None


def axis_names(game: Game) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands beside the rows of a board and below its columns; () where nothing does.

    >>> from dl.games.game import named
    >>> axis_names(named("tic_tac_toe"))
    (('3', '2', '1'), ('a', 'b', 'c'))
    """
    height, width, _ = game.planes
    if moves_are(game) == "columns":
        return (), game.move_names
    if moves_are(game) == "numbers" or game.move_names[0].isdecimal():
        return (), ()
    rows = tuple(game.move_names[row * width][1:] for row in range(height))
    return rows, tuple(name[0] for name in game.move_names[:width])


def board_svg(
    game: Game,
    board: Any,
    *,
    last: Mark | None = None,
    shares: Sequence[float] | np.ndarray | None = None,
    title: str = "",
    side: int = 40,
) -> str:
    """A board [H, W], as `game.board` gives it, as an SVG element; `side` pixels to a place.

    `shares` [A] are probabilities of the moves: where moves are places they shade the empty ones,
    and where they are columns they are bars above them. Stones have a cross or a ring, as in
    `board_text`, so that the colours are not needed. Lines and letters take that of the page.

    >>> from dl.games.game import named
    >>> svg = board_svg(named("tic_tac_toe"), [[0, 1, 0], [0, 2, 0], [0, 0, 0]], title="a < b")
    >>> svg.count("<circle"), svg.count("<title>a &lt; b</title>")
    (3, 1)
    """
    board = np.asarray(board)
    height, width = board.shape
    rows, columns = axis_names(game)
    bars = shares is not None and moves_are(game) == "columns"
    left, top = _LEFT * side * bool(rows), _BARS * side * bars
    parts = [*_grid(board.shape, side), *_names(rows, columns, height, side)]
    if shares is not None:
        parts += _bars(shares, side) if bars else _shades(board, shares, side)
    parts += [_stone(Mark(*map(int, at)), int(board[tuple(at)]), side) for at in np.argwhere(board)]
    if last is not None:
        parts.append(_last_move(last, side))
    size = left + width * side + 2, top + (height + _BOTTOM * bool(columns)) * side + 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{size[0]:g}" '
        f'height="{size[1]:g}" viewBox="{-left - 1:g} {-top - 1:g} {size[0]:g} {size[1]:g}" '
        f'font-family="sans-serif" font-size="{0.36 * side:g}" text-anchor="middle" '
        f'fill="currentColor" class="board"><title>{escaped_html(title or game.name)}</title>'
        f"{''.join(parts)}</svg>"
    )


def _grid(shape: tuple[int, ...], side: int) -> Iterator[str]:
    height, width = shape
    lines = [f"M{column * side} 0v{height * side}" for column in range(width + 1)]
    lines += [f"M0 {row * side}h{width * side}" for row in range(height + 1)]
    yield f'<path d="{"".join(lines)}" stroke="currentColor" stroke-opacity="0.35" fill="none"/>'


def _names(rows: Sequence[str], columns: Sequence[str], height: int, side: int) -> Iterator[str]:
    for row, name in enumerate(rows):
        yield _text(-_LEFT / 2 * side, (row + 0.63) * side, name)
    for column, name in enumerate(columns):
        yield _text((column + 0.5) * side, (height + 0.45) * side, name)


def _text(x: float, y: float, words: str, size: float | None = None) -> str:
    how = "" if size is None else f' font-size="{size:g}"'
    return f'<text x="{x:g}" y="{y:g}"{how}>{escaped_html(words)}</text>'


def _stone(at: Mark, player: int, side: int) -> str:
    x, y = (at.column + 0.5) * side, (at.row + 0.5) * side
    disc = (
        f'<circle cx="{x:g}" cy="{y:g}" r="{0.4 * side:g}" fill="{(FIRST, SECOND)[player - 1]}"/>'
    )
    how = f'fill="none" stroke-width="{0.06 * side:g}" stroke='
    if player == 2:
        return f'{disc}<circle cx="{x:g}" cy="{y:g}" r="{0.2 * side:g}" {how}"#1a1a1a"/>'
    arm = 0.15 * side
    cross = (
        f"M{x - arm:g} {y - arm:g}l{2 * arm:g} {2 * arm:g}m{-2 * arm:g} 0l{2 * arm:g} {-2 * arm:g}"
    )
    return f'{disc}<path d="{cross}" {how}"#ffffff"/>'


def _last_move(at: Mark, side: int) -> str:
    x, y, whole = (at.column + 0.04) * side, (at.row + 0.04) * side, 0.92 * side
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{whole:g}" height="{whole:g}" rx="{0.1 * side:g}" '
        f'fill="none" stroke="currentColor" stroke-width="{0.06 * side:g}" class="last"/>'
    )


def _shades(board: np.ndarray, shares: Any, side: int) -> Iterator[str]:
    """The empty places, the deeper the more probable; a percentage where there is room for it."""
    by_place = np.asarray(shares, float)[: board.size].reshape(board.shape)
    for row, column in np.argwhere((board == 0) & (by_place > 0)):
        share = float(by_place[row, column])
        yield (
            f'<rect x="{column * side + 1}" y="{row * side + 1}" width="{side - 2}" '
            f'height="{side - 2}" fill="{SHADE}" fill-opacity="{0.8 * share:.3f}"/>'
        )
        if share >= 0.005 and side >= 30:
            yield _text((column + 0.5) * side, (row + 0.6) * side, f"{share:.0%}", 0.3 * side)


def _bars(shares: Any, side: int) -> Iterator[str]:
    for column, share in enumerate(np.asarray(shares, float)):
        tall = (_BARS - 0.5) * side * float(share)
        yield (
            f'<rect x="{(column + 0.15) * side:g}" y="{-tall - 2:.1f}" width="{0.7 * side:g}" '
            f'height="{tall:.1f}" fill="{SHADE}"/>'
        )
        if share >= 0.005:
            yield _text((column + 0.5) * side, -tall - 6, f"{share:.0%}", 0.3 * side)
