"""Players, and matches between them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import Partial
from referee import Referee

from dl.errors import InputError
from dl.games import match as matches
from dl.games.agents import (
    one_step_player,
    perfect_player,
    policy_player,
    random_player,
    rollout_mcts,
    search_player,
)
from dl.games.game import named
from dl.games.match import Match, play_match, wilson
from dl.games.notation import read_moves
from dl.games.rollout import by_rollout

GAME = named("tic_tac_toe")
KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def perfect_against_random() -> Match:
    return play_match(perfect_player(GAME), random_player(GAME), GAME, 200, KEY, at_once=64)


def test_the_perfect_player_never_loses(perfect_against_random: Match) -> None:
    counts = perfect_against_random.counts
    assert counts.sum(axis=1).tolist() == [100, 100]
    assert counts[:, 2].tolist() == [0, 0]
    assert perfect_against_random.score > 0.85


@pytest.mark.slow
def test_perfect_players_draw_all_games() -> None:
    player = perfect_player(GAME)
    assert play_match(player, player, GAME, 64, KEY, at_once=64).counts[:, 1].sum() == 64


def test_recorded_games_are_games_with_those_results(perfect_against_random: Match) -> None:
    recorded = perfect_against_random
    for number, (moves, result) in enumerate(zip(recorded.moves, recorded.results, strict=True)):
        referee = Referee("tic_tac_toe")
        played = moves[moves >= 0].tolist()
        for move in played:
            assert move in referee.legal()
            referee.play(move)
        assert referee.over()
        assert np.all(moves[len(played) :] == -1)
        assert result == (referee.score() if number < 100 else -referee.score())
    assert len({tuple(moves) for moves in recorded.moves.tolist()}) > 150


def test_openings_are_played_with_both_colours() -> None:
    """Players that take the first free place, so that their games differ by the openings alone."""
    first_place = policy_player(_prefer_first, GAME)
    played = play_match(first_place, first_place, GAME, 40, KEY, openings=3)
    half = len(played.moves) // 2
    np.testing.assert_array_equal(played.moves[:half], played.moves[half:])
    np.testing.assert_array_equal(played.results[:half], -played.results[half:])
    assert (played.moves >= 0).sum(axis=1).min() > 3
    assert len({tuple(moves) for moves in played.moves.tolist()}) > 10
    assert played.score == 0.5


def _prefer_first(planes: jax.Array) -> jax.Array:
    return jnp.broadcast_to(-jnp.arange(9.0), (len(planes), 9))


def _weighted(weights: jax.Array, planes: jax.Array) -> jax.Array:
    return jnp.broadcast_to(weights, (len(planes), 9))


def test_players_that_differ_in_parameters_share_a_program() -> None:
    before = matches._play_pairs._cache_size()
    for weights in (np.arange(9.0), -np.arange(9.0), np.ones(9)):
        player = policy_player(Partial(_weighted, weights), GAME)
        play_match(player, random_player(GAME), GAME, 16, KEY)
    assert matches._play_pairs._cache_size() == before + 1


@pytest.mark.parametrize(
    "name", [pytest.param("tic_tac_toe", marks=pytest.mark.slow), "connect_four"]
)
def test_one_step_wins_prevents_or_draws(name: str) -> None:
    game = named(name)
    wins, prevents, lost = {
        "tic_tac_toe": (("a3 a2 b3 b2", "c3"), ("a3 b2 a1", "a2"), "a3 b2 c3 c1 a1"),
        "connect_four": (("1212125", "2"), ("414747", "4"), "31415"),
    }[name]
    texts = [wins[0], prevents[0], lost]
    positions = [jax.device_get(read_moves(text, game)) for text in texts]
    together = jax.tree.map(lambda *leaves: np.stack(leaves), *positions)
    choose = jax.jit(one_step_player(game))
    drawn = np.array([choose(jax.random.key(seed), together) for seed in range(20)])
    assert {game.move_names[move] for move in drawn[:, 0]} == {wins[1]}
    assert {game.move_names[move] for move in drawn[:, 1]} == {prevents[1]}
    assert len(set(drawn[:, 2].tolist())) >= 3  # nothing helps against two threats


@pytest.mark.slow
def test_search_is_better_than_looking_one_step_ahead() -> None:
    games = 64
    searcher = rollout_mcts(GAME, 60)
    found = play_match(searcher, one_step_player(GAME), GAME, games, KEY, at_once=games)
    assert found.score > 0.5
    drawn = search_player(by_rollout(GAME), GAME, simulations=8, temperature=1.0)
    moves = jax.jit(drawn)(KEY, jax.device_get(GAME.starts(64)))
    assert len(set(moves.tolist())) > 4


def test_the_interval_is_wilsons() -> None:
    """Newcombe 1998, table I, method 3: 81 of 263 and 15 of 148."""
    np.testing.assert_allclose(wilson(81 / 263, 263), (0.2553, 0.3662), atol=5e-5)
    np.testing.assert_allclose(wilson(15 / 148, 148), (0.0624, 0.1605), atol=5e-5)
    assert wilson(1.0, 20)[1] == 1.0
    assert wilson(0.0, 20)[0] == 0.0


def test_the_table_has_both_colours() -> None:
    counts = np.array([[6, 2, 2], [4, 1, 5]])
    table = Match(counts, np.zeros((20, 9), int), np.zeros(20, int)).table()
    assert table.rows[0] == ("first", 6, 2, 2, 0.7)
    assert table.rows[2] == ("both", 10, 3, 7, 0.575)
    assert "57.5% of 20 games" in table.title


def test_wrong_matches_are_refused() -> None:
    player = random_player(GAME)
    with pytest.raises(InputError, match="7 is not even"):
        play_match(player, player, GAME, 7, KEY)
    with pytest.raises(InputError, match="openings of 9 moves"):
        play_match(player, player, GAME, 8, KEY, openings=9)
    with pytest.raises(InputError, match="knows tic_tac_toe"):
        perfect_player(named("connect_four"))
