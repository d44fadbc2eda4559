"""The solved games against a brute force that plays the referee's games to their ends."""

import copy

import numpy as np
import pytest
from referee import Referee, random_games

from dl.errors import InputError
from dl.games.connect_four_solver import KnownBounds, move_values
from dl.games.game import named
from dl.games.notation import play_moves, read_moves
from dl.games.perfect import position_number, solve_tic_tac_toe


def brute_force(referee: Referee) -> int:
    """The value for the player to move, by all games that go on from here."""
    if referee.over():
        return referee.score() * (1 if referee.turn == 1 else -1)
    return max(-brute_force(after(referee, move)) for move in referee.legal())


def after(referee: Referee, move: int) -> Referee:
    following = copy.deepcopy(referee)
    following.play(move)
    return following


def brute_values(referee: Referee, moves: int) -> list[float]:
    values = np.full(moves, np.nan)
    for move in referee.legal():
        values[move] = -brute_force(after(referee, move))
    return values.tolist()


def replayed(name: str, moves: list[int]) -> Referee:
    referee = Referee(name)
    for move in moves:
        referee.play(move)
    return referee


def test_tic_tac_toe_is_a_draw_with_5478_positions() -> None:
    """Known theory: the corners, edges and the centre all draw; 958 positions are finished."""
    solved = solve_tic_tac_toe()
    reached = ~np.isnan(solved.values)
    assert reached.sum() == 5478
    assert solved.moves[0].tolist() == [0.0] * 9
    finished = reached & np.isnan(solved.moves).all(axis=1)
    assert finished.sum() == 958
    assert (solved.values[finished] == 0).sum() == 16
    best = np.nanmax(solved.moves[reached & ~finished], axis=1)
    np.testing.assert_array_equal(solved.values[reached & ~finished], best)


def test_values_of_tic_tac_toe_are_those_of_brute_force() -> None:
    game, solved = named("tic_tac_toe"), solve_tic_tac_toe()
    for number, moves in enumerate(random_games("tic_tac_toe", 12, seed=3)):
        begun = moves[: 3 + number % 4]
        found = solved.moves[int(position_number(play_moves(begun, game)))]
        np.testing.assert_array_equal(found, brute_values(replayed("tic_tac_toe", begun), 9))


def test_values_of_connect_four_are_those_of_brute_force() -> None:
    """Positions of random games with at most 8 places left; all values occur."""
    game, seen, known = named("connect_four"), set(), KnownBounds()
    games = [moves for moves in random_games("connect_four", 500, seed=1) if len(moves) > 36]
    for number, moves in enumerate(games[:20]):
        begun = moves[: 34 + number % 3]
        found = move_values(play_moves(begun, game), known=known)
        np.testing.assert_array_equal(found, brute_values(replayed("connect_four", begun), 7))
        seen |= set(found[~np.isnan(found)])
    assert seen == {-1.0, 0.0, 1.0}


def test_winning_moves_of_connect_four() -> None:
    """With the option, positions with many empty places too, if they are decided soon.

    Three stones in the bottom row with both ends free win; so does the move that makes them.
    """
    game = named("connect_four")
    three = move_values(read_moves("334455", game), most_empty=36)
    assert three[[1, 5]].tolist() == [1.0, 1.0]
    with pytest.raises(InputError, match="41 places are empty"):
        move_values(read_moves("4", game))


def test_finished_games_have_no_moves() -> None:
    position = read_moves("1212121", named("connect_four"))
    assert np.isnan(move_values(position)).all()
