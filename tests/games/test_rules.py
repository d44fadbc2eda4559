"""The games against a slow referee, their symmetries, and pgx's games of the same name."""

from functools import cache
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from referee import Referee, random_games

from dl.errors import InputError
from dl.games.from_pgx import from_pgx
from dl.games.game import Game, named

GAMES = 24
NAMES = ["tic_tac_toe", "connect_four"]


class Seen(NamedTuple):
    """What a game tells of the positions before each move and after the last: [N, T + 1, ...]."""

    board: Any
    legal: Any
    mover: Any
    over: Any
    score: Any
    planes: Any


def see(game: Game, moves: np.ndarray) -> Seen:
    """Play games [N, T], in which −1 stands after the end, in one program."""

    def look(position: Any) -> Seen:
        functions = game.board, game.legal, game.mover, game.over, game.score, game.observe
        return Seen(*(function(position) for function in functions))

    def replay(moves: Any) -> Seen:
        def play(position: Any, move: Any) -> tuple[Any, Seen]:
            return game.play(position, move), look(position)

        return jax.lax.scan(play, game.start(), moves)[1]

    moves = np.pad(np.maximum(moves, 0), ((0, 0), (0, 1)))
    return jax.device_get(jax.jit(jax.vmap(replay))(moves))


@cache
def random_moves(name: str) -> np.ndarray:
    """[GAMES, longest], with −1 after the end: some places more than the longest of them."""
    games = random_games(name, GAMES)
    return np.array([moves + [-1] * (named(name).longest - len(moves)) for moves in games])


@cache
def seen(name: str) -> Seen:
    """Our game, under all its symmetries: [S, N, T + 1, ...]."""
    game, moves = named(name), random_moves(name)
    turned = [np.where(moves < 0, -1, each.moves[moves]) for each in game.symmetries]
    played = see(game, np.concatenate(turned))
    return Seen(*(leaf.reshape(len(turned), GAMES, *leaf.shape[1:]) for leaf in played))


@pytest.mark.parametrize("name", NAMES)
def test_positions_are_those_of_the_referee(name: str) -> None:
    ours = Seen(*(leaf[0] for leaf in seen(name)))
    ends = set()
    for number, moves in enumerate(random_moves(name)):
        referee = Referee(name)
        for step, move in enumerate([*moves, -1]):
            board, legal, mover, over, score, planes = (leaf[number, step] for leaf in ours)
            assert board.tolist() == referee.rows
            assert np.flatnonzero(legal).tolist() == referee.legal()
            assert (bool(over), int(score)) == (referee.over(), referee.score())
            if not over:
                assert int(mover) == referee.turn - 1
            np.testing.assert_array_equal(planes[..., 0], board == 1 + mover)
            np.testing.assert_array_equal(planes[..., 1], board == 2 - mover)
            if move >= 0:
                referee.play(move)
        ends.add(referee.score())
    assert ends >= {1, -1}


@pytest.mark.parametrize("name", NAMES)
def test_symmetries_commute_with_playing(name: str) -> None:
    played = seen(name)
    symmetries = named(name).symmetries
    assert len(symmetries) == {"tic_tac_toe": 8, "connect_four": 2}[name]
    for number, symmetry in enumerate(symmetries):
        flat = played.planes[0].reshape(-1, *played.planes.shape[-3:])
        turned = jax.vmap(symmetry.planes)(flat).reshape(played.planes[0].shape)
        np.testing.assert_array_equal(played.planes[number], turned)
        np.testing.assert_array_equal(played.legal[number][..., symmetry.moves], played.legal[0])
        np.testing.assert_array_equal(played.score[number], played.score[0])


@pytest.mark.parametrize(
    "name", ["tic_tac_toe", pytest.param("connect_four", marks=pytest.mark.slow)]
)
def test_pgx_has_the_same_game(name: str) -> None:
    pytest.importorskip("pgx")
    ours, theirs = seen(name), see(from_pgx(name), random_moves(name))
    for field in ("legal", "over", "score", "board"):
        np.testing.assert_array_equal(getattr(ours, field)[0], getattr(theirs, field), field)
    going_on = ~theirs.over
    np.testing.assert_array_equal(ours.mover[0][going_on], theirs.mover[going_on])
    np.testing.assert_array_equal(ours.planes[0][going_on], theirs.planes[going_on])


@pytest.mark.parametrize("name", NAMES)
def test_no_game_is_longer_than_it_says(name: str) -> None:
    game = named(name)
    over = seen(name).over[0]
    assert over[:, -1].all()
    assert game.planes == seen(name).planes.shape[-3:]
    assert game.moves == seen(name).legal.shape[-1]


def test_unknown_games_are_refused() -> None:
    with pytest.raises(InputError, match="did you mean connect_four"):
        named("connect4")
    with pytest.raises(InputError, match="called by its name"):
        named(3)
    with pytest.raises(InputError, match="not a game of two players"):
        named("2048")
