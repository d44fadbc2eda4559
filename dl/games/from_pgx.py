"""Games of the library pgx, such as Go, behind the same functions as our own."""

from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError, did_you_mean
from dl.games.rules import Game, Symmetry
from dl.games.squares import square_symmetries
from dl.types import Array


class PgxPosition(NamedTuple):
    """The state of pgx, and the score for the first player, which pgx tells only once."""

    state: Any
    score: Array


@cache
def from_pgx(name: str) -> Game:
    """A game of pgx with two players who move in turn: `go_9x9`, `othello`, `hex`, ...

    The board is drawn from the first two planes of the observation, which in these games are the
    stones of either player. Draws by length, as pgx decides them, count as the end of a game.

    Source: Koyamada et al. 2023, "Pgx: hardware-accelerated parallel game simulators".

    Raises:
        InputError: without pgx, and for a name that it does not have or that is not such a game.
    """
    pgx = _pgx(name)
    env = pgx.make(name)
    begin = jax.jit(env.init)(jax.random.key(0)) if env.num_players == 2 else None
    if begin is None or begin.observation.ndim != 3:
        raise InputError(f"{name} is not a game of two players on a board: take go_9x9 or othello")
    first = int(begin.current_player)  # pgx draws who begins; with one key it is always the same

    def play(position: PgxPosition, move: Array) -> PgxPosition:
        state = env.step(position.state, move)
        after = PgxPosition(state, state.rewards[first].astype(jnp.int32))
        finished = over(position)
        return jax.tree.map(lambda old, new: jnp.where(finished, old, new), position, after)

    def over(position: PgxPosition) -> Array:
        return position.state.terminated | position.state.truncated

    def mover(position: PgxPosition) -> Array:
        return (position.state.current_player != first).astype(jnp.int32)

    def board(position: PgxPosition) -> Array:
        own, other = (position.state.observation[..., plane] > 0 for plane in (0, 1))
        number = 1 + mover(position)
        return own * number + other * (3 - number)

    height, width, _ = begin.observation.shape
    return Game(
        name=name,
        move_names=_move_names(name, env.num_actions, height, width),
        planes=begin.observation.shape,
        longest=_longest(name, height * width),
        start=lambda: PgxPosition(begin, jnp.int32(0)),
        play=play,
        legal=lambda position: position.state.legal_action_mask & ~over(position),
        mover=mover,
        over=over,
        score=lambda position: position.score,
        observe=lambda position: position.state.observation.astype(jnp.float32),
        board=board,
        symmetries=_symmetries(name, env.num_actions, height, width),
    )


def _pgx(name: str) -> Any:
    try:
        import pgx
    except ImportError:
        raise InputError(
            f"{name!r} is none of the games tic_tac_toe and connect_four; for the games of pgx "
            "install it: pip install 'dl-lectures[games]'"
        ) from None
    if name not in pgx.available_envs():
        known = ["tic_tac_toe", "connect_four", *pgx.available_envs()]
        raise InputError(f"unknown game {name!r}; {did_you_mean(name, known)}")
    return pgx


def _move_names(name: str, moves: int, height: int, width: int) -> tuple[str, ...]:
    """Go's coordinates where the moves are the places of the board, else numbers from 1."""
    if moves - height * width not in (0, 1):
        return tuple(str(number) for number in range(1, moves + 1))
    columns = "abcdefghjklmnopqrstuvwxyz"  # Go leaves out the i
    places = [f"{columns[c]}{height - r}" for r in range(height) for c in range(width)]
    return (*places, "swap" if name == "hex" else "pass")[:moves]


def _symmetries(name: str, moves: int, height: int, width: int) -> tuple[Symmetry, ...]:
    """All of the square in games without directions; in Hex each player has two sides to join."""
    if name.startswith("go_") or name == "othello":
        places = np.arange(height * width).reshape(height, width)
        return square_symmetries(places, others=moves - height * width)
    return (Symmetry(lambda planes: planes, np.arange(moves)),)


def _longest(name: str, places: int) -> int:
    """After how many moves pgx ends a game, where it does: of Go, twice as many as places."""
    ends = {"chess": 512, "shogi": 512, "gardner_chess": 256, "animal_shogi": 256}
    return ends.get(name, 2 * places if name.startswith("go_") else 4 * places)
