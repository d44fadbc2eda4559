"""The features of moves, beside a slow count in plain Python."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dl.errors import InputError
from dl.games.features import LENGTHS, move_features
from dl.games.game import Game, named


def counted(board: np.ndarray, place: tuple[int, int] | None, length: int) -> list[int]:
    """Open lines through a place, by player and stones; `board` has 1 for own stones, 2 others."""
    counts = [0] * (2 * (length - 1))
    if place is None:
        return counts
    height, width = board.shape
    for row, column in product(range(height), range(width)):
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            line = [(row + down * k, column + right * k) for k in range(length)]
            inside = all(0 <= r < height and 0 <= c < width for r, c in line)
            if not inside or place not in line:
                continue
            stones = [board[each] for each in line]
            for player in (1, 2):
                own, other = stones.count(player), stones.count(3 - player)
                if own and not other and own < length:
                    counts[(player - 1) * (length - 1) + own - 1] += 1
    return counts


def lowest(board: np.ndarray, column: int) -> int:
    return int((board[:, column] == 0).sum()) - 1


def slow_features(board: np.ndarray, game: Game) -> list[list[int]]:
    length, rows = LENGTHS[game.name], []
    for move in range(game.moves):
        if game.name == "tic_tac_toe":
            place = divmod(move, 3)
            rows.append(counted(board, place if board[place] == 0 else None, length))
            continue
        row = lowest(board, move)
        here, above = (row, move) if row >= 0 else None, (row - 1, move) if row >= 1 else None
        rows.append(counted(board, here, length) + counted(board, above, length))
    return rows


def drop_stones(rng: np.random.Generator, game: Game) -> np.ndarray:
    """A board with stones of both kinds, where they fall if the game has columns."""
    height, width, _ = game.planes
    board = np.zeros((height, width), int)
    for number in range(rng.integers(0, height * width)):
        if game.name == "tic_tac_toe":
            board[tuple(rng.integers(0, 3, 2))] = 1 + number % 2
        else:
            column = rng.integers(0, width)
            if (row := lowest(board, column)) >= 0:
                board[row, column] = 1 + number % 2
    return board


@pytest.mark.parametrize("name", LENGTHS)
def test_features_are_those_of_a_slow_count(name: str) -> None:
    game, rng = named(name), np.random.default_rng(0)
    boards = [drop_stones(rng, game) for _ in range(30)]
    planes = np.stack([np.stack([board == 1, board == 2], axis=-1) for board in boards])
    features = jax.jit(jax.vmap(lambda board: move_features(game, board)))(
        planes.astype(np.float32)
    )
    assert features.tolist() == [slow_features(board, game) for board in boards]


def test_other_games_have_no_features() -> None:
    with pytest.raises(InputError, match="the moves of chess have no features: take tic_tac_toe"):
        move_features(Game(**{**vars(named("tic_tac_toe")), "name": "chess"}), jnp.zeros((8, 8, 2)))
