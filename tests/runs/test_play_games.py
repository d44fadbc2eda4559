"""Players by name, and the games that are recorded of them."""

from pathlib import Path
from typing import BinaryIO

import jax
import numpy as np
import pytest

from dl.data.game_files import read_games, write_games
from dl.errors import InputError
from dl.games.agents import one_step_player, random_player
from dl.games.game import named
from dl.games.records import Records
from dl.runs.play_games import Play, load_agent, record_games

GAME = named("tic_tac_toe")


def games_of(seed: int, count: int = 20) -> Records:
    """The one-step player against the random one."""
    return record_games(
        *(one_step_player(GAME), random_player(GAME)),
        GAME,
        games=count,
        seed=seed,
        random_moves=2,
        at_once=16,
    )


@pytest.fixture(scope="module")
def recorded() -> Records:
    return games_of(seed=3)


def test_games_are_legal_and_as_many_as_asked_for(recorded: Records, tmp_path: Path) -> None:
    assert recorded.moves.shape == (20, 9)
    assert set(recorded.at_random.tolist()) == {0, 1, 2}
    write_games(tmp_path / "games.npz", recorded)
    _, again, _ = read_games(tmp_path / "games.npz")  # which checks every move and every result
    assert (again.moves == recorded.moves).all()


def test_games_are_written_in_one_step(
    recorded: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_games(tmp_path / "games.npz", recorded)
    whole = (tmp_path / "games.npz").read_bytes()

    def stopped(file: BinaryIO, **arrays: np.ndarray) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_games(tmp_path / "games.npz", recorded)
    assert (tmp_path / "games.npz").read_bytes() == whole


def test_the_same_seed_records_the_same_games(recorded: Records) -> None:
    assert (games_of(seed=3, count=18).moves == recorded.moves[:18]).all()
    assert (games_of(seed=4).moves != recorded.moves).any()


def test_each_player_begins_half_of_the_games(recorded: Records) -> None:
    """The one-step player wins most games: of the first eight as the first player, then not."""
    assert recorded.scores[:8].mean() > 0 > recorded.scores[8:16].mean()


def test_perfect_play_of_both_sides_is_a_draw() -> None:
    player = load_agent("perfect", GAME)
    assert not record_games(player, None, GAME, games=10).scores.any()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("stockfish", "'stockfish' is no run's folder and no player; known: mcts:SIM"),
        ("randon", "did you mean random?"),
        ("mcts:many", "'mcts:many' names no number of simulations"),
        ("mcts:0", "'mcts:0' names no number of simulations"),
        ("mcts:1000000000", "simulations is 1000000000; it must be at least 0 and at most 100000"),
    ],
)
def test_a_player_whom_nobody_knows_is_refused(name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load_agent(name, GAME)


def test_numbers_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="temperature is -1"):
        load_agent("random", GAME, Play(temperature=-1))
    for name, number in (("games", 0), ("random_moves", 9), ("at_once", 0), ("seed", 2**31)):
        with pytest.raises(InputError, match=f"{name} is {number}"):
            record_games(random_player(GAME), None, GAME, **{"games": 1, name: number})


def test_a_plain_search_takes_the_win() -> None:
    """X at a3, b3 and O at a2, b2: the first player wins at c3."""
    position = GAME.start()
    for move in (0, 3, 1, 4):
        position = GAME.play(position, np.int32(move))
    positions = jax.tree.map(lambda leaf: np.asarray(leaf)[None], position)
    player = load_agent("mcts:60", GAME)
    assert jax.jit(player)(jax.random.key(0), positions).tolist() == [2]
