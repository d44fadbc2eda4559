"""Games by their names."""

from dl.errors import InputError
from dl.games.connect_four import connect_four
from dl.games.from_pgx import from_pgx
from dl.games.rules import Game as Game
from dl.games.rules import Position as Position
from dl.games.rules import Symmetry as Symmetry
from dl.games.tic_tac_toe import tic_tac_toe


def named(name: str) -> Game:
    """The game called `name`: `tic_tac_toe`, `connect_four`, or one of pgx such as `go_9x9`.

    Raises:
        InputError: for a name that neither this library nor pgx has.

    >>> named("connect_four").moves
    7
    """
    own = {"tic_tac_toe": tic_tac_toe, "connect_four": connect_four}
    if not isinstance(name, str):
        raise InputError(f"a game is called by its name, such as 'connect_four', not {name!r}")
    if name in own:
        return own[name]()
    return from_pgx(name)
