"""Go, by pgx, behind the functions of our own games."""

import jax
import numpy as np
import pytest

from dl.games.agents import policy_player, random_player, search_player
from dl.games.game import named
from dl.games.match import play_match
from dl.games.notation import board_text, read_moves, write_moves
from dl.games.rollout import by_rollout

pytestmark = pytest.mark.slow


def test_go_is_played_searched_and_written() -> None:
    pytest.importorskip("pgx")
    go = named("go_9x9")
    assert (go.moves, go.planes, len(go.symmetries)) == (82, (9, 9, 17), 8)
    position = read_moves("e5 c3 pass", go)
    rows = board_text(position, go).splitlines()
    assert rows[4] == "5 . . . . X . . . ."
    assert rows[6] == "3 . . O . . . . . ."
    assert rows[-1] == "  a b c d e f g h j"

    match = play_match(random_player(go), policy_player(None, go, 1.0), go, 8, jax.random.key(0))
    assert match.games == 8
    lengths = (match.moves >= 0).sum(axis=1)
    assert lengths.max() <= go.longest
    assert read_moves(write_moves(match.moves[0][:6], go), go) is not None

    player = search_player(by_rollout(go), go, simulations=4)
    moves = jax.jit(player)(jax.random.key(1), go.starts(2))
    assert np.all((moves >= 0) & (moves < 82))


def test_symmetries_of_go_commute_with_playing() -> None:
    """A few stones, a capture among them; the observation of the turned game is the turned one."""
    pytest.importorskip("pgx")
    go = named("go_9x9")
    numbers = [go.move_names.index(name) for name in ["a9", "b9", "e5", "a8", "j1", "pass", "c2"]]

    @jax.jit
    def observe_after(moves: jax.Array) -> tuple[jax.Array, jax.Array]:
        last = jax.lax.scan(lambda p, move: (go.play(p, move), None), go.start(), moves)[0]
        return go.observe(last), go.legal(last)

    planes, legal = observe_after(np.array(numbers))
    assert planes[..., :2].sum() == 5  # of six stones one was captured
    for symmetry in go.symmetries:
        turned, allowed = observe_after(symmetry.moves[np.array(numbers)])
        np.testing.assert_array_equal(turned, symmetry.planes(planes))
        np.testing.assert_array_equal(allowed[symmetry.moves], legal)


def test_hex_has_no_symmetries_of_the_square() -> None:
    """Each player has two sides to join, so that a turned board is another position."""
    pytest.importorskip("pgx")
    game = named("hex")
    assert (len(game.symmetries), game.move_names[-1]) == (1, "swap")
