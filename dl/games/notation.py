"""Games and positions as text: moves by their names, and the board for a terminal."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import jax
import numpy as np

from dl.errors import InputError
from dl.games.drawing import axis_names
from dl.games.rules import Game, Position

STONES = ".XO"


def read_moves(text: str, game: Game) -> Position:
    """The position after the moves of `text`, from the start of a game: `4453`, or `b2 a1`.

    Moves may stand without spaces between them where all names are equally long. Upper and lower
    case are the same.

    Raises:
        InputError: for a word that is no move, a move that is illegal there, with those that are
            legal, and a move after the end of the game.

    >>> from dl.games.game import named
    >>> print(board_text(read_moves("b2a1 c3", named("tic_tac_toe")), named("tic_tac_toe")))
    3 . . X
    2 . X .
    1 O . .
      a b c
    """
    return play_moves(move_numbers(text, game), game)


def move_numbers(text: str, game: Game) -> list[int]:
    """The numbers of the moves of `text`, legal or not.

    >>> from dl.games.game import named
    >>> move_numbers("44 5", named("connect_four"))
    [3, 3, 4]
    """
    numbers = {name.lower(): number for number, name in enumerate(game.move_names)}
    lengths = {len(name) for name in numbers}
    found = []
    for word in re.split(r"[\s,;]+", text.lower().strip()) if text.strip() else ():
        if word not in numbers and len(lengths) == 1:
            (size,) = lengths
            names = [word[start : start + size] for start in range(0, len(word), size)]
        else:
            names = [word]
        for name in names:
            if name not in numbers:
                raise InputError(f"{name!r} is no move of {game.name}; moves are {_some(game)}")
            found.append(numbers[name])
    return found


def play_moves(moves: Sequence[int], game: Game) -> Position:
    """The position after these moves, numbers from 0, from the start of a game.

    Raises:
        InputError: for a move that is illegal there and one after the end of the game.
    """
    position = game.start()
    for count, move in enumerate(moves, start=1):
        check_move(position, move, game, f"move {count}, ")
        position = _compiled(game)[0](position, np.int32(move))
    return position


def check_move(position: Position, move: int, game: Game, where: str = "") -> None:
    """Raise an `InputError` that names the legal moves, unless the move is one of them."""
    legal = np.asarray(_compiled(game)[1](position))
    name = game.move_names[move] if 0 <= move < game.moves else str(move)
    if not legal.any():
        raise InputError(f"{where}{name}: the game is over, {outcome_text(position, game)}")
    if not (0 <= move < game.moves and legal[move]):
        names = ", ".join(game.move_names[each] for each in np.flatnonzero(legal))
        raise InputError(f"{where}{name}: not legal here; legal are {names}")


def write_moves(moves: Sequence[int] | np.ndarray, game: Game) -> str:
    """Moves by their names, as `read_moves` reads them; −1 and what comes after it is left out.

    >>> from dl.games.game import named
    >>> write_moves([3, 3, 4, -1, -1], named("connect_four"))
    '445'
    """
    numbers = [int(move) for move in moves]
    numbers = numbers[: numbers.index(-1)] if -1 in numbers else numbers
    between = "" if all(len(name) == 1 for name in game.move_names) else " "
    return between.join(game.move_names[number] for number in numbers)


def outcome_text(position: Position, game: Game) -> str:
    """Who has won, or whose turn it is.

    >>> from dl.games.game import named
    >>> game = named("connect_four")
    >>> outcome_text(read_moves("1212121", game), game), outcome_text(game.start(), game)
    ('X has won', 'X is to move')
    """
    if not game.over(position):
        return f"{STONES[1 + int(game.mover(position))]} is to move"
    score = int(game.score(position))
    return f"{STONES[1] if score > 0 else STONES[2]} has won" if score else "a draw"


def board_text(position: Position, game: Game) -> str:
    """The board, with X for stones of the first player and O for those of the second.

    The names of the moves stand beside it where they are places, and below where they are columns.
    """
    board = np.asarray(game.board(position))
    rows, columns = axis_names(game)
    margin = max(map(len, rows), default=0)
    lines = [
        f"{name:>{margin}} {' '.join(STONES[stone] for stone in places)}"
        for name, places in zip(rows or [""] * len(board), board, strict=True)
    ]
    lines += [f"{'':{margin}} {' '.join(columns)}"] if columns else []
    return "\n".join(line.rstrip()[0 if margin else 1 :] for line in lines)


def _some(game: Game) -> str:
    names = game.move_names
    return ", ".join(names) if game.moves <= 12 else f"{', '.join(names[:3])}, ... {names[-1]}"


@cache
def _compiled(game: Game) -> tuple[Any, Any]:
    return jax.jit(game.play), jax.jit(game.legal)
