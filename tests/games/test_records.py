"""Games that are played again from their moves."""

import jax
import numpy as np

from dl.games.game import named
from dl.games.records import play_again

GAME = named("connect_four")


def test_an_illegal_move_and_the_end_are_seen() -> None:
    """Columns are full after six stones; a game that is over has no legal move."""
    full, won = np.full((2, 42), -1)
    full[:7] = 0
    won[:8] = [0, 1, 0, 1, 0, 1, 0, 1]
    again = jax.tree.map(np.asarray, jax.vmap(lambda m: play_again(GAME, m))(np.stack([full, won])))
    assert again.allowed[0].tolist() == [move != 6 for move in range(42)]
    assert again.allowed[1].tolist() == [move != 7 for move in range(42)]
    assert again.over.tolist() == [False, True]
    assert again.score.tolist() == [0, 1]
    assert not again.legal[1, 7:].any()
    assert again.movers[1, :8].tolist() == [0, 1, 0, 1, 0, 1, 0, 1]
    assert again.planes[1, 7].sum(axis=(0, 1)).tolist() == [3, 4]  # the loser is to move
