"""Recorded games in files: what is refused, and how positions become examples."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dl
from dl.data.game_files import read_games, write_games
from dl.data.sample import draw_sample
from dl.data.sources.arrays import ArraySource
from dl.errors import InputError
from dl.games.records import Records

FIRST_WINS = [0, 3, 1, 4, 2]
SECOND_WINS = [0, 3, 1, 4, 8, 5]
DRAW = [0, 4, 8, 1, 7, 6, 2, 5, 3]


def tic_tac_toe(*games: list[int], scores: list[int], at_random: int = 0) -> Records:
    moves = np.full((len(games), 9), -1, np.int16)
    for row, game in zip(moves, games, strict=True):
        row[: len(game)] = game
    first = np.full(len(games), at_random, np.int16)
    return Records("tic_tac_toe", moves, np.array(scores, np.int8), first)


THREE = tic_tac_toe(FIRST_WINS, SECOND_WINS, DRAW, scores=[1, -1, 0], at_random=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_games(tmp_path / "games.npz", tic_tac_toe(*[FIRST_WINS] * 20, scores=[1] * 20))
    return tmp_path / "games.npz"


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    write_games(tmp_path / "three.npz", THREE)
    game, records, replayed = read_games(tmp_path / "three.npz")
    assert game.name == records.game == "tic_tac_toe"
    for stored, written in zip(records[1:], THREE[1:], strict=True):
        assert stored.dtype == written.dtype
        assert stored.tolist() == written.tolist()
    assert records.lengths.tolist() == [5, 6, 9]
    # Before the third move the first player has a stone at a3, the second at a2.
    assert np.argwhere(replayed.planes[0, 2]).tolist() == [[0, 0, 0], [1, 0, 1]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"game": "tictactoe"}, "unknown game 'tictactoe'"),
        ({"moves": THREE.moves[:0], "scores": THREE.scores[:0], "at_random": THREE.at_random[:0]},
         "has no games: record some with `self_play`"),
        ({"moves": np.where(THREE.moves == 8, 9, THREE.moves)}, "game 2, move 5 is 9, which"),
        ({"moves": np.where(THREE.moves == 8, 0, THREE.moves)},
         "game 2, move 5 is 'a3', which tic_tac_toe does not allow there; legal: c3, c2, a1"),
        ({"scores": np.array([1, 1, 0], np.int8)},
         "game 2 ends -1 by the rules of tic_tac_toe, and 1 is written"),
        ({"moves": np.where(np.arange(9) == 4, -1, THREE.moves)}, "game 2, move 6 is 'c2'"),
        ({"at_random": np.array([1, 9, 1], np.int16)}, "at_random counts more moves than a game"),
        ({"moves": THREE.moves[:, :5]}, r"moves is int16 \[3, 5\]; games of tic_tac_toe need"),
    ],
)  # fmt: skip
def test_what_is_no_game_is_refused_with_its_place(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    write_games(tmp_path / "wrong.npz", THREE._replace(**change))
    with pytest.raises(InputError, match=says):
        read_games(tmp_path / "wrong.npz")


def test_what_is_no_file_of_games_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no file .*none\.npz: `self_play` makes such"):
        read_games(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    for name in ("text.npz", "other.npz"):
        with pytest.raises(InputError, match=f"{name} holds no recorded games"):
            read_games(tmp_path / name)


def test_parts_are_cut_by_game(tmp_path: Path) -> None:
    """Games of three lengths: the positions of a part are those of whole games."""
    write_games(
        tmp_path / "mixed.npz",
        tic_tac_toe(*[FIRST_WINS, SECOND_WINS, DRAW] * 10, scores=[1, -1, 0] * 10),
    )
    data = dl.load_data(f"moves:{tmp_path / 'mixed.npz'}", validation=0.2)
    assert data.spec.game == "tic_tac_toe"
    assert data.spec.class_names[:3] == ("a3", "b3", "c3")
    assert data.validation is not None
    parts = (data.train, data.validation, data.test)
    assert sum(len(part) for part in parts) == 10 * (5 + 6 + 9)
    begun = [int((part.inputs.sum(axis=(1, 2, 3)) == 0).sum()) for part in parts]
    assert begun == [22, 5, 3]  # of 30 games a tenth to test, and a fifth of the others


def test_random_moves_are_nobodys_choice(tmp_path: Path) -> None:
    write_games(tmp_path / "r.npz", tic_tac_toe(*[FIRST_WINS] * 20, scores=[1] * 20, at_random=2))
    data = dl.load_data(f"moves:{tmp_path / 'r.npz'}")
    assert np.unique(data.train.targets).tolist() == [1, 2, 4]
    positions = dl.load_data(f"outcomes:{tmp_path / 'r.npz'}").train
    assert positions.inputs.sum(axis=(1, 2, 3)).min() >= 2


def test_outcomes_are_those_of_the_player_to_move(file: Path) -> None:
    data = dl.load_data(f"outcomes:{file}")
    assert len(data.train) == 18  # one position of each game
    stones = data.train.inputs.sum(axis=(1, 2, 3))
    assert len(np.unique(stones)) > 2
    assert data.train.targets[:, 0].tolist() == np.where(stones % 2 == 0, 1.0, -1.0).tolist()


def test_every_position_of_tic_tac_toe_has_a_perfect_move() -> None:
    data = dl.load_data("moves:tic_tac_toe")
    assert len(data.train) == len(data.test) == 4520
    free = data.train.inputs.sum(axis=-1).reshape(-1, 9) == 0
    assert free[np.arange(4520), data.train.targets].all()


def test_games_that_have_not_begun() -> None:
    data = dl.load_data("games:tic_tac_toe", validation=0.01)
    assert data.sizes == {"train": 6336, "validation": 64, "test": 200}
    assert not data.train.inputs.any()
    with pytest.raises(InputError, match="unknown game 'chequers'"):
        dl.load_data("games:chequers")


def test_boards_are_shown_in_the_colours_of_both_players() -> None:
    """After a3 and a2 the first player is to move: own stones are red."""
    data = dl.load_data("moves:tic_tac_toe")
    position = np.zeros((1, 3, 3, 2), np.float32)
    position[0, 0, 0, 0] = position[0, 1, 0, 1] = 1
    source = ArraySource(position, np.array([1], np.int32))
    (board,) = draw_sample(source, data.spec, count=1).examples
    assert board.shape == (3, 3, 3)
    assert [np.ptp(board[row, column]) > 100 for row, column in ((0, 0), (1, 0), (2, 2))] == [
        True,
        True,
        False,
    ]
    assert board[0, 0].tolist() != board[1, 0].tolist()
