"""What a player thinks: of legal moves alone, and with values of its own view."""

import numpy as np
import pytest
from players import SIMULATIONS, TIC_TAC_TOE, player

from dl.games.notation import read_moves


def test_without_a_search_the_likeliest_legal_move_is_played() -> None:
    thought = player(simulations=0).think(read_moves("c1 b1", TIC_TAC_TOE))
    assert TIC_TAC_TOE.move_names[thought.move] == "a1"
    legal = np.array([True] * 7 + [False] * 2)
    expected = np.where(legal, np.exp(np.linspace(0, 2, 9)), 0)
    np.testing.assert_allclose(thought.prior, expected / expected.sum(), rtol=1e-5)
    np.testing.assert_array_equal(thought.shares, thought.prior)
    assert thought.tree is None


def test_a_search_finds_the_winning_move_and_its_value() -> None:
    """X has b2 and c2, and wins with a2, which the net likes least of the legal moves but two."""
    thought = player().think(read_moves("b2 a1 c2 b1", TIC_TAC_TOE))
    assert TIC_TAC_TOE.move_names[thought.move] == "a2"
    assert thought.line == (3,)
    assert (thought.values[3], int(thought.visits.sum())) == (1.0, SIMULATIONS)
    assert thought.visits[4] == thought.visits[5] == 0  # taken
    np.testing.assert_allclose(thought.shares, thought.visits / SIMULATIONS)
    assert thought.value > 0.5


@pytest.mark.slow
def test_a_line_is_a_game_that_can_be_played() -> None:
    thought = player().think(TIC_TAC_TOE.start())
    line = [TIC_TAC_TOE.move_names[move] for move in thought.line]
    assert len(line) > 1
    assert read_moves(" ".join(line), TIC_TAC_TOE) is not None
    assert thought.move == thought.line[0] == int(np.argmax(thought.visits))
