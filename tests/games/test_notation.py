"""Moves and boards as text."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from referee import Referee, random_games

from dl.errors import InputError
from dl.games.game import named
from dl.games.notation import (
    board_text,
    check_move,
    move_numbers,
    outcome_text,
    play_moves,
    read_moves,
    write_moves,
)

TIC, FOUR = named("tic_tac_toe"), named("connect_four")


@settings(max_examples=20)
@given(st.sampled_from([TIC, FOUR]), st.integers(0, 1000))
def test_written_moves_are_read_again(game, seed: int) -> None:
    (moves,) = random_games(game.name, 1, seed)
    padded = [*moves, *[-1] * (game.longest - len(moves))]
    assert move_numbers(write_moves(padded, game), game) == moves
    assert move_numbers(write_moves(np.array(padded), game).upper(), game) == moves


def test_positions_are_those_of_the_referee() -> None:
    referee = Referee("connect_four")
    for move in (3, 3, 4, 2):
        referee.play(move)
    for text in ("4453", "4 4 5 3", " 4,4;53\n"):
        assert FOUR.board(read_moves(text, FOUR)).tolist() == referee.rows
    assert FOUR.board(read_moves("  ", FOUR)).tolist() == [[0] * 7] * 6


def test_boards() -> None:
    assert board_text(read_moves("4453", FOUR), FOUR).splitlines()[-3:] == [
        ". . . O . . .",
        ". . O X X . .",
        "1 2 3 4 5 6 7",
    ]
    assert board_text(read_moves("a3 b2 c1", TIC), TIC).splitlines() == [
        "3 X . .",
        "2 . O .",
        "1 . . X",
        "  a b c",
    ]


def test_outcomes() -> None:
    assert outcome_text(read_moves("1", FOUR), FOUR) == "O is to move"
    assert outcome_text(read_moves("11212121", FOUR), FOUR) == "O has won"
    assert outcome_text(read_moves("a3 b3 c3 a2 b2 c2 b1 a1 c1", TIC), TIC) == "X has won"
    assert outcome_text(read_moves("a3 b3 c3 b2 a2 c2 b1 a1 c1", TIC), TIC) == "a draw"


@pytest.mark.parametrize(
    ("game", "text", "message"),
    [
        (FOUR, "48", "'8' is no move of connect_four; moves are 1, 2, 3, 4, 5, 6, 7"),
        (TIC, "a4", "'a4' is no move of tic_tac_toe; moves are a3, b3, c3, a2, b2, c2, a1, b1, c1"),
        (FOUR, "4444444", "move 7, 4: not legal here; legal are 1, 2, 3, 5, 6, 7"),
        (TIC, "a1 b2 a1", "move 3, a1: not legal here; legal are a3, b3, c3, a2, c2, b1, c1"),
        (FOUR, "12121213", "move 8, 3: the game is over, X has won"),
    ],
)
def test_what_cannot_be_is_one_line(game, text: str, message: str) -> None:
    with pytest.raises(InputError) as told:
        read_moves(text, game)
    assert str(told.value) == message


def test_numbers_that_are_no_moves_are_refused() -> None:
    with pytest.raises(InputError, match="9: not legal here"):
        check_move(FOUR.start(), 9, FOUR)
    with pytest.raises(InputError, match="move 1, -1: not legal"):
        play_moves([-1], FOUR)
    assert jax.device_get(play_moves([], FOUR)).made == 0
